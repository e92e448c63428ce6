//! Event connections, and requests over them.

use std::time::Duration;

use ari_bindings::{DisconnectReason, Error, Event, EventFilter, Transport};
use ari_test::Fake;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::{next, on_each_way, until};

#[tokio::test]
async fn call_is_the_same_on_each_way() {
    on_each_way(async |fake, ari| {
        let mut events = ari.events("ivr").await.unwrap();
        let mut caller = fake.call("ivr").from("100").await;
        let Event::StasisStart(start) = next(&mut events).await else { panic!("no call") };
        let channel = ari.channel(&start.channel);
        channel.answer().await.unwrap();
        let playback = channel.play("sound:beep").await.unwrap();
        assert_eq!(playback.target_uri, format!("channel:{}", start.channel.id));
        until(&mut events, "PlaybackFinished").await;
        caller.hangs_up().await;
        until(&mut events, "StasisEnd").await;
        events.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn other_connection_takes_the_application() {
    let fake = Fake::new();
    let mut first = fake.client().events("x").await.unwrap();
    let mut second = fake.client().events("x").await.unwrap();
    assert_eq!(next(&mut first).await.kind(), "ApplicationReplaced");
    let Some(Err(Error::Disconnected { reason, .. })) = first.next().await else { panic!("it goes on") };
    assert!(matches!(reason, DisconnectReason::Replaced { .. }), "{reason:?}");
    let _caller = fake.call("x").from("100").await;
    assert_eq!(next(&mut second).await.kind(), "StasisStart");
}

#[tokio::test(start_paused = true)]
async fn older_releases_take_no_requests_over_the_connection() {
    let fake = Fake::builder().release("18.26.4").start();
    let ari = fake.client_builder().transport(Transport::WebSocket).build().unwrap();
    let error = ari.events("x").await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn filter_keeps_replies_back() {
    let fake = Fake::new();
    let ari = fake.client_builder().transport(Transport::WebSocket).timeout(Duration::from_secs(2)).build().unwrap();
    let _events = ari.events("x").await.unwrap();
    ari.asterisk().ping().await.unwrap();
    let filter = EventFilter::new().allow("StasisStart");
    fake.client().application("x").filter().filter(filter).await.unwrap();
    let error = ari.asterisk().ping().await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn waiting_request_holds_up_the_connection_but_not_its_events() {
    let fake = Fake::new();
    let ari = fake.client_builder().transport(Transport::WebSocket).build().unwrap();
    let mut events = ari.events("x").await.unwrap();
    let _caller = fake.call("x").from("100").await;
    let Event::StasisStart(start) = next(&mut events).await else { panic!("no call") };
    let channel = ari.channel(&start.channel);
    channel.answer().await.unwrap();
    channel.play("sound:tt-monkeys").await.unwrap();
    let started = Instant::now();
    let setting = tokio::spawn(channel.set_channel_var("A").value("b").into_future());
    tokio::task::yield_now().await;
    ari.asterisk().ping().await.unwrap();
    assert!(started.elapsed() > Duration::from_secs(15), "{:?}", started.elapsed());
    setting.await.unwrap().unwrap();
    assert!(until(&mut events, "PlaybackFinished").await.contains(&"PlaybackStarted".to_owned()));
}

/// A raw connection.
async fn raw(fake: &Fake, query: &str) -> tokio_tungstenite::WebSocketStream<tokio::net::TcpStream> {
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    let url = format!("{}/events?{query}&api_key=asterisk:asterisk", port.url().replacen("http", "ws", 1));
    let stream = tokio::net::TcpStream::connect(port.address()).await.unwrap();
    let socket = client_async(url.into_client_request().unwrap(), stream).await.unwrap().0;
    std::mem::forget(port);
    socket
}

#[tokio::test]
async fn messages_are_answered_as_asterisk_does() {
    let fake = Fake::new();
    let mut socket = raw(&fake, "app=x,y").await;
    socket.send(Message::binary("{}")).await.unwrap();
    socket.send(Message::Ping("7".into())).await.unwrap();
    let request = json!({
        "type": "RESTRequest", "transaction_id": "t", "request_id": "r", "method": "GET", "uri": "asterisk/ping?x=y",
    });
    socket.send(Message::text(request.to_string())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("7".into()));
    let reply: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    for (name, expected) in [
        ("type", json!("RESTResponse")),
        ("transaction_id", json!("t")),
        ("request_id", json!("r")),
        ("status_code", json!(200)),
        ("reason_phrase", json!("OK")),
        ("uri", json!("asterisk/ping")),
        ("content_type", json!("application/json")),
        ("application", json!("x")),
    ] {
        assert_eq!(reply[name], expected, "{reply}");
    }
    let body: Value = serde_json::from_str(reply["message_body"].as_str().unwrap()).unwrap();
    assert_eq!(body["ping"], "pong");
}

#[tokio::test]
async fn long_messages_end_the_connection() {
    let mut socket = raw(&Fake::new(), "app=x").await;
    socket.send(Message::text("x".repeat(65536))).await.unwrap();
    let ended = timeout(Duration::from_secs(5), socket.next()).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = ended else { panic!("{ended:?}") };
    assert_eq!(u16::from(frame.code), 1009);
}
