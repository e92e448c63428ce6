use std::time::Duration;

use ari_bindings::{Event, EventRouter, Events, EventsBuilder, Reconnect, Resync};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::fake::{Fake, Peer, application, channel, event, numbered, send};
use crate::server::{pass, within};

fn bridge(id: &str, channels: &[&str]) -> Value {
    json!({
        "id": id, "name": "", "technology": "simple_bridge", "bridge_type": "mixing", "bridge_class": "stasis",
        "creator": "Stasis", "channels": channels, "creationtime": "2026-11-23T11:49:38.950+0000",
        "video_mode": "none",
    })
}

async fn connected(fake: &mut Fake, configure: impl FnOnce(EventsBuilder) -> EventsBuilder) -> (Events, Peer) {
    let soon = Reconnect::new().delays(Duration::from_millis(1), Duration::from_millis(10));
    let events = within(configure(fake.client().events(["x"]).reconnect(soon))).await.unwrap();
    let peer = fake.connection().await;
    (events, peer)
}

/// Sends events and takes them.
async fn show(events: &mut Events, peer: &mut Peer, shown: impl IntoIterator<Item = (&str, Value)>) {
    for (kind, members) in shown {
        send(peer, event(kind, members)).await;
        let event = within(events.next()).await.unwrap().unwrap();
        assert!(event.kind() == kind && !matches!(event, Event::Undecodable(_)), "{event:?}");
    }
}

fn start(id: &str, state: &str) -> (&'static str, Value) {
    ("StasisStart", json!({ "args": [], "channel": channel(id, state) }))
}

fn playback(id: &str, state: &str) -> Value {
    json!({ "id": id, "media_uri": "sound:x", "target_uri": "channel:c", "language": "en", "state": state })
}

fn recording(name: &str, state: &str) -> Value {
    json!({ "name": name, "format": "wav", "target_uri": "channel:c", "state": state })
}

/// The state of the server after the gap.
fn after(fake: &Fake) {
    fake.answer("GET /applications/x", 200, application(&["same", "up", "new"], &["b-same", "b-joined", "b-new"], &[]));
    let left = channel("left", "Up");
    let foreign = channel("foreign", "Up");
    let channels = [channel("same", "Up"), channel("up", "Up"), channel("new", "Ring"), left, foreign];
    fake.answer("GET /channels", 200, channels.into());
    let bridges =
        [bridge("b-same", &["2", "1"]), bridge("b-joined", &["1"]), bridge("b-new", &[]), bridge("b-far", &[])];
    fake.answer("GET /bridges", 200, bridges.into());
    fake.answer("GET /playbacks/p-same", 200, playback("p-same", "playing"));
    fake.answer("GET /playbacks/p-paused", 200, playback("p-paused", "paused"));
    fake.answer("GET /recordings/live/r-same", 200, recording("r-same", "recording"));
}

/// The events before the gap.
fn before() -> Vec<(&'static str, Value)> {
    let mut shown = vec![start("same", "Up"), start("up", "Ring"), start("gone", "Up"), start("left", "Up")];
    shown.extend([
        start("ended", "Up"),
        ("StasisEnd", json!({ "channel": channel("ended", "Up") })),
        ("BridgeCreated", json!({ "bridge": bridge("b-same", &["1", "2"]) })),
        ("BridgeCreated", json!({ "bridge": bridge("b-joined", &[]) })),
        ("BridgeCreated", json!({ "bridge": bridge("b-gone", &[]) })),
        ("PlaybackStarted", json!({ "playback": playback("p-same", "playing") })),
        ("PlaybackStarted", json!({ "playback": playback("p-paused", "playing") })),
        ("PlaybackStarted", json!({ "playback": playback("p-gone", "playing") })),
        ("RecordingStarted", json!({ "recording": recording("r-same", "recording") })),
        ("RecordingStarted", json!({ "recording": recording("r-gone", "recording") })),
    ]);
    shown
}

fn assert_complete(resync: &Resync) {
    assert_eq!(resync.failure, None);
    assert_eq!(resync.channels.vanished, ["gone", "left"]);
    let appeared: Vec<_> = resync.channels.appeared.iter().map(|it| it.id.as_str()).collect();
    let changed: Vec<_> = resync.channels.changed.iter().map(|it| (it.id.as_str(), it.state.as_str())).collect();
    assert_eq!((appeared, changed), (vec!["new"], vec![("up", "Up")]));
    assert_eq!(resync.bridges.vanished, ["b-gone"]);
    let appeared: Vec<_> = resync.bridges.appeared.iter().map(|it| it.id.as_str()).collect();
    let changed: Vec<_> = resync.bridges.changed.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((appeared, changed), (vec!["b-new"], vec!["b-joined"]));
    assert_eq!(resync.playbacks.vanished, ["p-gone"]);
    let changed: Vec<_> = resync.playbacks.changed.iter().map(|it| (it.id.as_str(), it.state.as_str())).collect();
    assert_eq!(changed, [("p-paused", "paused")]);
    assert_eq!(resync.recordings.vanished, ["r-gone"]);
    assert!(resync.recordings.changed.is_empty() && resync.recordings.appeared.is_empty());
}

#[tokio::test]
async fn resync_follows_a_gap_automatically() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect.resync(true)).await;
    show(&mut events, &mut peer, before()).await;
    after(&fake);
    drop(peer);
    let mut peer = fake.connection().await;
    send(&mut peer, numbered(1)).await;
    for kind in ["Disconnected", "Reconnected"] {
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), kind);
    }
    // A cancelled wait does not lose the report.
    for _ in 0..3 {
        assert!(events.next().now_or_never().is_none());
    }
    let Event::Resynced(resync) = within(events.next()).await.unwrap().unwrap() else { panic!("no report") };
    assert_complete(&resync);
    assert_eq!(events.raw(), None);
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "Test");
    // Reported changes are not reported again.
    assert!(within(events.resync()).await.unwrap().is_empty());
}

#[tokio::test]
async fn resync_ends_routed_streams_of_gone_channels() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect.resync(true)).await;
    show(&mut events, &mut peer, before()).await;
    after(&fake);
    let router = EventRouter::new();
    let (mut same, mut gone) = (router.channel("same").unwrap(), router.channel("gone").unwrap());
    // Opened for a call, and for a bridge, that begin and end within the gap.
    let (mut unseen, mut bridge) = (router.channel("unseen").unwrap(), router.bridge("unseen").unwrap());
    let mut later = None;
    drop(peer);
    let mut peer = fake.connection().await;
    send(&mut peer, event("StasisEnd", json!({ "channel": channel("same", "Up") }))).await;
    for kind in ["Disconnected", "Reconnected", "Resynced"] {
        let event = within(events.next()).await.unwrap().unwrap();
        assert_eq!(router.route(event.clone()), Some(event));
        for stream in [&mut same, &mut gone, &mut unseen, &mut bridge] {
            assert_eq!(within(stream.next()).await.unwrap().kind(), kind);
        }
        later = later.or_else(|| router.channel("later"));
    }
    for stream in [&mut gone, &mut unseen, &mut bridge] {
        assert_eq!(within(stream.next()).await, None);
    }
    // A stream opened since the gap may be for a future call.
    assert!(router.channel("later").is_none());
    assert_eq!(router.route(within(events.next()).await.unwrap().unwrap()), None);
    assert_eq!(within(same.next()).await.unwrap().kind(), "StasisEnd");
}

#[tokio::test]
async fn resync_reports_changes_on_request() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    show(&mut events, &mut peer, before()).await;
    after(&fake);
    assert_complete(&within(events.resync()).await.unwrap());
    assert!(within(events.resync()).await.unwrap().is_empty());
    // Later events update the state.
    show(&mut events, &mut peer, [("StasisEnd", json!({ "channel": channel("new", "Up") }))]).await;
    let resync = within(events.resync()).await.unwrap();
    let appeared: Vec<_> = resync.channels.appeared.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(appeared, ["new"]);
}

#[tokio::test]
async fn failed_resync_reports_the_failure() {
    let mut fake = Fake::start().await;
    let (mut events, peer) = connected(&mut fake, |connect| connect.resync(true)).await;
    fake.answer("GET /channels", 500, json!({ "message": "broken" }));
    drop(peer);
    let _peer = fake.connection().await;
    for kind in ["Disconnected", "Reconnected"] {
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), kind);
    }
    let Event::Resynced(resync) = within(events.next()).await.unwrap().unwrap() else { panic!("no report") };
    assert!(resync.failure.as_ref().unwrap().contains("broken"), "{resync}");
    assert!(within(events.resync()).await.is_err());
}

#[tokio::test]
async fn subscribe_all_resyncs_the_whole_server() {
    let mut fake = Fake::start().await;
    let (mut events, _peer) = connected(&mut fake, |connect| connect.subscribe_all(true)).await;
    after(&fake);
    let all = application(&["__AST_CHANNEL_ALL_TOPIC"], &["__AST_BRIDGE_ALL_TOPIC"], &[]);
    fake.answer("GET /applications/x", 200, all);
    let resync = within(events.resync()).await.unwrap();
    assert_eq!((resync.channels.appeared.len(), resync.bridges.appeared.len()), (5, 4));
}

#[tokio::test]
async fn snapshot_forgets_what_the_last_gap_did_not_show() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    show(&mut events, &mut peer, [start("old", "Up")]).await;
    fake.answer("GET /channels", 200, json!([]));
    fake.answer("GET /bridges", 200, json!([]));
    for _ in 0..2 {
        drop(peer);
        peer = fake.connection().await;
        for kind in ["Disconnected", "Reconnected"] {
            assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), kind);
        }
    }
    assert!(within(events.resync()).await.unwrap().is_empty(), "a leaked channel");
}

#[tokio::test]
async fn playbacks_are_asked_for_a_few_at_a_time() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect.resync(true)).await;
    let ids: Vec<String> = (0..1000).map(|number| format!("p-{number}")).collect();
    let started = ids.iter().map(|id| ("PlaybackStarted", json!({ "playback": playback(id, "playing") })));
    show(&mut events, &mut peer, started).await;
    after(&fake);
    fake.never_answer("GET /playbacks/");
    drop(peer);
    let _peer = fake.connection().await;
    for kind in ["Disconnected", "Reconnected"] {
        assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), kind);
    }
    let asked = |fake: &Fake| fake.asked().iter().filter(|asked| asked.starts_with("GET /playbacks/")).count();
    within(async {
        while asked(&fake) < 16 {
            assert!(events.next().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    })
    .await;
    pass(Duration::from_millis(50)).await;
    assert!(events.next().now_or_never().is_none());
    assert_eq!(asked(&fake), 16);
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert!(tasks < 200, "{tasks} tasks");
}

#[tokio::test]
async fn what_ended_before_a_gap_has_not_vanished_in_it() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    let shown = [
        start("c", "Up"),
        ("BridgeCreated", json!({ "bridge": bridge("b", &[]) })),
        ("PlaybackStarted", json!({ "playback": playback("p", "playing") })),
        ("RecordingStarted", json!({ "recording": recording("r", "recording") })),
        ("RecordingFinished", json!({ "recording": recording("r", "done") })),
        ("RecordingStarted", json!({ "recording": recording("r", "recording") })),
        ("RecordingFailed", json!({ "recording": recording("r", "failed") })),
        ("PlaybackFinished", json!({ "playback": playback("p", "done") })),
        ("BridgeDestroyed", json!({ "bridge": bridge("b", &[]) })),
        ("StasisEnd", json!({ "channel": channel("c", "Up") })),
        ("ChannelVarset", json!({ "channel": channel("c", "Up"), "variable": "A", "value": "b" })),
        start("d", "Up"),
        ("ChannelDestroyed", json!({ "channel": channel("d", "Up"), "cause": 16, "cause_txt": "Normal Clearing" })),
        ("ChannelUserevent", json!({ "channel": channel("d", "Up"), "eventname": "x", "userevent": {} })),
    ];
    show(&mut events, &mut peer, shown).await;
    fake.answer("GET /channels", 200, json!([]));
    fake.answer("GET /bridges", 200, json!([]));
    let resync = within(events.resync()).await.unwrap();
    assert!(resync.is_empty(), "{resync}");
}

#[tokio::test]
async fn what_cannot_be_asked_for_has_not_vanished() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    show(&mut events, &mut peer, [("PlaybackStarted", json!({ "playback": playback("p", "playing") }))]).await;
    fake.answer("GET /channels", 200, json!([]));
    fake.answer("GET /bridges", 200, json!([]));
    fake.answer("GET /playbacks/p", 500, json!({ "message": "no" }));
    assert_eq!(within(events.resync()).await.unwrap_err().status(), Some(500));
    fake.answer("GET /playbacks/p", 404, json!({ "message": "no" }));
    assert_eq!(within(events.resync()).await.unwrap().playbacks.vanished, ["p"]);
}
