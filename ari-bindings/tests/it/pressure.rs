//! Peers that send too much, read too little or are slow: memory stays bounded, and no live peer is considered dead.

use std::time::Duration;

use ari_bindings::{ConnectionState, DisconnectReason, Error, Event, Events, EventsBuilder, OverflowPolicy, Reconnect};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::fake::{Fake, Peer, numbered, send};
use crate::reconnect::{connected, disconnected, expect, next, reconnected, soon, until_asked};
use crate::server::{pass, within};

async fn connected_once(fake: &mut Fake, configure: impl FnOnce(EventsBuilder) -> EventsBuilder) -> (Events, Peer) {
    connected(fake, &fake.client(), |connect| configure(connect.reconnect(Reconnect::never()))).await
}

/// Sends pings with this head without reading until the connection ends.
async fn ping_without_reading(peer: &mut Peer, head: &[u8]) {
    let mut pings = Vec::new();
    for _ in 0..100 {
        pings.extend(head);
        pings.extend([b'x'; 125]);
    }
    while peer.get_mut().write_all(&pings).await.is_ok() {}
}

/// The reason that a stream without events ends with.
async fn end(events: &mut Events) -> DisconnectReason {
    match within(events.next()).await.unwrap().unwrap_err() {
        Error::Disconnected { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn peer_that_pings_and_never_reads_is_ended() {
    let mut fake = Fake::start().await;
    let short = Duration::from_millis(100);
    let (mut events, mut peer) =
        connected_once(&mut fake, |connect| connect.ping_interval(short).ping_timeout(short)).await;
    let connection = events.connection();
    let (reason, ()) = tokio::join!(end(&mut events), within(ping_without_reading(&mut peer, &[0x89, 125])));
    assert!(matches!(&reason, DisconnectReason::ConnectionLost(_)), "{reason}");
    assert!(connection.statistics().control_frames > 1000);
}

#[cfg(feature = "outbound")]
#[tokio::test]
async fn session_whose_peer_pings_and_never_reads_is_ended() {
    let short = Duration::from_millis(100);
    let mut listener = crate::outbound::listen(|listener| listener.ping_interval(short).ping_timeout(short)).await;
    let (mut session, mut peer) = crate::outbound::session(&mut listener).await;
    let events = session.events();
    assert_eq!(next(events).await.kind(), "ApplicationRegistered");
    let (reason, ()) = tokio::join!(end(events), within(ping_without_reading(&mut peer, &[0x89, 0xfd, 0, 0, 0, 0])));
    assert!(matches!(&reason, DisconnectReason::ConnectionLost(_)), "{reason}");
}

#[tokio::test]
async fn slow_message_is_a_sign_of_life() {
    let mut fake = Fake::start().await;
    let short = Duration::from_millis(60);
    let (mut events, mut peer) =
        connected_once(&mut fake, |connect| connect.ping_interval(short).ping_timeout(short)).await;
    let text = format!(r#"{{"type":"Test","number":1,"padding":"{}"}}"#, "x".repeat(60_000));
    let mut frame = vec![0x81, 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend(text.as_bytes());
    // Takes ten times as long as the server may be silent.
    let sending = async {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        for piece in frame.chunks(frame.len().div_ceil(60)) {
            pace.tick().await;
            peer.get_mut().write_all(piece).await.unwrap();
        }
    };
    let (event, ()) = tokio::join!(next(&mut events), sending);
    assert!(matches!(event, Event::Unknown(event) if event.raw() == text));
}

#[tokio::test]
async fn closing_keeps_what_fits_and_ends_without_an_error() {
    const LIMIT: usize = 10_000;
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected_once(&mut fake, |connect| connect.buffer_limit(LIMIT)).await;
    let server = async {
        while !matches!(peer.next().await, Some(Ok(Message::Ping(_) | Message::Close(_)))) {}
        for number in 0..10_000 {
            // The client closes the connection at some point.
            if peer.get_mut().write_all(&text_frame(&numbered(number))).await.is_err() {
                break;
            }
        }
        let _ = peer.flush().await;
        while let Some(Ok(_)) = peer.next().await {}
    };
    within(async { tokio::join!(events.close(), server) }).await;
    let statistics = events.connection().statistics();
    assert!(statistics.queued_bytes <= LIMIT, "{statistics:?}");
    let mut taken = 0;
    while let Some(event) = within(events.next()).await {
        assert_eq!(event.expect("no error after the program's own close").kind(), "Test");
        assert_eq!(events.raw(), Some(&*numbered(taken)));
        taken += 1;
    }
    assert!((50..1000).contains(&taken), "{taken}");
}

/// A text frame of the server.
fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, u8::try_from(text.len()).unwrap()];
    assert!(text.len() < 126);
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn held_events_stay_within_the_limit() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let limit = |connect: EventsBuilder| connect.buffer_limit(100_000);
    let (mut events, peer) = connected(&mut fake, &ari, limit).await;
    until_asked(&fake, "GET /applications/x").await;
    // The check after the reconnect hangs until the connection ends.
    fake.never_answer("GET /applications/x");
    drop(peer);
    let mut peer = fake.connection().await;
    disconnected(&mut events).await;
    let sending = tokio::spawn(async move {
        for number in 0..10_000 {
            peer.feed(Message::text(numbered(number))).await.unwrap();
        }
        peer.flush().await.unwrap();
        peer
    });
    let again = reconnected(&mut events).await;
    assert!(again.not_restored[0].contains("buffer_limit"), "{again:?}");
    for number in 0..10_000 {
        expect(&mut events, number).await;
    }
    within(sending).await.unwrap();
}

#[tokio::test]
async fn held_events_count_with_those_that_wait() {
    const LIMIT: usize = 100_000;
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect.buffer_limit(LIMIT)).await;
    let connection = events.connection();
    // The program takes nothing.
    let mut number = 0;
    while connection.statistics().queued_bytes < LIMIT * 4 / 5 {
        send(&mut peer, numbered(number)).await;
        number += 1;
        tokio::task::yield_now().await;
    }
    until_asked(&fake, "GET /applications/x").await;
    fake.never_answer("GET /applications/x");
    drop(peer);
    let mut peer = fake.connection().await;
    let sending = tokio::spawn(async move {
        while peer.send(Message::text(numbered(number))).await.is_ok() {
            number += 1;
        }
    });
    let mut state = connection.clone();
    within(async { while state.changed().await != Some(ConnectionState::Closed) {} }).await;
    let error = loop {
        if let Err(error) = within(events.next()).await.unwrap() {
            break error;
        }
    };
    let Error::Disconnected { reason: DisconnectReason::Overflow { bytes, .. }, .. } = error else { panic!("{error}") };
    assert!((LIMIT..LIMIT + 1_000).contains(&bytes), "{bytes}");
    within(sending).await.unwrap();
}

#[tokio::test]
async fn burst_that_outruns_the_program_does_not_end_the_stream() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected_once(&mut fake, |connect| connect.buffer_limit(20_000)).await;
    let sending = tokio::spawn(async move {
        for number in 0..20_000 {
            peer.feed(Message::text(numbered(number))).await.unwrap();
        }
        peer.flush().await.unwrap();
        peer
    });
    let connection = events.connection();
    let mut most = 0;
    for number in 0..20_000 {
        expect(&mut events, number).await;
        most = most.max(connection.statistics().queued_bytes);
    }
    assert!((15_000..21_000).contains(&most), "{most}");
    within(sending).await.unwrap();
}

#[tokio::test]
async fn waiting_for_room_is_not_silence() {
    let mut fake = Fake::start().await;
    let (short, patience) = (Duration::from_millis(20), Duration::from_secs(60));
    let (mut events, mut peer) = connected_once(&mut fake, |connect| {
        let connect = connect.ping_interval(short).ping_timeout(short);
        connect.buffer_limit(1000).overflow_policy(OverflowPolicy::Wait(patience))
    })
    .await;
    for number in 0..100 {
        send(&mut peer, numbered(number)).await;
    }
    let connection = events.connection();
    within(async {
        while connection.statistics().queued_bytes < 1000 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Ten times as long as the server may be silent, with data to read all the time.
    pass(20 * short).await;
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = peer.next().await {} });
    for number in 0..100 {
        expect(&mut events, number).await;
    }
    assert!(connection.state().is_connected());
    reading.abort();
}

#[tokio::test]
async fn closing_many_applications_has_one_deadline() {
    let mut fake = Fake::start().await;
    for app in 0..20 {
        fake.never_answer(&format!("DELETE /applications/app-{app}/subscription"));
    }
    let ari = fake.client();
    let apps = (0..20).map(|app| format!("app-{app}")).collect::<Vec<_>>();
    let mut events = within(ari.events(apps).subscribe_all(true).reconnect(soon())).await.unwrap();
    let mut peer = fake.connection().await;
    let started = std::time::Instant::now();
    let server = async move { while let Some(Ok(_)) = peer.next().await {} };
    within(async { tokio::join!(events.close(), server) }).await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn gap_lasts_as_long_as_by_the_monotonic_clock() {
    let mut fake = Fake::start().await;
    fake.answer("GET /asterisk/info", 404, json!({ "message": "no" }));
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    send(&mut peer, numbered(1)).await;
    expect(&mut events, 1).await;
    fake.refuse(Some(503));
    drop(peer);
    disconnected(&mut events).await;
    // Advances Tokio's clock, but not the clock of the system.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600)).await;
    tokio::time::resume();
    fake.refuse(None);
    let _peer = fake.connection().await;
    let again = reconnected(&mut events).await;
    assert!(again.lasted >= Duration::from_secs(3600), "{again}");
}

#[tokio::test]
async fn changed_ends_once_the_connection_is_closed() {
    let mut fake = Fake::start().await;
    let (mut events, mut peer) = connected_once(&mut fake, |connect| connect).await;
    let mut connection = events.connection();
    let watching = tokio::spawn(async move {
        let mut states = Vec::new();
        while let Some(state) = connection.changed().await {
            states.push(state.to_string());
        }
        (states, connection)
    });
    let server = async {
        while let Some(Ok(message)) = peer.next().await {
            if let Message::Close(frame) = message {
                assert_eq!(frame.unwrap().code, CloseCode::Normal);
            }
        }
    };
    within(async { tokio::join!(events.close(), server) }).await;
    let (states, mut connection) = within(watching).await.unwrap();
    assert_eq!(states, ["closed"]);
    assert_eq!(within(connection.changed()).await, None);
    assert_eq!(within(events.connection().changed()).await, None);
}
