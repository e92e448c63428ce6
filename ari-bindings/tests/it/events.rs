use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use ari_bindings::{DisconnectReason, Error, Event, Events, EventsBuilder, Reconnect};
use futures_core::Stream as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::server::{Server, listen, read_to_end, receive, within};

type Peer = WebSocketStream<TcpStream>;

/// Events without reconnecting, and the server's end of their connection.
async fn connected(configure: impl FnOnce(EventsBuilder) -> EventsBuilder) -> (Events, Peer) {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        accept_async(stream).await.unwrap()
    };
    let (events, peer) =
        within(async { tokio::join!(configure(ari.events(["x"]).reconnect(Reconnect::never())), accept) }).await;
    (events.unwrap(), peer)
}

/// Events and related types are `'static` and usable on any thread.
const _: fn() = || {
    fn anywhere<T: Send + Sync>() {}
    anywhere::<(Events, ari_bindings::Connection, EventsBuilder, Error, Event)>();
};

fn unknown(number: usize) -> String {
    format!(r#"{{"type":"Test","number":{number}}}"#)
}

async fn next(events: &mut Events) -> Event {
    within(events.next()).await.unwrap().unwrap()
}

/// The end of the events: one error, and then only `None`.
async fn end(events: &mut Events) -> DisconnectReason {
    let reason = match within(events.next()).await.unwrap().unwrap_err() {
        Error::Disconnected { reason, .. } => reason,
        other => panic!("{other}"),
    };
    assert!(within(events.next()).await.is_none());
    assert!(within(events.next()).await.is_none());
    reason
}

/// The Close frame that the client sends.
async fn close_frame(peer: &mut Peer) -> Option<CloseFrame> {
    loop {
        if let Message::Close(frame) = within(peer.next()).await.expect("a Close frame").unwrap() {
            return frame;
        }
    }
}

#[tokio::test]
async fn handshake_names_the_applications() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let connect = ari.events(["a", "b,c d"]).subscribe_all(true);
    let (_, received) = tokio::join!(within(connect), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await
    });
    assert_eq!(received.line, "GET /ari/events?app=a%2C%22b%2Cc%20d%22&subscribeAll=true HTTP/1.1");
    let host = format!("host: {}\r\n", listener.local_addr().unwrap());
    assert!(received.head.contains(&host), "{}", received.head);
    assert!(received.head.contains("authorization: Basic bWU6c2VjcmV0\r\n"));
    assert!(!received.head.to_lowercase().contains("sec-websocket-protocol"));
}

#[tokio::test]
async fn names_that_releases_read_differently_are_refused() {
    let (_, builder) = listen().await;
    let ari = builder.build().unwrap();
    for (app, reason) in [("", "empty"), ("a\"b", "do not agree"), ("a\\b", "do not agree"), ("a(b", "closed")] {
        let error = within(ari.events(["x", app])).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { parameter: "app", .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test]
async fn frames_are_delivered_in_order() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    for number in 0..1000 {
        peer.feed(Message::text(unknown(number))).await.unwrap();
    }
    peer.feed(Message::binary(vec![0xff, b'x'])).await.unwrap();
    peer.feed(Message::text("not JSON")).await.unwrap();
    peer.flush().await.unwrap();
    for number in 0..1000 {
        assert!(matches!(next(&mut events).await, Event::Unknown(event) if event.raw() == unknown(number)));
        assert_eq!(events.raw(), Some(&*unknown(number)));
    }
    match next(&mut events).await {
        Event::Undecodable(event) => {
            assert_eq!((event.kind(), event.raw()), (None, "\u{fffd}x"));
            assert!(event.reason().contains("binary"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(events.raw(), None);
    let last = within(poll_fn(|cx| Pin::new(&mut events).poll_next(cx))).await.unwrap().unwrap();
    assert!(matches!(last, Event::Undecodable(event) if event.raw() == "not JSON"));
}

#[tokio::test]
async fn a_large_event_in_many_frames_arrives() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    let text = format!(r#"{{"type":"Test","pad":"{}"}}"#, "x".repeat(3 << 20));
    let (sent, event) = tokio::join!(peer.send(Message::text(&text)), next(&mut events));
    sent.unwrap();
    assert!(matches!(event, Event::Unknown(event) if event.raw() == text));
}

#[tokio::test]
async fn close_by_the_server_ends_the_stream_with_the_reason() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    peer.send(Message::text(unknown(1))).await.unwrap();
    let frame = CloseFrame { code: CloseCode::Away, reason: "bye".into() };
    peer.close(Some(frame)).await.unwrap();
    assert_eq!(next(&mut events).await.kind(), "Test");
    match end(&mut events).await {
        DisconnectReason::ClosedByServer { code, reason, .. } => {
            assert_eq!((code, &*reason), (Some(1001), "bye"));
        }
        other => panic!("{other}"),
    }
    close_frame(&mut peer).await;
}

#[tokio::test]
async fn cut_connection_leaves_the_outcome_open() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    peer.send(Message::text(unknown(1))).await.unwrap();
    drop(peer);
    assert_eq!(next(&mut events).await.kind(), "Test");
    let reason = end(&mut events).await;
    assert!(matches!(reason, DisconnectReason::ConnectionLost(_)), "{reason}");
}

#[tokio::test]
async fn silent_server_times_out() {
    let (mut events, _peer) =
        connected(|connect| connect.ping_interval(Duration::from_millis(20)).ping_timeout(Duration::from_millis(30)))
            .await;
    let reason = end(&mut events).await;
    assert!(matches!(reason, DisconnectReason::PingTimeout), "{reason}");
}

#[tokio::test]
async fn server_that_answers_pings_is_kept() {
    let (mut events, mut peer) =
        connected(|connect| connect.ping_interval(Duration::from_millis(5)).ping_timeout(Duration::from_secs(10)))
            .await;
    let pings = async {
        let mut pings = 0;
        while pings < 5 {
            // Reading answers the pings.
            pings += usize::from(matches!(peer.next().await, Some(Ok(Message::Ping(_)))));
        }
        peer.send(Message::text(unknown(1))).await.unwrap();
    };
    let (event, ()) = tokio::join!(next(&mut events), within(pings));
    assert_eq!(event.kind(), "Test");
}

#[tokio::test]
async fn extreme_durations_do_not_panic() {
    let (mut events, mut peer) =
        connected(|connect| connect.ping_interval(Duration::MAX).ping_timeout(Duration::MAX)).await;
    peer.send(Message::text(unknown(1))).await.unwrap();
    assert_eq!(next(&mut events).await.kind(), "Test");
}

#[tokio::test]
async fn pings_of_the_server_are_answered() {
    let (_events, mut peer) = connected(|connect| connect).await;
    peer.send(Message::Ping("abc".into())).await.unwrap();
    let pong = within(peer.next()).await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong("abc".into()));
}

#[tokio::test]
async fn overflow_delivers_queued_events_then_the_reason() {
    let (mut events, mut peer) = connected(|connect| connect.buffer_limit(1000)).await;
    for number in 0..50 {
        peer.feed(Message::text(unknown(number))).await.unwrap();
    }
    peer.flush().await.unwrap();
    let frame = close_frame(&mut peer).await.unwrap();
    assert_eq!(frame.code, CloseCode::Policy);
    // Everything received before the end is delivered, without omissions.
    let mut number = 0;
    let reason = loop {
        match within(events.next()).await.unwrap() {
            Ok(Event::Unknown(event)) => assert_eq!(event.raw(), unknown(number)),
            Ok(other) => panic!("{other:?}"),
            Err(Error::Disconnected { reason, .. }) => break reason,
            Err(other) => panic!("{other}"),
        }
        number += 1;
    };
    match reason {
        DisconnectReason::Overflow { bytes, .. } => assert!(bytes > 1000 && number < 50, "{bytes} {number}"),
        other => panic!("{other}"),
    }
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn invalid_websocket_data_ends_the_connection() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    peer.send(Message::text(unknown(1))).await.unwrap();
    // A text frame of one byte that is not UTF-8.
    peer.get_mut().write_all(&[0x81, 1, 0xff]).await.unwrap();
    assert_eq!(next(&mut events).await.kind(), "Test");
    let reason = end(&mut events).await;
    assert!(matches!(reason, DisconnectReason::Protocol { .. }), "{reason}");
    assert_eq!(close_frame(&mut peer).await.unwrap().code, CloseCode::Protocol);
}

#[tokio::test]
async fn requested_close_is_no_error() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    let server = async {
        close_frame(&mut peer).await.unwrap();
        while peer.next().await.is_some() {}
    };
    within(async { tokio::join!(events.close(), server) }).await;
    assert!(within(events.next()).await.is_none());
    within(events.close()).await;
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn events_received_while_closing_are_delivered() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    let server = async {
        peer.send(Message::text(unknown(1))).await.unwrap();
        // A real server may send more before it reads the Close frame.
        peer.feed(Message::text(unknown(2))).await.unwrap();
        peer.flush().await.unwrap();
        close_frame(&mut peer).await.unwrap();
        while peer.next().await.is_some() {}
    };
    within(async { tokio::join!(server, events.close()) }).await;
    assert!(matches!(next(&mut events).await, Event::Unknown(event) if event.raw() == unknown(1)));
    assert!(matches!(next(&mut events).await, Event::Unknown(event) if event.raw() == unknown(2)));
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn cancelled_wait_loses_no_event() {
    let (mut events, mut peer) = connected(|connect| connect).await;
    for number in 0..20 {
        assert!(tokio::time::timeout(Duration::ZERO, events.next()).await.is_err());
        peer.send(Message::text(unknown(number))).await.unwrap();
        assert!(matches!(next(&mut events).await, Event::Unknown(event) if event.raw() == unknown(number)));
    }
}

#[tokio::test]
async fn close_without_an_answer_times_out() {
    let (mut events, _peer) = connected(|connect| connect).await;
    within(events.close()).await;
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn dropping_sends_a_close_frame() {
    let (events, mut peer) = connected(|connect| connect).await;
    drop(events);
    assert_eq!(close_frame(&mut peer).await.unwrap().code, CloseCode::Normal);
}

#[test]
fn runtime_shutdown_closes_without_panic() {
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let server = server.unwrap();
    let program = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (listener, builder) = server.block_on(listen());
    let ari = builder.build().unwrap();
    let peer = server.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        accept_async(stream).await.unwrap()
    });
    let mut events = program.block_on(within(async { ari.events(["x"]).reconnect(Reconnect::never()).await })).unwrap();
    drop(program);
    server.block_on(async {
        close_frame(&mut peer.await.unwrap()).await;
        assert!(matches!(end(&mut events).await, DisconnectReason::ConnectionLost(_)));
        within(events.close()).await;
    });
}

#[tokio::test]
async fn a_wrong_accept_key_is_no_websocket() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                  Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
    let server = Server::answering(answer).await;
    let error = within(server.client.events(["x"])).await.unwrap_err();
    assert!(matches!(error, Error::NotAri { status: 101, .. }), "{error}");
}

#[tokio::test]
async fn handshake_without_response_times_out() {
    let (listener, builder) = listen().await;
    let ari = builder.connect_timeout(Duration::from_millis(50)).build().unwrap();
    let error = within(ari.events(["x"])).await.unwrap_err();
    assert!(error.is_timeout() && matches!(error, Error::Connect { .. }), "{error}");
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with(b"GET /ari/events?app=x HTTP/1.1\r\n"));
}
