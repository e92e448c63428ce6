//! Everything over the event connection, where HTTP is not compiled in.

use ari_bindings::{ConnectErrorKind, Error, Reconnect, Transport};
use futures_util::StreamExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{Fake, next_text, send};
use crate::over_websocket::{next_request, reply, serve};
use crate::server::within;

#[tokio::test]
async fn a_client_that_cannot_send_anything_says_what_would_help() {
    let fake = Fake::start().await;
    let error = within(fake.client().asterisk().ping()).await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
    assert!(error.to_string().contains("feature `http`"), "{error}");
    assert!(error.to_string().contains("Transport::WebSocket"), "{error}");
    assert!(fake.asked().is_empty());
}

#[tokio::test]
async fn before_and_after_the_connection_there_is_no_way_for_requests() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let before = within(ari.asterisk().ping()).await.unwrap_err();
    let (events, mut peer) = within(async { tokio::join!(ari.events(["x"]), serve(&mut fake)) }).await;
    let mut events = events.unwrap();
    let (done, ()) = within(async {
        tokio::join!(ari.channel("c").answer(), async {
            let request = next_request(&mut peer).await;
            send(&mut peer, reply(&request, 204, "")).await;
        })
    })
    .await;
    done.unwrap();
    drop(peer);
    within(events.close()).await;
    let after = within(ari.asterisk().ping()).await.unwrap_err();
    for error in [before, after] {
        assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Disconnected, .. }), "{error}");
        assert!(error.to_string().contains("`Client::events` first"), "{error}");
        assert!(!error.maybe_executed());
    }
}

#[tokio::test]
async fn a_file_needs_http() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let (events, _peer) = within(async { tokio::join!(ari.events(["x"]), serve(&mut fake)) }).await;
    let _events = events.unwrap();
    let error = within(ari.recordings().get_stored_file("r")).await.unwrap_err();
    assert!(error.to_string().contains("feature `http`"), "{error}");
}

/// See `goodbye.rs`: Asterisk can get into a deadlock otherwise.
#[tokio::test]
async fn device_states_are_unsubscribed_before_the_goodbye() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let connect = ari.events(["x"]).subscribe_all(true).reconnect(Reconnect::never());
    let (events, mut peer) = within(async { tokio::join!(connect, serve(&mut fake)) }).await;
    drop(events.unwrap());
    let request = next_text(&mut peer).await;
    assert_eq!(request["method"], "DELETE");
    assert_eq!(request["uri"], "applications/x/subscription?eventSource=deviceState%3A");
    assert!(matches!(within(peer.next()).await, Some(Ok(Message::Close(_)))));
}
