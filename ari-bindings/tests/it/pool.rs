//! Connections are reused for requests, and failures of idle connections cause no errors.

use std::time::Duration;

use ari_bindings::Error;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::server::{listen, read_to_end, receive, within};

/// Sends a response and leaves the connection open.
async fn answer(stream: &mut TcpStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Receives one request and responds with an empty list.
async fn serve(stream: &mut TcpStream) -> String {
    let request = receive(stream).await;
    answer(stream, "[]").await;
    request.line
}

async fn accept(listener: &TcpListener) -> TcpStream {
    within(listener.accept()).await.unwrap().0
}

#[tokio::test]
async fn pool_reuses_connections() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let server = async {
        let mut stream = accept(&listener).await;
        let first = receive(&mut stream).await;
        let host = format!("host: {}", listener.local_addr().unwrap());
        assert!(first.head.to_lowercase().lines().any(|line| line == host), "{}", first.head);
        answer(&mut stream, "[]").await;
        [serve(&mut stream).await, serve(&mut stream).await]
    };
    let client = async {
        assert_eq!(ari.channels().list().await.unwrap(), []);
        assert_eq!(ari.bridges().list().await.unwrap(), []);
        ari.channel("c").answer().await.unwrap();
    };
    let (lines, ()) = within(async { tokio::join!(server, client) }).await;
    assert_eq!(lines, ["GET /ari/bridges HTTP/1.1", "POST /ari/channels/c/answer HTTP/1.1"]);
}

#[tokio::test]
async fn pool_replaces_connections_closed_by_the_server() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let first = async {
        let mut stream = accept(&listener).await;
        serve(&mut stream).await;
        drop(stream);
    };
    let (list, ()) = within(async { tokio::join!(ari.channels().list(), first) }).await;
    assert_eq!(list.unwrap(), []);
    let second = async { serve(&mut accept(&listener).await).await };
    let (answered, line) = within(async { tokio::join!(ari.channel("c").answer(), second) }).await;
    answered.unwrap();
    assert_eq!(line, "POST /ari/channels/c/answer HTTP/1.1");
}

#[tokio::test]
async fn request_sent_on_a_pooled_connection_is_not_retried() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let server = async {
        let mut stream = accept(&listener).await;
        serve(&mut stream).await;
        // The second request gets no answer.
        receive(&mut stream).await;
    };
    let client = async {
        ari.channels().list().await.unwrap();
        ari.channel("c").answer().await
    };
    let ((), answered) = within(async { tokio::join!(server, client) }).await;
    let error = answered.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
    let third = async { serve(&mut accept(&listener).await).await };
    let (list, line) = within(async { tokio::join!(ari.bridges().list(), third) }).await;
    assert_eq!((list.unwrap(), &*line), (vec![], "GET /ari/bridges HTTP/1.1"));
}

#[tokio::test]
async fn pool_drops_connections_of_cancelled_requests() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let request = tokio::spawn({
        let ari = ari.clone();
        async move { ari.channels().list().await }
    });
    let mut stream = accept(&listener).await;
    receive(&mut stream).await;
    request.abort();
    assert_eq!(read_to_end(&mut stream).await, b"");
    let second = async { serve(&mut accept(&listener).await).await };
    let (list, line) = within(async { tokio::join!(ari.bridges().list(), second) }).await;
    assert_eq!((list.unwrap(), &*line), (vec![], "GET /ari/bridges HTTP/1.1"));
}

#[tokio::test]
async fn zero_idle_timeout_keeps_no_connection() {
    let (listener, builder) = listen().await;
    let ari = builder.idle_timeout(Duration::ZERO).build().unwrap();
    let server = async {
        let mut stream = accept(&listener).await;
        serve(&mut stream).await;
        assert_eq!(read_to_end(&mut stream).await, b"");
    };
    let (list, ()) = within(async { tokio::join!(ari.channels().list(), server) }).await;
    assert_eq!(list.unwrap(), []);
}

#[tokio::test]
async fn immense_timeouts_are_accepted() {
    let (listener, builder) = listen().await;
    let ari = builder.timeout(Duration::MAX).connect_timeout(Duration::MAX).build().unwrap();
    let server = async { serve(&mut accept(&listener).await).await };
    let (list, _) = within(async { tokio::join!(ari.channels().list(), server) }).await;
    assert_eq!(list.unwrap(), []);
}

/// Accepts the request for an event connection.
#[cfg(feature = "websocket")]
async fn upgrade(stream: &mut TcpStream) {
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

    let head = receive(stream).await.head;
    let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
    stream.write_all(format!("{head}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes()).await.unwrap();
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn pool_is_renewed_after_a_lost_event_connection() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let (events, first) = within(async {
        tokio::join!(ari.events(["x"]).into_future(), async {
            let mut stream = accept(&listener).await;
            upgrade(&mut stream).await;
            stream
        })
    })
    .await;
    let mut events = events.unwrap();
    let kept = async {
        let mut stream = accept(&listener).await;
        serve(&mut stream).await;
        stream
    };
    let (list, mut kept) = within(async { tokio::join!(ari.channels().list(), kept) }).await;
    assert_eq!(list.unwrap(), []);
    drop(first);
    // The idle connection is closed, and neither requests nor events use it again.
    let (closed, ()) = within(async {
        tokio::join!(async { read_to_end(&mut kept).await }, async {
            while !matches!(events.next().await.unwrap().unwrap(), ari_bindings::Event::Disconnected(_)) {}
        })
    })
    .await;
    assert_eq!(closed, b"");
}
