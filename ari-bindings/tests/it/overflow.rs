//! Programs that take events more slowly than they come.

use std::time::Duration;

use ari_bindings::{DisconnectReason, Error, Event, Events, EventsBuilder, OverflowPolicy, Reconnect};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{Fake, Peer, numbered, send};
use crate::server::within;

async fn connected(fake: &mut Fake, configure: impl FnOnce(EventsBuilder) -> EventsBuilder) -> (Events, Peer) {
    let events = within(configure(fake.client().events(["x"]).reconnect(Reconnect::never()))).await.unwrap();
    let peer = fake.connection().await;
    (events, peer)
}

/// Sends this many events and waits until the client has read them all.
async fn flood(events: &Events, peer: &mut Peer, count: usize) {
    let before = events.connection().statistics().received;
    for number in 0..count {
        peer.feed(Message::text(numbered(number))).await.unwrap();
    }
    peer.flush().await.unwrap();
    let connection = events.connection();
    within(async {
        while connection.statistics().received < before + count as u64 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn number_of(event: &Event) -> usize {
    let text = serde_json::to_value(event).unwrap();
    usize::try_from(text["number"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn drop_oldest_reports_count_in_place() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(10_000).overflow_policy(OverflowPolicy::DropOldest)).await;
    flood(&events, &mut peer, 1000).await;
    let statistics = events.connection().statistics();
    assert!(statistics.queued_bytes <= 10_000, "{statistics:?}");

    let Event::Dropped(dropped) = within(events.next()).await.unwrap().unwrap() else { panic!("nothing dropped") };
    assert!(dropped.events > 500 && dropped.bytes > dropped.events * 20, "{dropped}");
    assert_eq!(statistics.dropped, dropped.events);
    // All newer events follow.
    for number in usize::try_from(dropped.events).unwrap()..1000 {
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
    }
    send(&mut peer, numbered(1000)).await;
    assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), 1000);
}

#[tokio::test]
async fn slow_subscriber_affects_no_other() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect.buffer_limit(10_000)).await;
    let mut slow = events.connection().subscribe();
    for number in 0..1000 {
        send(&mut peer, numbered(number)).await;
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
    }
    let mut taken = 0;
    let error = loop {
        match within(slow.next()).await.unwrap() {
            Ok(event) => assert_eq!(number_of(&event), taken),
            Err(error) => break error,
        }
        taken += 1;
    };
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::Overflow { .. }, .. }), "{error}");
    assert!((10..500).contains(&taken), "{taken}");
    assert!(within(slow.next()).await.is_none());
}

/// Larger than the buffers of two sockets.
const COUNT: usize = 100_000;

#[tokio::test]
async fn wait_policy_loses_nothing() {
    let mut fake = Fake::start().await;
    let patience = Duration::from_secs(60);
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(10_000).overflow_policy(OverflowPolicy::Wait(patience)))
            .await;
    let sending = tokio::spawn(async move {
        for number in 0..COUNT {
            peer.feed(Message::text(numbered(number))).await.unwrap();
        }
        peer.flush().await.unwrap();
        peer
    });
    let connection = events.connection();
    // The queue is full, and nothing more is read.
    within(async {
        while connection.statistics().queued_bytes <= 10_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for number in 0..COUNT {
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
        // The limit, and one batch beyond it.
        assert!(connection.statistics().queued_bytes < 60_000);
    }
    within(sending).await.unwrap();
}

#[tokio::test]
async fn wait_policy_has_a_limit() {
    let mut fake = Fake::start().await;
    let patience = Duration::from_millis(20);
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(1_000).overflow_policy(OverflowPolicy::Wait(patience)))
            .await;
    for number in 0..100 {
        send(&mut peer, numbered(number)).await;
    }
    // The server receives the end of the connection.
    while !matches!(within(peer.next()).await, None | Some(Err(_) | Ok(Message::Close(_)))) {}
    let mut taken = 0;
    let error = loop {
        match within(events.next()).await.unwrap() {
            Ok(event) => assert_eq!(number_of(&event), taken),
            Err(error) => break error,
        }
        taken += 1;
    };
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::Overflow { .. }, .. }), "{error}");
    assert!(taken > 10, "{taken}");
}

/// More than the buffers of two sockets hold.
fn heavy(number: usize) -> String {
    format!(r#"{{"type":"Test","number":{number},"padding":"{}"}}"#, "x".repeat(1 << 16))
}

#[tokio::test]
async fn socket_is_drained_while_the_program_is_busy() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    send(&mut peer, numbered(0)).await;
    assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), 0);
    // The program has read the first event directly, and now stops polling.
    for number in 1..500 {
        send(&mut peer, heavy(number)).await;
    }
    for number in 1..500 {
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
    }
}

#[tokio::test]
async fn cancelled_next_loses_no_event() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected(&mut fake, |connect| connect).await;
    for number in 0..10 {
        assert!(events.next().now_or_never().is_none(), "an event that was not sent");
        send(&mut peer, numbered(number)).await;
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
    }
}

#[tokio::test]
async fn waiting_subscribers_all_receive() {
    let mut fake = Fake::start().await;
    let (mut first, mut peer) = connected(&mut fake, |connect| connect).await;
    let connection = first.connection();
    let waiting = tokio::spawn(async move {
        let numbers = [first.next().await, first.next().await].map(|event| number_of(&event.unwrap().unwrap()));
        (numbers, first)
    });
    let mut second = connection.subscribe();
    for number in 0..2 {
        send(&mut peer, numbered(number)).await;
        assert_eq!(number_of(&within(second.next()).await.unwrap().unwrap()), number);
    }
    let (numbers, mut first) = within(waiting).await.unwrap();
    assert_eq!(numbers, [0, 1]);
    // As the only subscriber again, it continues in order.
    drop(second);
    send(&mut peer, numbered(2)).await;
    assert_eq!(number_of(&within(first.next()).await.unwrap().unwrap()), 2);
}

#[tokio::test]
async fn taken_events_do_not_block_the_connection() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(1_000).overflow_policy(OverflowPolicy::DropOldest)).await;
    flood(&events, &mut peer, 10).await;
    assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), 0);
    // The program already holds the other nine, so these exceed the limit.
    flood(&events, &mut peer, 100).await;
    let mut last = 0;
    while last < 99 {
        match within(events.next()).await.unwrap().unwrap() {
            Event::Dropped(dropped) => assert!(dropped.events > 0),
            event => last = number_of(&event),
        }
    }
}
