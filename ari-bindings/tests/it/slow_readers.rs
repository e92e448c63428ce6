use std::time::Duration;

use ari_bindings::{Connect, DisconnectReason, Error, Event, Events, Reconnect, SlowReader};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{Fake, Peer, numbered, send};
use crate::server::within;

async fn connected(fake: &mut Fake, configure: impl FnOnce(Connect) -> Connect) -> (Events, Peer) {
    let events = within(configure(fake.client().events(["x"]).reconnect(Reconnect::never()))).await.unwrap();
    let peer = fake.connection().await;
    (events, peer)
}

/// Sends so many events and waits until the client has read them all.
async fn flood(events: &Events, peer: &mut Peer, count: usize) {
    for number in 0..count {
        peer.feed(Message::text(numbered(number))).await.unwrap();
    }
    peer.flush().await.unwrap();
    let connection = events.connection();
    within(async {
        while connection.statistics().received < count as u64 {
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
async fn the_oldest_are_dropped_and_counted_in_their_place() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(10_000).slow_reader(SlowReader::DropOldest)).await;
    flood(&events, &mut peer, 1000).await;
    let statistics = events.connection().statistics();
    assert!(statistics.queued_bytes <= 10_000, "{statistics:?}");

    let Event::Dropped(dropped) = within(events.next()).await.unwrap().unwrap() else { panic!("nothing dropped") };
    assert!(dropped.events > 500 && dropped.bytes > dropped.events * 20, "{dropped}");
    assert_eq!(statistics.dropped, dropped.events);
    // After them comes everything that is newer.
    for number in usize::try_from(dropped.events).unwrap()..1000 {
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
    }
    send(&mut peer, numbered(1000)).await;
    assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), 1000);
}

#[tokio::test]
async fn a_slow_subscriber_concerns_itself_alone() {
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

/// More than fits into the buffers of two sockets.
const COUNT: usize = 100_000;

#[tokio::test]
async fn the_connection_waits_for_room_and_loses_nothing() {
    let mut fake = Fake::start().await;
    let patience = Duration::from_secs(60);
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(10_000).slow_reader(SlowReader::Wait(patience))).await;
    let sending = tokio::spawn(async move {
        for number in 0..COUNT {
            peer.feed(Message::text(numbered(number))).await.unwrap();
        }
        peer.flush().await.unwrap();
        peer
    });
    let connection = events.connection();
    // It is full, and nothing more is read although there is more.
    within(async {
        while connection.statistics().queued_bytes <= 10_000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for number in 0..COUNT {
        assert_eq!(number_of(&within(events.next()).await.unwrap().unwrap()), number);
        // The limit, and what may be read at once beyond it.
        assert!(connection.statistics().queued_bytes < 60_000);
    }
    within(sending).await.unwrap();
}

#[tokio::test]
async fn waiting_for_room_has_an_end() {
    let mut fake = Fake::start().await;
    let patience = Duration::from_millis(20);
    let (mut events, mut peer) =
        connected(&mut fake, |connect| connect.buffer_limit(1_000).slow_reader(SlowReader::Wait(patience))).await;
    for number in 0..100 {
        send(&mut peer, numbered(number)).await;
    }
    // The server hears that it is over.
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
