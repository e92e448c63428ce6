use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ari_bindings::{Event, EventRouter, RoutedEvents};
use futures_core::Stream as _;
use serde_json::{Value, json};

use crate::fake;
use crate::server::within;

fn event(kind: &str, members: Value) -> Event {
    let event = Event::from_text(&fake::event(kind, members));
    assert!(!matches!(event, Event::Undecodable(_)), "{event:?}");
    event
}

fn channel(id: &str) -> Value {
    fake::channel(id, "Up")
}

fn bridge(id: &str) -> Value {
    json!({
        "id": id, "technology": "simple_bridge", "bridge_type": "mixing", "bridge_class": "stasis", "creator": "Stasis",
        "name": "", "channels": [], "creationtime": "2026-11-23T11:49:38.950+0000",
    })
}

/// A key pressed on a channel.
fn key(id: &str, digit: &str) -> Event {
    event("ChannelDtmfReceived", json!({ "digit": digit, "duration_ms": 100, "channel": channel(id) }))
}

/// An event about a channel in an application.
fn within_application(kind: &str, id: &str, application: &str) -> Event {
    let text = json!({
        "type": kind, "application": application, "timestamp": "2026-11-23T11:49:38.950+0000", "args": [],
        "channel": channel(id),
    });
    Event::from_text(&text.to_string())
}

fn end(id: &str) -> Event {
    event("StasisEnd", json!({ "channel": channel(id) }))
}

fn hangup_request(id: &str) -> Event {
    event("ChannelHangupRequest", json!({ "channel": channel(id), "cause": 16 }))
}

fn destroyed(id: &str) -> Event {
    event("ChannelDestroyed", json!({ "channel": channel(id), "cause": 16, "cause_txt": "Normal Clearing" }))
}

/// A playback on something.
fn playback(target: &str) -> Event {
    let playback = json!({
        "id": "p", "media_uri": "sound:hello-world", "target_uri": target, "language": "en", "state": "done",
    });
    event("PlaybackFinished", json!({ "playback": playback }))
}

fn recording(target: &str) -> Event {
    let recording = json!({ "name": "r", "format": "wav", "target_uri": target, "state": "done" });
    event("RecordingFinished", json!({ "recording": recording }))
}

async fn kinds(stream: &mut RoutedEvents) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Some(event) = within(stream.next()).await {
        kinds.push(event.kind().to_owned());
    }
    kinds
}

#[tokio::test]
async fn channel_stream_has_events_to_the_end() {
    let router = EventRouter::new();
    let (mut one, mut two) = (router.channel("one").unwrap(), router.channel("two").unwrap());
    for event in [key("one", "1"), key("two", "2"), playback("channel:one"), recording("channel:one"), end("one")] {
        assert_eq!(router.route(event), None);
    }
    assert_eq!(one.id(), "one");
    assert_eq!(kinds(&mut one).await, ["ChannelDtmfReceived", "PlaybackFinished", "RecordingFinished", "StasisEnd"]);
    assert_eq!(router.route(destroyed("two")), None);
    assert_eq!(kinds(&mut two).await, ["ChannelDtmfReceived", "ChannelDestroyed"]);
}

#[tokio::test]
async fn bridge_stream_has_events_to_the_end() {
    let router = EventRouter::new();
    let (mut one, mut channel_one) = (router.bridge("one").unwrap(), router.channel("one").unwrap());
    let entered = event("ChannelEnteredBridge", json!({ "bridge": bridge("one"), "channel": channel("one") }));
    let merged = event("BridgeMerged", json!({ "bridge": bridge("two"), "bridge_from": bridge("one") }));
    let destroyed = event("BridgeDestroyed", json!({ "bridge": bridge("one") }));
    for event in [entered, playback("bridge:one"), recording("bridge:one"), end("one"), merged, destroyed.clone()] {
        assert_eq!(router.route(event), None);
    }
    assert_eq!(router.route(destroyed.clone()), Some(destroyed));
    let expected = ["ChannelEnteredBridge", "PlaybackFinished", "RecordingFinished", "BridgeMerged", "BridgeDestroyed"];
    assert_eq!(kinds(&mut one).await, expected);
    assert_eq!(kinds(&mut channel_one).await, ["ChannelEnteredBridge", "StasisEnd"]);
    assert_eq!(format!("{router:?}"), "EventRouter { channels: [], bridges: [] }");
}

#[tokio::test]
async fn undecodable_events_have_their_channel() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    for kind in ["NotInventedYet", "StasisEnd"] {
        let text = json!({ "type": kind, "channel": { "id": "one" } }).to_string();
        assert_eq!(router.route(Event::from_text(&text)), None);
    }
    assert_eq!(kinds(&mut stream).await, ["NotInventedYet", "StasisEnd"]);
}

#[tokio::test]
async fn undecodable_events_have_their_bridge() {
    let router = EventRouter::new();
    let (mut one, mut two) = (router.bridge("one").unwrap(), router.bridge("two").unwrap());
    let bridge = |id: &str| json!({ "id": id });
    for (kind, members) in [
        ("NotInventedYet", json!({ "bridge": bridge("one") })),
        ("BridgeMerged", json!({ "bridge": bridge("one"), "bridge_from": bridge("two") })),
        ("PlaybackFinished", json!({ "playback": { "target_uri": "bridge:one" } })),
        ("BridgeDestroyed", json!({ "bridge": bridge("one") })),
    ] {
        assert_eq!(router.route(Event::from_text(&fake::event(kind, members))), None, "{kind}");
    }
    assert_eq!(kinds(&mut one).await, ["NotInventedYet", "BridgeMerged", "PlaybackFinished", "BridgeDestroyed"]);
    router.close();
    assert_eq!(kinds(&mut two).await, ["BridgeMerged"]);
}

#[tokio::test]
async fn undecodable_events_have_every_channel() {
    let router = EventRouter::new();
    let (mut one, mut two) = (router.channel("one").unwrap(), router.channel("two").unwrap());
    for (kind, members) in [
        ("PlaybackFinished", json!({ "playback": { "target_uri": "channel:one" } })),
        ("StasisStart", json!({ "channel": { "id": "two" }, "replace_channel": { "id": "one" } })),
        ("Dial", json!({ "peer": { "id": "two" } })),
    ] {
        assert_eq!(router.route(Event::from_text(&fake::event(kind, members))), None, "{kind}");
    }
    router.close();
    assert_eq!(kinds(&mut one).await, ["PlaybackFinished", "StasisStart"]);
    assert_eq!(kinds(&mut two).await, ["StasisStart", "Dial"]);
}

#[tokio::test]
async fn route_returns_what_concerns_no_stream() {
    let router = EventRouter::new();
    let _stream = router.channel("one").unwrap();
    for event in [key("unknown", "1"), playback("channel:unknown"), playback("bridge:one"), recording("bridge:one")] {
        assert_eq!(router.route(event.clone()), Some(event));
    }
}

#[tokio::test]
async fn channel_opens_once_until_dropped() {
    let router = EventRouter::new();
    let mut first = router.channel("one").unwrap();
    assert!(router.channel("one").is_none());
    assert_eq!(router.route(end("one")), None);
    // The end has closed the stream, so another can be opened, which is independent of the first.
    let second = router.channel("one").unwrap();
    assert_eq!(kinds(&mut first).await, ["StasisEnd"]);
    drop(first);
    assert_eq!(router.route(key("one", "1")), None);
    assert_eq!(format!("{router:?}"), r#"EventRouter { channels: ["one"], bridges: [] }"#);
    drop(second);
    assert_eq!(format!("{router:?}"), "EventRouter { channels: [], bridges: [] }");
    assert_eq!(router.route(key("one", "1")), Some(key("one", "1")));

    let mut last = router.clone().channel("one").unwrap();
    drop(router);
    assert_eq!(poll_fn(|cx| Pin::new(&mut last).poll_next(cx)).await, None);
}

#[tokio::test]
async fn called_channel_has_its_dial_events() {
    let router = EventRouter::new();
    let mut called = router.channel("called").unwrap();
    let dial = json!({ "caller": channel("caller"), "peer": channel("called"), "dialstatus": "BUSY" });
    assert_eq!(router.route(event("Dial", dial)), None);
    router.close();
    assert_eq!(kinds(&mut called).await, ["Dial"]);
}

#[tokio::test]
async fn stream_survives_move_whose_start_precedes_the_end() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    let events = [
        within_application("StasisStart", "one", "a"),
        within_application("StasisStart", "one", "b"),
        within_application("StasisEnd", "one", "a"),
        key("one", "1"),
        within_application("StasisEnd", "one", "b"),
    ];
    let expected: Vec<_> = events.iter().map(|event| event.kind().to_owned()).collect();
    for event in events {
        assert_eq!(router.route(event), None);
    }
    assert_eq!(kinds(&mut stream).await, expected);
}

#[tokio::test]
async fn hangup_waits_for_the_cause() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    for event in [hangup_request("one"), end("one"), destroyed("one")] {
        assert_eq!(router.route(event), None);
    }
    assert_eq!(kinds(&mut stream).await, ["ChannelHangupRequest", "StasisEnd", "ChannelDestroyed"]);
}

#[tokio::test]
async fn hangup_without_a_cause_ends_all_the_same() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    let started = Instant::now();
    let (received, ()) = tokio::join!(kinds(&mut stream), async {
        for event in [hangup_request("one"), end("one")] {
            assert_eq!(router.route(event), None);
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(received, ["ChannelHangupRequest", "StasisEnd"]);
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
    // The stream is closed, but not dropped. Another one takes the event.
    let mut other = router.channel("other").unwrap();
    let members = json!({ "args": [], "channel": channel("other"), "replace_channel": channel("one") });
    assert_eq!(router.route(event("StasisStart", members)), None);
    assert_eq!(within(other.next()).await.unwrap().kind(), "StasisStart");
    assert_eq!(router.route(destroyed("one")), Some(destroyed("one")));

    // While one stream still has events, a channel that starts again gets another stream.
    let mut first = router.channel("two").unwrap();
    for event in [hangup_request("two"), end("two")] {
        assert_eq!(router.route(event), None);
    }
    let start = within_application("StasisStart", "two", "x");
    assert_eq!(router.route(start.clone()), Some(start));
    let _second = router.channel("two").unwrap();
    assert_eq!(kinds(&mut first).await, ["ChannelHangupRequest", "StasisEnd"]);
}

#[tokio::test]
async fn replaced_channel_sees_its_successor() {
    let router = EventRouter::new();
    let (mut phone, mut third) = (router.channel("phone").unwrap(), router.channel("third").unwrap());
    let start = |id: &str| {
        let members = json!({ "args": [], "channel": channel(id), "replace_channel": channel("phone") });
        event("StasisStart", members)
    };
    // It does not count as a start of the channel that it replaces.
    for event in [within_application("StasisStart", "phone", "a"), start("local"), start("third")] {
        assert_eq!(router.route(event), None);
    }
    assert_eq!(router.route(within_application("StasisEnd", "phone", "a")), None);
    router.close();
    assert_eq!(kinds(&mut phone).await, ["StasisStart", "StasisStart", "StasisStart", "StasisEnd"]);
    assert_eq!(kinds(&mut third).await, ["StasisStart"]);
}

#[tokio::test]
async fn routed_stream_counts_dropped_events_in_place() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    for _ in 0..1002 {
        assert_eq!(router.route(key("one", "1")), None);
    }
    let first = within(stream.next()).await.unwrap();
    assert_eq!(first.kind(), "ChannelDtmfReceived");
    assert!(within(stream.next()).await.is_some());
    assert_eq!(router.route(key("one", "2")), None);
    assert_eq!(router.route(end("one")), None);
    let mut last = Vec::new();
    while let Some(event) = within(stream.next()).await {
        last.push(event);
    }
    assert_eq!(last.len(), 998 + 3);
    let [Event::Dropped(dropped), Event::ChannelDtmfReceived(key), Event::Dropped(end)] = &last[998..] else {
        panic!("{:?}", &last[997..])
    };
    assert_eq!((dropped.events, &*key.digit, end.events), (2, "2", 1));
    assert_eq!(dropped.bytes, 2 * serde_json::to_string(&first).unwrap().len() as u64);
}

#[tokio::test]
async fn attended_transfer_goes_once_to_each_channel_and_bridge() {
    let transfer = |channels: [&str; 2], bridges: [&str; 2]| {
        let members = json!({
            "transferer_first_leg": channel(channels[0]), "transferer_second_leg": channel(channels[1]),
            "transferer_first_leg_bridge": bridge(bridges[0]), "transferer_second_leg_bridge": bridge(bridges[1]),
            "result": "Success", "is_external": false, "destination_type": "bridge",
        });
        event("BridgeAttendedTransfer", members)
    };
    let router = EventRouter::new();
    let mut streams: Vec<_> = ["one", "two"].iter().filter_map(|id| router.channel(id)).collect();
    streams.extend(["b-one", "b-two"].iter().filter_map(|id| router.bridge(id)));
    assert_eq!(router.route(transfer(["one", "two"], ["b-one", "b-two"])), None);
    assert_eq!(router.route(transfer(["one", "one"], ["b-one", "b-one"])), None);
    router.close();
    for (stream, count) in streams.iter_mut().zip([2, 1, 2, 1]) {
        assert_eq!(kinds(stream).await.len(), count, "{stream:?}");
    }
}

#[tokio::test]
async fn routed_events_are_a_stream() {
    let router = EventRouter::new();
    let mut stream = router.channel("one").unwrap();
    assert_eq!(router.route(key("one", "1")), None);
    assert_eq!(within(futures_util::StreamExt::next(&mut stream)).await, Some(key("one", "1")));
}

#[tokio::test]
async fn every_event_of_a_playback_or_recording_has_its_target() {
    let router = EventRouter::new();
    let _streams = (router.channel("one").unwrap(), router.bridge("one").unwrap());
    for target in ["channel:one", "bridge:one"] {
        let playback = json!({
            "id": "p", "media_uri": "sound:x", "target_uri": target, "language": "en", "state": "playing",
        });
        for kind in ["PlaybackStarted", "PlaybackContinuing", "PlaybackFinished"] {
            assert_eq!(router.route(event(kind, json!({ "playback": playback }))), None);
        }
        let recording = json!({ "name": "r", "format": "wav", "target_uri": target, "state": "recording" });
        for kind in ["RecordingStarted", "RecordingFinished", "RecordingFailed"] {
            assert_eq!(router.route(event(kind, json!({ "recording": recording }))), None);
        }
    }
}

#[tokio::test]
async fn count_of_dropped_events_goes_to_every_stream() {
    let router = EventRouter::new();
    let (mut channel, mut bridge) = (router.channel("one").unwrap(), router.bridge("b").unwrap());
    let dropped = Event::Dropped(Box::default());
    assert_eq!(router.route(dropped.clone()), Some(dropped.clone()));
    for stream in [&mut channel, &mut bridge] {
        assert_eq!(within(stream.next()).await, Some(dropped.clone()));
    }
}
