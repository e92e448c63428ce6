use ari_bindings::Client;
use serde_json::{Value, json};

use super::*;

struct Bench {
    routing: Routing,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { routing: Routing::new(Prefixes::new(&client(), "app")), now: Instant::now() }
    }

    fn event(&mut self, event: &Value) -> Route {
        let text = event.to_string();
        self.routing.route(&Facts::read(&text).unwrap(), self.now)
    }

    fn start(&mut self, channel: &str, args: &[&str]) -> Route {
        self.event(&json!({ "type": "StasisStart", "channel": { "id": channel }, "args": args }))
    }

    /// A call that has come and has its lane.
    fn call(&mut self, channel: &str, lane: u16) -> Route {
        let Route::New(call) = self.start(channel, &[]) else { panic!("{channel} is no new call") };
        self.routing.assign(&call, lane);
        Route::Lane(lane, Some(call))
    }

    fn of_channel(&mut self, kind: &str, channel: &str) -> Route {
        self.event(&json!({ "type": kind, "channel": { "id": channel } }))
    }

    fn later(&mut self) {
        self.now += 2 * AFTERLIFE;
        self.routing.sweep(self.now);
    }
}

fn client() -> Client {
    Client::builder("http://127.0.0.1:9/ari").build().unwrap()
}

/// An id that the worker of a lane makes.
fn own(lane: u16, rest: &str) -> String {
    format!("{}{rest}", ari_app::App::new(client(), "app").instance(lane).id_prefix())
}

fn lane(lane: u16, call: &str) -> Route {
    Route::Lane(lane, Some(call.into()))
}

#[test]
fn new_call_waits_until_it_has_a_lane() {
    let mut bench = Bench::new();
    assert_eq!(bench.start("1.1", &[]), Route::New("1.1".into()));
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "1.1"), Route::Waiting("1.1".into()));
    bench.routing.assign(&"1.1".into(), 7);
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "1.1"), lane(7, "1.1"));
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "1.2"), Route::Nobody);
    assert_eq!(bench.routing.lanes(), BTreeSet::from([7]));
}

#[test]
fn leg_belongs_to_the_call_that_dials_it() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    let leg = own(3, "l-1");
    bench.routing.create(3, Name::Channel(&leg), Some(Name::Channel("1.1")));
    assert_eq!(bench.event(&json!({ "type": "Dial", "peer": { "id": leg }, "dialstatus": "" })), call);
    assert_eq!(bench.start(&leg, &[&leg]), call);
    assert_eq!(bench.routing.calls(), 1);
    // The leg goes on after its caller has hung up.
    assert_eq!(bench.of_channel("ChannelDestroyed", "1.1"), call);
    assert_eq!(bench.routing.calls(), 1);
    assert_eq!(bench.of_channel("ChannelDestroyed", &leg), call);
    assert_eq!(bench.routing.calls(), 0);
}

#[test]
fn channel_that_comes_with_a_token_joins_its_call() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    let token = own(3, "l-1");
    bench.routing.create(3, Name::Channel(&token), Some(Name::Channel("1.1")));
    assert_eq!(bench.start("1.9", &[&token]), call, "a pickup");
    // No event or command has shown the token.
    assert_eq!(bench.start("1.10", &[&own(4, "l-2")]), lane(4, &own(4, "l-2")));
}

#[test]
fn id_of_a_lane_is_recognised_without_its_command() {
    let mut bench = Bench::new();
    let channel = own(5, "c-1");
    assert_eq!(bench.of_channel("ChannelCreated", &channel), lane(5, &channel));
    assert_eq!(bench.start(&format!("{channel};2"), &[]), lane(5, &channel));
    assert_eq!(bench.routing.lane_of(&own(6, "b-1")), Some(6));
    let bridge = own(6, "b-1");
    assert_eq!(bench.event(&json!({ "type": "BridgeCreated", "bridge": { "id": bridge } })), Route::Lane(6, None));
}

#[test]
fn channel_that_replaces_another_joins_its_call() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    let replaces = |by: &str, replaced: &str| json!({ "type": "StasisStart", "channel": { "id": by }, "replace_channel": { "id": replaced }, "args": [] });
    assert_eq!(bench.event(&replaces("1.5", "1.1")), call);
    bench.of_channel("StasisEnd", "1.1");
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "1.5"), call);
    assert_eq!(bench.routing.calls(), 1);
    assert_eq!(bench.event(&replaces("1.7", "1.6")), Route::Nobody, "it has replaced a channel of no call");
}

#[test]
fn media_belongs_to_the_call_of_its_target() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    let playback = json!({ "id": "p", "target_uri": "channel:1.1" });
    assert_eq!(bench.event(&json!({ "type": "PlaybackStarted", "playback": playback })), call);
    assert_eq!(bench.event(&json!({ "type": "PlaybackFinished", "playback": { "id": "p" } })), call);
    bench.routing.create(3, Name::Recording("r"), Some(Name::Channel("1.1")));
    assert_eq!(bench.event(&json!({ "type": "RecordingFinished", "recording": { "name": "r" } })), call);
}

#[test]
fn bridge_belongs_to_the_call_of_its_first_channel() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    let bridge = own(3, "b-1");
    bench.routing.create(3, Name::Bridge(&bridge), None);
    bench.routing.join(&bridge, "1.1");
    assert_eq!(bench.event(&json!({ "type": "BridgeDestroyed", "bridge": { "id": bridge } })), call);
    // Asterisk has put a channel there that nobody knows: a transfer.
    let entered = json!({ "type": "ChannelEnteredBridge", "bridge": { "id": bridge }, "channel": { "id": "9.9" } });
    assert_eq!(bench.event(&entered), call);
    assert_eq!(bench.of_channel("ChannelHangupRequest", "9.9"), call);
    bench.of_channel("StasisEnd", "1.1");
    assert_eq!(bench.routing.calls(), 0, "a channel whose end is not reported keeps no call");
}

#[test]
fn channel_that_comes_again_is_a_new_call() {
    let mut bench = Bench::new();
    let call = bench.call("1.1", 3);
    assert_eq!(bench.start("1.1", &[]), call, "it has not left");
    assert_eq!(bench.of_channel("StasisEnd", "1.1"), call);
    assert_eq!(bench.of_channel("ChannelDestroyed", "1.1"), call, "what comes late still belongs to it");
    assert_eq!(bench.start("1.1", &[]), Route::New("1.1".into()));
    assert_eq!(bench.routing.calls(), 1);
}

#[test]
fn what_has_ended_is_forgotten() {
    let mut bench = Bench::new();
    bench.call("1.1", 3);
    bench.call("2.1", 4);
    bench.routing.create(3, Name::Playback("p"), Some(Name::Channel("1.1")));
    bench.of_channel("ChannelDestroyed", "1.1");
    bench.later();
    assert_eq!(bench.of_channel("ChannelVarset", "1.1"), Route::Nobody);
    assert!(bench.routing.playbacks.is_empty(), "its end was not reported");
    assert_eq!(bench.of_channel("ChannelVarset", "2.1"), lane(4, "2.1"));
}

#[test]
fn listing_restores_what_belongs_where() {
    let mut bench = Bench::new();
    let (leg, bridge) = (own(3, "l-1"), own(3, "b-1"));
    assert_eq!(bench.routing.found("1.1", Some(3)), None);
    assert_eq!(bench.routing.found(&leg, None), None);
    assert_eq!(bench.routing.found("2.1", None), Some("2.1".into()), "it has no lane yet");
    bench.routing.found_bridge(&bridge, ["1.1", &*leg].into_iter());
    bench.routing.found_bridge("foreign", ["x"].into_iter());
    assert_eq!(bench.event(&json!({ "type": "BridgeDestroyed", "bridge": { "id": bridge } })), lane(3, "1.1"));
    assert_eq!(bench.routing.lane_of("foreign"), None);
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "2.1"), Route::Waiting("2.1".into()));
    assert_eq!(bench.routing.known().len(), 3);
    for gone in ["1.1", &leg] {
        bench.routing.gone(Name::Channel(gone), bench.now);
    }
    assert_eq!(bench.routing.calls(), 1);
    assert_eq!(bench.routing.found("1.1", Some(3)), None);
    assert_eq!(bench.of_channel("ChannelDtmfReceived", "1.1"), lane(3, "1.1"));
}

#[test]
fn call_that_gets_no_lane_is_forgotten() {
    let mut bench = Bench::new();
    bench.start("1.1", &[]);
    bench.routing.forget("1.1");
    assert_eq!(bench.of_channel("StasisEnd", "1.1"), Route::Nobody);
    assert_eq!(bench.start("1.1", &[]), Route::New("1.1".into()));
}
