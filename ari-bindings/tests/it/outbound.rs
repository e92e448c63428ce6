//! Connections that Asterisk opens.

use std::time::{Duration, Instant};

use ari_bindings::outbound::{Listener, ListenerBuilder, Session};
use ari_bindings::{Client, ConnectErrorKind, DisconnectReason, Error, Event};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Error as WsError, http};

use crate::fake::Fake;
use crate::fake::{Peer, next_text, numbered, send};
use crate::server::within;

pub(crate) const GOOD: [(&str, &str); 2] = [("Authorization", "Basic bWU6c2VjcmV0"), ("Sec-WebSocket-Protocol", "ari")];

pub(crate) async fn listen(configure: impl FnOnce(ListenerBuilder) -> ListenerBuilder) -> Listener {
    let builder = Listener::builder().credentials("me", "secret").applications(["x", "y"]);
    configure(builder).bind("127.0.0.1:0").await.unwrap()
}

/// Connects as Asterisk does.
pub(crate) async fn dial(listener: &Listener, headers: &[(&'static str, &str)]) -> Result<Peer, WsError> {
    let mut request = format!("ws://{}/ari?server=1", listener.local_addr()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(listener.local_addr()).await.unwrap();
    let (peer, response) = within(tokio_tungstenite::client_async(request, stream)).await?;
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "ari");
    Ok(peer)
}

pub(crate) fn registered(app: &str) -> String {
    let members = json!({
        "type": "ApplicationRegistered", "application": app, "timestamp": "2026-11-23T11:49:38.950+0000",
        "asterisk_id": "02:00:00:00:00:01",
    });
    members.to_string()
}

pub(crate) async fn session(listener: &mut Listener) -> (Session, Peer) {
    let mut peer = dial(listener, &GOOD).await.unwrap();
    send(&mut peer, registered("x")).await;
    (within(listener.accept()).await.unwrap(), peer)
}

pub(crate) async fn close_frame(peer: &mut WebSocketStream<TcpStream>) -> CloseFrame {
    loop {
        if let Message::Close(frame) = within(peer.next()).await.expect("a Close frame").unwrap() {
            return frame.expect("a reason");
        }
    }
}

/// Runs the same test on an inbound and on an outbound connection.
async fn first_kind_and_ping(ari: &Client, peer: &mut Peer) -> Value {
    let (pong, ()) = within(async {
        tokio::join!(ari.asterisk().ping(), async {
            let request = next_text(peer).await;
            assert_eq!(request["uri"], "asterisk/ping");
            let body = r#"{"asterisk_id":"a","ping":"pong","timestamp":"2026-11-23T11:49:38.950+0000"}"#;
            let reply = json!({
                "type": "RESTResponse", "request_id": request["request_id"], "status_code": 200,
                "reason_phrase": "OK", "content_type": "application/json", "message_body": body,
            });
            send(peer, reply.to_string()).await;
        })
    })
    .await;
    pong.unwrap().ping.into()
}

#[tokio::test]
async fn session_has_client_and_events() {
    let mut listener = listen(|builder| builder).await;
    let (mut session, mut peer) = session(&mut listener).await;
    assert_eq!((session.application(), session.path()), ("x", "/ari?server=1"));
    assert_eq!(session.peer(), peer.get_ref().local_addr().unwrap());
    assert_eq!(session.client().base_url(), format!("ws://{}", session.peer()));
    assert_eq!(listener.open_sessions(), 1);
    let event = within(session.events().next()).await.unwrap().unwrap();
    assert!(matches!(event, Event::ApplicationRegistered(it) if it.application == "x"));
    let (ari, mut events) = session.into_parts();
    assert_eq!(first_kind_and_ping(&ari, &mut peer).await, "pong");
    send(&mut peer, numbered(1)).await;
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "Test");

    // The program cannot reconnect: the stream ends, and requests fail without being sent.
    drop(peer);
    let error = within(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::ConnectionLost(_), .. }), "{error}");
    assert!(within(events.next()).await.is_none());
    let unsent = within(ari.asterisk().ping()).await.unwrap_err();
    assert!(matches!(unsent, Error::Connect { kind: ConnectErrorKind::Disconnected, .. }), "{unsent}");
    let reason = error.to_string().split_once(": ").unwrap().1.to_owned();
    let cause = std::error::Error::source(&unsent).unwrap().to_string();
    assert!(cause.ends_with(&reason), "{cause}: not for {reason}");
    within(async {
        while listener.open_sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn immense_timeouts_are_accepted() {
    let mut listener = listen(|builder| {
        let builder = builder.timeout(Duration::MAX).handshake_timeout(Duration::MAX);
        builder.application_timeout(Duration::MAX).ping_interval(Duration::MAX).ping_timeout(Duration::MAX)
    })
    .await;
    let (session, mut peer) = session(&mut listener).await;
    assert_eq!(first_kind_and_ping(session.client(), &mut peer).await, "pong");
}

#[tokio::test]
async fn session_closed_by_asterisk_ends_without_error() {
    let mut listener = listen(|builder| builder).await;
    let (session, mut peer) = session(&mut listener).await;
    let (_ari, mut events) = session.into_parts();
    let frame = CloseFrame { code: 1000.into(), reason: "".into() };
    within(peer.close(Some(frame))).await.unwrap();
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "ApplicationRegistered");
    assert!(within(events.next()).await.is_none());
}

#[tokio::test]
async fn listener_refuses_strangers_without_delaying_others() {
    let mut listener = listen(|builder| builder.application_timeout(Duration::from_millis(200))).await;
    let refused = |result: Result<Peer, WsError>| match result.map(drop).unwrap_err() {
        WsError::Http(response) => {
            assert_eq!(response.headers().contains_key("WWW-Authenticate"), response.status() == 401);
            (response.status().as_u16(), String::from_utf8(response.body().clone().unwrap_or_default()).unwrap())
        }
        other => panic!("{other}"),
    };
    let protocol = GOOD[1];
    for credentials in [vec![], vec![("Authorization", "Basic bWU6c2VjcmVU")], vec![("Authorization", "Bearer x")]] {
        let headers: Vec<_> = credentials.into_iter().chain([protocol]).collect();
        assert_eq!(refused(dial(&listener, &headers).await).0, 401);
    }
    for protocols in [vec![], vec![("Sec-WebSocket-Protocol", "media, arix")]] {
        let headers: Vec<_> = protocols.into_iter().chain([GOOD[0]]).collect();
        let (status, reason) = refused(dial(&listener, &headers).await);
        assert!(status == 400 && reason.contains("protocols = ari"), "{status} {reason}");
    }
    // A wrong application, none at all, an invalid one, and a connection that is no WebSocket.
    let mut wrong = dial(&listener, &GOOD).await.unwrap();
    let sent = Instant::now();
    send(&mut wrong, registered(&format!("xyz:{}", "ü".repeat(100)))).await;
    let frame = close_frame(&mut wrong).await;
    // If it were closed immediately, Asterisk would reconnect immediately.
    assert!(sent.elapsed() >= Duration::from_millis(900), "{:?}", sent.elapsed());
    assert!(u16::from(frame.code) == 1008 && frame.reason.contains("xyz"), "{frame:?}");
    let mut silent = dial(&listener, &GOOD).await.unwrap();
    let mut mad = dial(&listener, &GOOD).await.unwrap();
    for number in 0..16 {
        send(&mut mad, numbered(number)).await;
    }
    let reason = close_frame(&mut mad).await.reason;
    assert!(reason.contains("do not name"), "{reason}");
    let mut http = TcpStream::connect(listener.local_addr()).await.unwrap();
    http.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    within(http.read_to_end(&mut answer)).await.ok();
    assert!(!answer.starts_with(b"HTTP/1.1 101"), "{answer:?}");

    // A valid connection is accepted immediately.
    let (_session, _peer) = session(&mut listener).await;
    assert!(close_frame(&mut silent).await.reason.contains("in time"));
    assert!(sent.elapsed() < Duration::from_secs(5), "{:?}", sent.elapsed());
}

#[tokio::test]
async fn everything_is_accepted_by_default() {
    let mut listener = Listener::builder().bind("127.0.0.1:0").await.unwrap();
    let mut peer = dial(&listener, &[("Sec-WebSocket-Protocol", "media, ari")]).await.unwrap();
    send(&mut peer, registered("any")).await;
    assert_eq!(within(listener.accept()).await.unwrap().application(), "any");
}

#[tokio::test]
async fn events_before_application_come_in_order() {
    let mut listener = listen(|builder| builder).await;
    let mut peer = dial(&listener, &GOOD).await.unwrap();
    let mut shown: Vec<_> = (0..15).map(numbered).collect();
    shown.extend([registered("x"), numbered(16)]);
    for event in &shown {
        send(&mut peer, event.as_str()).await;
    }
    let mut session = within(listener.accept()).await.unwrap();
    for expected in shown {
        within(session.events().next()).await.unwrap().unwrap();
        assert_eq!(session.events().raw(), Some(&*expected));
    }
}

#[tokio::test]
async fn per_call_session_has_channel_in_application_name() {
    let mut listener = listen(|builder| builder).await;
    let mut peer = dial(&listener, &GOOD).await.unwrap();
    // As in Asterisk 22: the name of the channel, not its id.
    let name = "y:Local/stasis-y@default-00000000;2";
    send(&mut peer, registered(name)).await;
    assert_eq!(within(listener.accept()).await.unwrap().application(), name);
}

#[tokio::test]
async fn max_sessions_answers_503() {
    let mut listener = listen(|builder| builder.max_sessions(1)).await;
    let (first, _peer) = session(&mut listener).await;
    let WsError::Http(response) = dial(&listener, &GOOD).await.map(drop).unwrap_err() else { panic!("a refusal") };
    assert_eq!(response.status(), http::StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    within(async {
        while listener.open_sessions() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    session(&mut listener).await;
}

#[tokio::test]
async fn max_message_size_ends_session() {
    let mut listener = listen(|builder| builder.max_message_size(1000)).await;
    let (session, mut peer) = session(&mut listener).await;
    let (_ari, mut events) = session.into_parts();
    assert_eq!(within(events.next()).await.unwrap().unwrap().kind(), "ApplicationRegistered");
    send(&mut peer, "x".repeat(1001)).await;
    let error = within(events.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Disconnected { reason: DisconnectReason::Protocol { .. }, .. }), "{error}");
}

#[tokio::test]
async fn open_sessions_counts_with_any_limit() {
    let mut listener = listen(|builder| builder.max_sessions(usize::MAX)).await;
    assert_eq!(listener.open_sessions(), 0);
    let (_session, _peer) = session(&mut listener).await;
    assert_eq!(listener.open_sessions(), 1);
}

#[tokio::test]
async fn downloads_use_http_client() {
    let fake = Fake::start().await;
    fake.answer("GET /recordings/stored/r/file", 200, json!("file"));
    let mut listener = listen(|builder| builder.http(&fake.client())).await;
    let (with, _peer) = session(&mut listener).await;
    let file = within(with.client().recordings().get_stored_file("r")).await.unwrap();
    assert_eq!(within(file.bytes()).await.unwrap(), br#""file""#);
    // Pending connections count towards both limits.
    let http = fake.builder().max_requests(1).timeout(Duration::from_millis(100)).build().unwrap();
    let mut listener = listen(|builder| builder.http(&http)).await;
    let (with, _peer) = session(&mut listener).await;
    let _under_way = within(with.client().recordings().get_stored_file("r")).await.unwrap();
    let error = within(http.asterisk().ping()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error:?}");

    let mut listener = listen(|builder| builder).await;
    let (without, _peer) = session(&mut listener).await;
    let error = within(without.client().recordings().get_stored_file("r")).await.unwrap_err();
    assert!(error.to_string().contains("HTTP only"), "{error}");
    let error = within(without.client().events(["x"])).await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
}

#[tokio::test]
async fn user_with_a_colon_is_refused() {
    let error = Listener::builder().credentials("a:b", "secret").bind("127.0.0.1:0").await.unwrap_err();
    assert!(error.to_string().contains("`:`") && !error.to_string().contains("secret"), "{error}");
}

#[cfg(feature = "tls")]
async fn dial_tls(listener: &Listener) -> Result<WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>>, WsError> {
    use std::sync::Arc;

    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(listener.local_addr()).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = within(tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap();
    let mut request = "wss://127.0.0.1/".into_client_request().unwrap();
    for (name, value) in GOOD {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    Ok(within(Box::pin(tokio_tungstenite::client_async(request, stream))).await?.0)
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn sessions_over_tls() {
    let (certificate, key) = (include_bytes!("tls/server.pem"), include_bytes!("tls/server.key"));
    let mut listener = listen(|builder| builder.certificate_pem(certificate, key).max_sessions(1)).await;
    let mut peer = dial_tls(&listener).await.unwrap();
    within(futures_util::SinkExt::send(&mut peer, Message::text(registered("x")))).await.unwrap();
    let _session = within(listener.accept()).await.unwrap();

    // The refusal at the limit is encrypted as well.
    let WsError::Http(response) = dial_tls(&listener).await.map(drop).unwrap_err() else { panic!("a refusal") };
    assert_eq!(response.status(), http::StatusCode::SERVICE_UNAVAILABLE);

    let builder = Listener::builder().certificate_pem("none", "none");
    // It is checked before the address, which is taken.
    let error = builder.bind(listener.local_addr()).await.unwrap_err();
    assert!(error.to_string().contains("BEGIN CERTIFICATE"), "{error}");
}
