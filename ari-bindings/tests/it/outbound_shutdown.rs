//! The end of a listener.

use std::time::{Duration, Instant};

use ari_bindings::{ConnectionState, DisconnectReason, Error};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::fake::{Peer, numbered, send};
use crate::outbound::{GOOD, close_frame, dial, listen, registered, session};
use crate::server::within;

/// Waits until the client answers a ping: what it was sent before has been read then.
pub(crate) async fn until_read(peer: &mut Peer) {
    within(peer.send(Message::Ping("read?".into()))).await.unwrap();
    while !matches!(within(peer.next()).await.unwrap().unwrap(), Message::Pong(_)) {}
}

#[tokio::test]
async fn shutdown_closes_every_session() {
    let mut listener = listen(|builder| builder).await;
    let address = listener.local_addr();
    let (first, mut first_peer) = session(&mut listener).await;
    let (second, mut second_peer) = session(&mut listener).await;
    let (_, mut events) = first.into_parts();
    let (_, second_events) = second.into_parts();
    let connections = [events.connection(), second_events.connection()];
    // A session that the program has not accepted.
    let mut waiting = dial(&listener, &GOOD).await.unwrap();
    send(&mut waiting, registered("x")).await;
    until_read(&mut waiting).await;
    let goodbyes = async {
        for peer in [&mut first_peer, &mut second_peer, &mut waiting] {
            assert!(matches!(u16::from(close_frame(peer).await.code), 1000 | 1001));
            while peer.next().await.is_some() {}
        }
    };
    let shutdown = async {
        listener.shutdown().await;
        for connection in &connections {
            assert_eq!(connection.state(), ConnectionState::Closed);
        }
        assert!(listener.accept().await.is_none());
    };
    within(async { tokio::join!(shutdown, goodbyes) }).await;
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "ApplicationRegistered");
    assert!(within(events.next()).await.is_none());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_frees_the_port() {
    let mut listener = listen(|builder| builder).await;
    within(listener.shutdown()).await;
    // Without waiting for anything.
    std::net::TcpListener::bind(listener.local_addr()).unwrap();
}

#[tokio::test]
async fn shutdown_twice_returns() {
    let mut listener = listen(|builder| builder).await;
    within(listener.shutdown()).await;
    within(listener.shutdown()).await;
    assert!(within(listener.accept()).await.is_none());
}

#[tokio::test]
async fn shutdown_has_one_deadline() {
    let mut listener = listen(|builder| builder).await;
    // None of these peers answers a Close frame.
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(session(&mut listener).await);
    }
    // This peer has not named its application.
    let mut unnamed = dial(&listener, &GOOD).await.unwrap();
    let started = Instant::now();
    within(listener.shutdown()).await;
    assert_eq!(u16::from(close_frame(&mut unnamed).await.code), 1001);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    within(listener.shutdown()).await;
}

#[tokio::test]
async fn dropped_listener_stops_accepting_and_its_sessions_continue() {
    let mut listener = listen(|builder| builder).await;
    let address = listener.local_addr();
    let (mut session, mut peer) = session(&mut listener).await;
    drop(listener);
    within(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    send(&mut peer, numbered(1)).await;
    for kind in ["ApplicationRegistered", "Test"] {
        assert_eq!(within(session.events().next()).await.unwrap().unwrap().kind(), kind);
    }
    drop(peer);
    let error = within(session.events().next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::ConnectionLost(_), .. }), "{error}");
}
