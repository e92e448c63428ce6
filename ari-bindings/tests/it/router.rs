use std::future::poll_fn;
use std::pin::Pin;

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

/// A key pressed on a channel.
fn key(id: &str, digit: &str) -> Event {
    event("ChannelDtmfReceived", json!({ "digit": digit, "duration_ms": 100, "channel": channel(id) }))
}

fn end(id: &str) -> Event {
    event("StasisEnd", json!({ "channel": channel(id) }))
}

/// A playback on something.
fn playback(target: &str) -> Event {
    let playback = json!({
        "id": "p", "media_uri": "sound:hello-world", "target_uri": target, "language": "en", "state": "done",
    });
    event("PlaybackFinished", json!({ "playback": playback }))
}

async fn kinds(inbox: &mut RoutedEvents) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Some(event) = within(inbox.next()).await {
        kinds.push(event.kind().to_owned());
    }
    kinds
}

#[tokio::test]
async fn each_channel_has_its_own_events_to_its_end() {
    let router = EventRouter::new();
    let (mut one, mut two) = (router.open("one").unwrap(), router.open("two").unwrap());
    for event in [key("one", "1"), key("two", "2"), playback("channel:one"), end("one")] {
        assert_eq!(router.deliver(event), None);
    }
    assert_eq!(one.channel_id(), "one");
    assert_eq!(kinds(&mut one).await, ["ChannelDtmfReceived", "PlaybackFinished", "StasisEnd"]);
    let destroyed = json!({ "channel": channel("two"), "cause": 16, "cause_txt": "Normal Clearing" });
    assert_eq!(router.deliver(event("ChannelDestroyed", destroyed)), None);
    assert_eq!(kinds(&mut two).await, ["ChannelDtmfReceived", "ChannelDestroyed"]);
}

#[tokio::test]
async fn what_cannot_be_read_in_full_has_its_channel_all_the_same() {
    let router = EventRouter::new();
    let mut inbox = router.open("one").unwrap();
    for kind in ["NotInventedYet", "StasisEnd"] {
        let text = json!({ "type": kind, "channel": { "id": "one" } }).to_string();
        assert_eq!(router.deliver(Event::from_text(&text)), None);
    }
    assert_eq!(kinds(&mut inbox).await, ["NotInventedYet", "StasisEnd"]);
}

#[tokio::test]
async fn what_is_for_no_inbox_comes_back() {
    let router = EventRouter::new();
    let _inbox = router.open("one").unwrap();
    for event in [key("unknown", "1"), playback("channel:unknown"), playback("bridge:one")] {
        assert_eq!(router.deliver(event.clone()), Some(event));
    }
}

#[tokio::test]
async fn an_inbox_is_open_once_and_until_it_is_dropped() {
    let router = EventRouter::new();
    let mut first = router.open("one").unwrap();
    assert!(router.open("one").is_none());
    assert_eq!(router.deliver(end("one")), None);
    // The end has closed it; so what comes now is another's.
    let second = router.open("one").unwrap();
    assert_eq!(kinds(&mut first).await, ["StasisEnd"]);
    drop(first);
    assert_eq!(router.deliver(key("one", "1")), None);
    assert_eq!(format!("{router:?}"), r#"EventRouter { open: ["one"] }"#);
    drop(second);
    assert_eq!(format!("{router:?}"), "EventRouter { open: [] }");
    assert_eq!(router.deliver(key("one", "1")), Some(key("one", "1")));

    let mut last = router.clone().open("one").unwrap();
    drop(router);
    assert_eq!(poll_fn(|cx| Pin::new(&mut last).poll_next(cx)).await, None);
}

#[tokio::test]
async fn the_channel_that_is_called_has_what_comes_of_it() {
    let router = EventRouter::new();
    let mut called = router.open("called").unwrap();
    let dial = json!({ "caller": channel("caller"), "peer": channel("called"), "dialstatus": "BUSY" });
    assert_eq!(router.deliver(event("Dial", dial)), None);
    router.close();
    assert_eq!(kinds(&mut called).await, ["Dial"]);
}

#[tokio::test]
async fn what_nobody_reads_is_counted_where_it_is_missing() {
    let router = EventRouter::new();
    let mut inbox = router.open("one").unwrap();
    for _ in 0..1002 {
        assert_eq!(router.deliver(key("one", "1")), None);
    }
    let first = within(inbox.next()).await.unwrap();
    assert_eq!(first.kind(), "ChannelDtmfReceived");
    assert!(within(inbox.next()).await.is_some());
    assert_eq!(router.deliver(key("one", "2")), None);
    assert_eq!(router.deliver(end("one")), None);
    let mut last = Vec::new();
    while let Some(event) = within(inbox.next()).await {
        last.push(event);
    }
    assert_eq!(last.len(), 998 + 3);
    let [Event::Dropped(dropped), Event::ChannelDtmfReceived(key), Event::Dropped(end)] = &last[998..] else {
        panic!("{:?}", &last[997..])
    };
    assert_eq!((dropped.events, &*key.digit, end.events), (2, "2", 1));
    assert_eq!(dropped.bytes, 2 * serde_json::to_string(&first).unwrap().len() as u64);
}
