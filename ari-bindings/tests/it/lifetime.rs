//! The attempts to make an event connection, and what ends one besides the server.

use std::time::{Duration, Instant};

use ari_bindings::{DisconnectReason, Error, Reconnect, Transport};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use crate::fake::{Fake, application, send};
use crate::over_websocket::{next_request, reply, serve};
use crate::reconnect::{connected, disconnected, next, reconnected, soon, until_asked};
use crate::server::within;

/// Delays of 200 to 400 ms.
fn slow() -> Reconnect {
    Reconnect::new().delays(Duration::from_millis(400), Duration::from_millis(400))
}

#[tokio::test]
async fn attempts_to_reconnect_have_pauses() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (events, peer) = within(async { tokio::join!(ari.events(["x"]).reconnect(slow()), fake.connection()) }).await;
    let mut events = events.unwrap();
    let started = Instant::now();
    drop(peer);
    let _peer = fake.connection().await;
    assert!(started.elapsed() >= Duration::from_millis(200), "{:?}", started.elapsed());
    disconnected(&mut events).await;
    reconnected(&mut events).await;
}

#[tokio::test]
async fn attempts_to_connect_first_have_pauses() {
    let mut fake = Fake::start().await;
    fake.refuse(Some(503));
    let ari = fake.client();
    let waiting = ari.events(["x"]).reconnect(slow()).wait_for_server(true);
    let serving = async {
        until_asked(&fake, "GET /events").await;
        let started = Instant::now();
        fake.refuse(None);
        let peer = fake.connection().await;
        assert!(started.elapsed() >= Duration::from_millis(150), "{:?}", started.elapsed());
        peer
    };
    let (events, _peer) = within(async { tokio::join!(waiting, serving) }).await;
    drop(events.unwrap());
}

#[tokio::test]
async fn end_of_the_runtime_ends_the_stream() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let connecting = other.spawn(async move { ari.events(["x"]).await });
    let (events, mut peer) = within(async { tokio::join!(connecting, fake.connection()) }).await;
    let mut events = events.unwrap().unwrap();
    other.shutdown_background();
    let error = within(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Disconnected { .. }) && error.to_string().contains("runtime"), "{error}");
    assert!(matches!(within(peer.next()).await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn closing_ends_requests_without_a_reply() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let connecting = ari.events(["x"]).reconnect(soon());
    let (events, mut peer) = within(async { tokio::join!(connecting, serve(&mut fake)) }).await;
    let mut events = events.unwrap();
    let server = async {
        next_request(&mut peer).await;
        events.close().await;
    };
    let closed = async {
        let result = within(ari.channel("c").answer()).await;
        assert!(matches!(result, Err(Error::OutcomeUnknown { timed_out: false, .. })), "{result:?}");
    };
    within(async { tokio::join!(server, closed) }).await;
}

#[tokio::test]
async fn requests_made_before_closing_are_sent() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let connecting = ari.events(["x"]).reconnect(soon());
    let (events, mut peer) = within(async { tokio::join!(connecting, serve(&mut fake)) }).await;
    let mut events = events.unwrap();
    // The task of the connection cannot run between the request and the end.
    let ((), answered, ()) = within(async {
        tokio::join!(
            async {
                let request = next_request(&mut peer).await;
                assert_eq!(request["uri"], "channels/c/answer");
                let reply = reply(&request, 204, "");
                send(&mut peer, reply).await;
                assert!(matches!(peer.next().await, Some(Ok(Message::Close(_)))));
                while peer.next().await.is_some() {}
            },
            ari.channel("c").answer(),
            events.close(),
        )
    })
    .await;
    answered.unwrap();
}

#[tokio::test]
async fn lost_connection_is_closed_before_the_next_is_made() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let connecting = ari.events(["x"]).reconnect(slow());
    let (events, mut peer) = within(async { tokio::join!(connecting, fake.connection()) }).await;
    let mut events = events.unwrap();
    // A frame of a kind that there is not.
    within(peer.get_mut().write_all(&[0x83, 0])).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = within(peer.next()).await else { panic!("no Close frame") };
    assert_eq!(frame.code, CloseCode::Protocol);
    within(peer.close(None)).await.ok();
    assert_eq!(within(peer.get_mut().read(&mut [0; 1])).await.unwrap_or(0), 0);
    assert_eq!(fake.asked().iter().filter(|asked| asked.starts_with("GET /events")).count(), 1);
    let _peer = fake.connection().await;
    disconnected(&mut events).await;
    reconnected(&mut events).await;
}

#[tokio::test]
async fn filtered_applications_are_not_probed() {
    let mut fake = Fake::start().await;
    let mut filtered = application(&[], &[], &[]);
    filtered["events_allowed"] = json!([{ "type": "StasisStart" }]);
    fake.answer("GET /applications/x", 200, filtered);
    fake.answer("POST /events/user", 204, json!(null));
    let ari = fake.client();
    let (mut events, peer) = connected(&mut fake, &ari, |connect| connect).await;
    drop(peer);
    let _peer = fake.connection().await;
    disconnected(&mut events).await;
    assert_eq!(reconnected(&mut events).await.attempts, 1);
    assert!(!fake.asked().iter().any(|asked| asked.starts_with("POST /events/user")), "{:?}", fake.asked());
}

#[tokio::test]
async fn restart_is_noticed_across_a_connection_that_did_not_know() {
    let mut fake = Fake::start().await;
    fake.started_at(1);
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    until_asked(&fake, "GET /asterisk/info").await;
    for (second, restarted) in [(None, None), (Some(2), Some(true)), (Some(2), Some(false))] {
        match second {
            Some(second) => fake.started_at(second),
            None => fake.answer("GET /asterisk/info", 403, json!({ "message": "no" })),
        }
        drop(peer);
        peer = fake.connection().await;
        disconnected(&mut events).await;
        assert_eq!(reconnected(&mut events).await.restarted, restarted);
    }
}

#[tokio::test]
async fn reply_to_nobody_is_an_event() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    send(&mut peer, reply(&json!({ "request_id": "0" }), 200, "{}")).await;
    assert_eq!(next(&mut events).await.kind(), "RESTResponse");
}

#[tokio::test]
async fn normal_close_by_the_server_is_a_loss() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    within(peer.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() }))).await.unwrap();
    let lost = disconnected(&mut events).await;
    assert!(matches!(lost.reason, DisconnectReason::ClosedByServer { code: Some(1000), .. }), "{lost}");
    drop(peer);
    let _peer = fake.connection().await;
    reconnected(&mut events).await;
}

#[tokio::test]
async fn closing_unsubscribes_nothing_that_was_not_subscribed() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    within(async { tokio::join!(events.close(), async { while peer.next().await.is_some() {} }) }).await;
    assert!(!fake.asked().iter().any(|asked| asked.starts_with("DELETE")), "{:?}", fake.asked());
}

#[tokio::test]
async fn connection_that_refuses_requests_is_closed_before_the_next() {
    let mut fake = Fake::start().await;
    let ari = fake.builder().transport(Transport::WebSocket).build().unwrap();
    let waiting = tokio::spawn(async move { ari.events(["x"]).reconnect(soon()).wait_for_server(true).await });
    let mut starting = fake.connection().await;
    let ping = next_request(&mut starting).await;
    send(&mut starting, reply(&ping, 503, "{}")).await;
    while !matches!(within(starting.next()).await, Some(Ok(Message::Close(_)))) {}
    // Its confirmation is waited for, 2 s at most.
    let started = Instant::now();
    let _next = fake.connection().await;
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    waiting.abort();
}

#[tokio::test]
async fn undecodable_events_are_counted() {
    let mut fake = Fake::start().await;
    let ari = fake.client();
    let (mut events, mut peer) = connected(&mut fake, &ari, |connect| connect).await;
    for text in [r#"{"type":"ChannelDtmfReceived"}"#, "{", r#"{"type":"New"}"#] {
        send(&mut peer, text).await;
        next(&mut events).await;
    }
    let statistics = events.connection().statistics();
    assert_eq!((statistics.received, statistics.delivered, statistics.undecodable), (3, 3, 2));
}
