//! Clients whose requests a service carries.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ari_bindings::{Bytes, Client, ClientBuilder, ConnectErrorKind, Error, HttpService, ServiceError};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::time::Instant;

type Reply = Result<Response<Bytes>, ServiceError>;

/// A service with scripted replies; without one, a request is never answered.
#[derive(Clone, Default)]
struct Scripted {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Scripted {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Arc::new(Mutex::new(replies.into_iter().collect())), seen: Arc::default() }
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder("http://fake.example/prefix/ari").credentials("me", "secret").http_service(self.clone())
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn seen(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    async fn reply(&self, request: Request<Bytes>) -> Reply {
        self.seen.lock().unwrap().push(request);
        let reply = self.replies.lock().unwrap().pop_front();
        match reply {
            Some(reply) => reply,
            None => std::future::pending().await,
        }
    }
}

impl HttpService for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Reply {
        self.reply(request).await
    }
}

#[expect(clippy::unnecessary_wraps, reason = "scripts have errors, too")]
fn reply(status: u16, body: &'static str) -> Reply {
    Ok(Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
}

fn not_sent(kind: io::ErrorKind) -> Reply {
    Err(ServiceError::NotSent(kind.into()))
}

fn lost() -> Reply {
    Err(ServiceError::Lost(io::ErrorKind::ConnectionReset.into()))
}

#[tokio::test]
async fn service_gets_what_http_would_send() {
    let service = Scripted::new([reply(200, "[]"), reply(204, "")]);
    let ari = service.client();
    assert_eq!(ari.channels().list().await.unwrap(), []);
    ari.channel("a/b").set_channel_vars([("A", "ä")]).await.unwrap();
    let seen = service.seen();
    let line = |request: &Request<Bytes>| format!("{} {}", request.method(), request.uri());
    assert_eq!(line(&seen[0]), "GET http://fake.example/prefix/ari/channels");
    assert_eq!(line(&seen[1]), "POST http://fake.example/prefix/ari/channels/a%2Fb/variables");
    let header = |headers: &HeaderMap, name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header(seen[0].headers(), "authorization").unwrap(), "Basic bWU6c2VjcmV0");
    assert_eq!(header(seen[0].headers(), "content-type"), None);
    assert_eq!(header(seen[1].headers(), "content-type").unwrap(), "application/json");
    assert_eq!(seen[1].body(), r#"{"variables":{"A":"ä"}}"#);
}

#[tokio::test]
async fn refusals_of_a_service_are_errors_as_over_http() {
    let service = Scripted::new([
        reply(404, r#"{"message":"Channel not found"}"#),
        reply(401, r#"{"message":"Authentication required"}"#),
        reply(200, "not JSON"),
    ]);
    let ari = service.client();
    let error = ari.channel("x").get().await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(404), Some("Channel not found")));
    assert!(matches!(ari.channels().list().await, Err(Error::Unauthorized { .. })));
    assert!(matches!(ari.channels().list().await, Err(Error::Decode { .. })));
}

#[tokio::test]
async fn errors_of_a_service_say_whether_the_request_was_sent() {
    let service = Scripted::new([
        not_sent(io::ErrorKind::ConnectionRefused),
        not_sent(io::ErrorKind::TimedOut),
        not_sent(io::ErrorKind::BrokenPipe),
        lost(),
    ]);
    let ari = service.client();
    for expected in [ConnectErrorKind::Refused, ConnectErrorKind::Timeout, ConnectErrorKind::Other] {
        match ari.asterisk().ping().await.unwrap_err() {
            Error::Connect { kind, url, .. } => {
                assert_eq!((kind, &*url), (expected, "http://fake.example/prefix/ari"));
            }
            error => panic!("{error}"),
        }
    }
    let error = ari.asterisk().ping().await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn requests_to_a_service_are_retried_if_that_is_safe() {
    let refused = || not_sent(io::ErrorKind::ConnectionRefused);
    let service = Scripted::new([refused(), lost(), reply(200, "[]"), refused(), lost()]);
    let ari = service.builder().retries(5).build().unwrap();
    assert_eq!(ari.channels().list().await.unwrap(), []);
    assert!(ari.channel("x").answer().await.unwrap_err().maybe_executed());
    assert_eq!(service.seen().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn deadlines_of_requests_follow_the_clock_of_the_test() {
    let service = Scripted::default();
    let ari = service.builder().timeout(Duration::from_secs(7)).build().unwrap();
    let started = Instant::now();
    let error = ari.channels().list().await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error}");
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn request_waits_for_its_turn_until_its_deadline() {
    let service = Scripted::default();
    let ari = service.builder().timeout(Duration::from_secs(7)).max_requests(1).build().unwrap();
    let first = tokio::spawn(ari.channels().list().into_future());
    tokio::task::yield_now().await;
    let error = ari.channels().list().await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error}");
    first.await.unwrap().unwrap_err();
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn downloads_of_a_service_are_read_like_any() {
    let wav = Response::builder().status(StatusCode::OK).header("content-type", "audio/wav");
    let service = Scripted::new([Ok(wav.body(Bytes::from_static(b"RIFF")).unwrap())]);
    let download = service.client().recordings().get_stored_file("x").await.unwrap();
    assert_eq!((download.content_type(), download.content_length()), (Some("audio/wav"), Some(4)));
    assert_eq!(download.bytes().await.unwrap(), b"RIFF");
}

#[test]
fn service_takes_the_place_of_tls() {
    let builder = Client::builder("https://fake.example/ari").http_service(Scripted::default());
    builder.build().unwrap();
}

#[cfg(feature = "tls-no-provider")]
#[test]
fn service_excludes_settings_of_tls() {
    let builder = Client::builder("https://fake.example/ari").http_service(Scripted::default());
    let error = builder.server_name("other.example").build().unwrap_err();
    assert!(error.to_string().contains("`http_service`"), "{error}");
}

#[cfg(feature = "websocket")]
mod events {
    use ari_bindings::{DisconnectReason, Event, Upgrade};
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio::io::DuplexStream;
    use tokio::sync::mpsc;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    type Socket = WebSocketStream<DuplexStream>;

    /// A service whose event connections the test gets.
    struct Connecting {
        http: Scripted,
        connections: mpsc::UnboundedSender<(Request<()>, Socket)>,
        refusals: Mutex<VecDeque<Result<Upgrade, ServiceError>>>,
    }

    impl HttpService for Connecting {
        async fn send(&self, request: Request<Bytes>) -> Reply {
            self.http.reply(request).await
        }

        async fn upgrade(&self, request: Request<()>) -> Result<Upgrade, ServiceError> {
            if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
                return refusal;
            }
            let (near, far) = tokio::io::duplex(1 << 16);
            let socket = WebSocketStream::from_raw_socket(far, Role::Server, None).await;
            self.connections.send((request, socket)).unwrap();
            Ok(Upgrade::accepted(near))
        }
    }

    fn start(
        refusals: impl IntoIterator<Item = Result<Upgrade, ServiceError>>,
    ) -> (Client, mpsc::UnboundedReceiver<(Request<()>, Socket)>) {
        let (connections, receiver) = mpsc::unbounded_channel();
        let refusals = Mutex::new(refusals.into_iter().collect());
        let service = Connecting { http: Scripted::default(), connections, refusals };
        let builder = Client::builder("http://fake.example/ari").credentials("me", "secret").http_service(service);
        (builder.build().unwrap(), receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn events_come_over_the_stream_of_a_service() {
        let (ari, mut connections) = start([]);
        let mut events = ari.events("x").await.unwrap();
        let (request, mut socket) = connections.recv().await.unwrap();
        assert_eq!(request.uri(), "http://fake.example/ari/events?app=x");
        assert!(request.headers().contains_key("authorization"));
        socket.send(Message::text(r#"{"type":"New","application":"x"}"#)).await.unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().kind(), "New");
        let closing = tokio::spawn(async move { while socket.next().await.is_some() {} });
        events.close().await;
        closing.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn silent_stream_of_a_service_is_pinged_and_replaced() {
        let (ari, mut connections) = start([]);
        let started = Instant::now();
        let mut events = ari.events("x").await.unwrap();
        let (_, _silent) = connections.recv().await.unwrap();
        let Event::Disconnected(lost) = events.next().await.unwrap().unwrap() else { panic!("no loss") };
        assert_eq!(started.elapsed(), Duration::from_secs(10));
        assert!(matches!(lost.reason, DisconnectReason::PingTimeout), "{:?}", lost.reason);
        connections.recv().await.unwrap();
    }

    #[tokio::test]
    async fn refused_upgrade_of_a_service_is_an_error_as_over_http() {
        let refused = |status, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok(Upgrade::refused(response))
        };
        let (ari, _connections) = start([
            refused(401, r#"{"message":"Authentication required"}"#),
            refused(426, "Upgrade Required"),
            refused(101, ""),
            Err(ServiceError::NotSent(io::ErrorKind::ConnectionRefused.into())),
        ]);
        let mut errors = Vec::new();
        for _ in 0..4 {
            errors.push(ari.events("x").await.unwrap_err());
        }
        assert!(matches!(errors[0], Error::Unauthorized { .. }), "{errors:?}");
        assert!(matches!(errors[1], Error::Connect { kind: ConnectErrorKind::NoWebSocket, .. }), "{errors:?}");
        assert!(matches!(errors[2], Error::NotAri { status: 101, .. }), "{errors:?}");
        assert!(matches!(errors[3], Error::Connect { kind: ConnectErrorKind::Refused, .. }), "{errors:?}");
    }

    #[tokio::test]
    async fn service_without_upgrades_has_no_events() {
        let error = Scripted::default().client().events("x").await.unwrap_err();
        assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Other, .. }), "{error}");
    }
}
