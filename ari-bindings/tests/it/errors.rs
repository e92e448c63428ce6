use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ari_bindings::{Client, ConnectErrorKind, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{Server, listen, receive, response, shown, within};

const NOT_FOUND: &str = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\r\n<html><head>\r\n\
    <title>404 Not Found</title>\r\n</head><body>\r\n<h1>Not Found</h1>\r\n\
    <p>The requested URL was not found on this server.</p>\r\n<hr />\r\n\
    <address>Asterisk/22.10.1</address>\r\n</body></html>\r\n";

async fn answer(server: &Server) -> Error {
    within(server.client.channel("1").answer()).await.unwrap_err()
}

fn kind(error: &Error) -> ConnectErrorKind {
    match error {
        Error::Connect { kind, .. } => *kind,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn refused_connection_names_the_url() {
    let (listener, builder) = listen().await;
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let ari = builder.build().unwrap();
    let request = within(ari.channels().list()).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    for error in [request, events] {
        assert_eq!(kind(&error), ConnectErrorKind::Refused, "{error}");
        assert!(!error.maybe_executed());
        let where_ = format!("cannot connect to http://127.0.0.1:{port}/ari: connection refused");
        assert!(error.to_string().starts_with(&where_), "{error}");
        assert!(!shown(&error).contains("sessionlimit"), "{}", shown(&error));
    }
}

#[tokio::test]
async fn unresolvable_host_is_a_dns_error() {
    let ari = Client::builder("http://me:secret@nonexistent.invalid:8088/ari").build().unwrap();
    let request = within(ari.channels().list()).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    for error in [request, events] {
        assert_eq!(kind(&error), ConnectErrorKind::Dns, "{error:?}");
        // The error differs if no resolver is available.
        let resolver = std::error::Error::source(&error).unwrap().to_string();
        assert!(error.to_string().ends_with("is it spelled right?") && !resolver.is_empty(), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn connect_without_accept_times_out() {
    // A full backlog: the kernel completes no further connection.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    let builder = Client::builder(format!("http://{address}/ari"));
    let ari = builder.clone().connect_timeout(Duration::from_millis(50)).build().unwrap();
    let request = within(ari.channels().list()).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    // Nothing was sent either when the request times out.
    let ari = builder.timeout(Duration::from_millis(50)).build().unwrap();
    let hasty = within(ari.channel("1").answer()).await.unwrap_err();
    for error in [request, events, hasty] {
        assert_eq!(kind(&error), ConnectErrorKind::Timeout, "{error:?}");
        assert!(error.is_timeout());
        assert!(!error.maybe_executed());
    }
}

#[tokio::test]
async fn endless_reply_is_bounded() {
    let (listener, builder) = listen().await;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[").await.unwrap();
        while stream.write_all(&[b' '; 1 << 14]).await.is_ok() {}
    });
    let error = within(builder.build().unwrap().channels().list()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { body, .. } if body.len() == 1000), "{error}");
    assert!(error.to_string().contains("longer than 67108864 bytes"), "{error}");
    // The connection is closed, so that the server stops.
    within(serving).await.unwrap();
}

#[tokio::test]
async fn proxy_404_is_not_ari() {
    let server = Server::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    let error = answer(&server).await;
    assert!(matches!(error, Error::NotAri { status: 404, .. }) && !error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn wrong_password_is_unauthorized() {
    let server = Server::json("401 Unauthorized", r#"{"message":"Authentication required"}"#).await;
    let error = answer(&server).await;
    assert!(matches!(error, Error::Unauthorized { .. }));
    assert_eq!((error.status(), error.message()), (Some(401), Some("Authentication required")));
    let events = within(server.client.events(["x"])).await.unwrap_err();
    assert!(matches!(events, Error::Unauthorized { .. }));
    assert_eq!(events.message(), Some("Authentication required"));
}

#[tokio::test]
async fn refusal_has_status_message_and_body() {
    for (status, body, message, shown) in [
        (
            "404 Not Found",
            r#"{"message":"Channel not found"}"#,
            Some("Channel not found"),
            "404 Not Found: Channel not found",
        ),
        (
            "500 Internal Server Error",
            r#"{"error":"Allocation failed"}"#,
            Some("Allocation failed"),
            "500 Internal Server Error: Allocation failed",
        ),
        (
            "403 Forbidden",
            r#"{"message":"Write access denied"}"#,
            Some("Write access denied"),
            "403 Forbidden: Write access denied",
        ),
        ("500 Internal Server Error", "", None, "500 Internal Server Error"),
    ] {
        let server = Server::json(status, body).await;
        let error = answer(&server).await;
        assert_eq!(error.message(), message);
        assert_eq!(error.status(), status[..3].parse().ok());
        assert_eq!(error.is_not_found(), status.starts_with("404"));
        let operation = "channels.answer (POST /channels/1/answer)";
        assert_eq!(error.to_string(), format!("{operation}: Asterisk answered {shown}"));
        match error {
            Error::Refused { body: kept, .. } => assert_eq!(&*kept, body),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn html_of_asterisk_is_a_refusal() {
    let html = NOT_FOUND.replace("404 Not Found", "400 Bad Request");
    let server = Server::answering(response("400 Bad Request", "text/html", &html)).await;
    for error in [answer(&server).await, within(server.client.events(["x"])).await.unwrap_err()] {
        assert!(matches!(error, Error::Refused { status: 400, .. }), "{error}");
        assert!(error.message().unwrap().starts_with("400 Bad Request Not Found The requested"));
    }
}

#[tokio::test]
async fn response_of_another_server_is_not_ari() {
    for (status, html) in [
        ("404 Not Found", NOT_FOUND),
        ("200 OK", "<html><body>Welcome</body></html>"),
        ("302 Found", "<html><body>Moved</body></html>"),
    ] {
        let server = Server::answering(response(status, "text/html; charset=utf-8", html)).await;
        let json = within(server.client.channels().list()).await.unwrap_err();
        let file = within(server.client.recordings().get_stored_file("a")).await.unwrap_err();
        let events = within(server.client.events(["x"])).await.unwrap_err();
        for error in [answer(&server).await, json, file, events] {
            assert_eq!(error.status(), status[..3].parse().ok());
            assert!(!error.is_not_found());
            let shown = error.to_string();
            assert!(shown.contains("is not ARI: it answered") && shown.contains(status), "{shown}");
            assert!(matches!(error, Error::NotAri { .. }));
        }
    }
}

#[tokio::test]
async fn redirection_is_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering(answer).await;
    let error = within(server.client.channels().list()).await.unwrap_err();
    assert!(error.to_string().contains("redirected to /login"), "{error}");
}

#[tokio::test]
async fn slow_reply_times_out() {
    let (listener, builder) = listen().await;
    let ari = builder.timeout(Duration::from_millis(50)).build().unwrap();
    let (error, _stream) = tokio::join!(within(ari.channels().list()), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[").await.unwrap();
        stream
    });
    let error = error.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error}");
    assert!(error.is_timeout() && error.maybe_executed());
}

#[tokio::test]
async fn stalled_download_times_out() {
    let (listener, builder) = listen().await;
    let ari = builder.timeout(Duration::from_millis(100)).build().unwrap();
    let download = async {
        let mut download = ari.recordings().get_stored_file("a").await.unwrap();
        assert_eq!(download.chunk().await.unwrap().unwrap(), "RIFF");
        let error = download.chunk().await.unwrap_err();
        assert_eq!(download.chunk().await.unwrap(), None);
        error
    };
    let (error, _stream) = tokio::join!(within(download), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nRIFF").await.unwrap();
        stream
    });
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error}");
}

#[tokio::test]
async fn closed_connection_leaves_the_outcome_open() {
    let server = Server::answering("").await;
    let error = answer(&server).await;
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error}");
    assert!(error.to_string().ends_with("the request may have been executed"), "{error}");
    let events = within(server.client.events(["x"])).await.unwrap_err();
    assert!(shown(&events).contains("sessionlimit"), "{events}");
}

#[tokio::test]
async fn too_large_body_is_refused_by_asterisk() {
    let body = r#"{"message":"Request body too large"}"#;
    let answer = response("413 Request Entity Too Large", "application/json", body);
    let error = answer_unread(&answer, 50_000).await;
    assert!(matches!(error, Error::Refused { status: 413, .. }), "{error:?}");
}

#[tokio::test]
async fn closed_connection_while_sending_leaves_the_outcome_open() {
    let error = answer_unread("HTTP/1.1 413 Request Entity", 32 << 20).await;
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
    assert!(error.to_string().contains("the connection was lost before the response"), "{error}");
}

/// The error of a request with a body of this size, which the server answers before it reads it.
async fn answer_unread(answer: &str, size: usize) -> Error {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let value = "x".repeat(size);
    let request = ari.channels().originate("PJSIP/a").variables([("A", &value)]);
    let (error, ()) = tokio::join!(within(request), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    error.unwrap_err()
}

#[tokio::test]
async fn events_and_requests_show_no_secret() {
    let server = Server::json("401 Unauthorized", "{}").await;
    let builder = Client::builder("http://me:secret@localhost/ari").credentials("me", "secret");
    let events = server.client.events(["x"]);
    let answer = server.client.channel("1").answer();
    let shown = format!("{builder:?} {:?} {events:?} {answer:?}", server.client);
    assert!(!shown.contains("secret") && !shown.contains("bWU6c2VjcmV0"), "{shown}");
    let error = within(events).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[test]
fn missing_runtime_is_an_error() {
    let ari = Client::builder("http://localhost:1/ari").build().unwrap();
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    let mut list = std::pin::pin!(std::future::IntoFuture::into_future(ari.channels().list()));
    match list.as_mut().poll(cx) {
        std::task::Poll::Ready(Err(Error::Config { reason, .. })) => assert!(reason.contains("Tokio")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn unusable_configuration_is_refused() {
    for (builder, words) in [
        (Client::builder("localhost:8088/ari"), "must begin with http://"),
        (Client::builder("ws://localhost:8088/ari"), "scheme"),
        (Client::builder("http://localhost/ari").credentials("a:b", "c"), "`:`"),
        (Client::builder("http://a%3Ab:c@localhost/ari"), "`:`"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    #[cfg(not(feature = "tls"))]
    assert!(Client::builder("https://x/ari").build().unwrap_err().to_string().contains("`tls`"));
}

#[test]
fn error_is_small_send_and_sync() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<Error>();
    assert!(size_of::<Error>() <= 80, "{}", size_of::<Error>());
}

#[tokio::test]
async fn broken_head_leaves_the_outcome_open() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nno header\r\n\r\n").await;
    let error = answer(&server).await;
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
    assert!(error.maybe_executed());
    let events = within(server.client.events(["x"])).await.unwrap_err();
    assert_eq!(kind(&events), ConnectErrorKind::Other, "{events}");
}

#[tokio::test]
async fn foreign_banner_is_not_http() {
    speaks_something_else(true).await;
}

#[tokio::test]
async fn foreign_response_is_not_http() {
    speaks_something_else(false).await;
}

async fn speaks_something_else(at_once: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ari", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            if !at_once {
                receive(&mut stream).await;
            }
            // The banner of the manager interface, and nothing else.
            stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        }
    });
    let ari = Client::builder(&url).retries(3).build().unwrap();
    let request = within(ari.channels().originate("Local/1@x")).await.unwrap_err();
    let events = within(ari.events(["x"])).await.unwrap_err();
    for error in [request, events] {
        assert_eq!(kind(&error), ConnectErrorKind::NotHttp, "{error:?}");
        assert!(!error.maybe_executed());
        assert!(error.to_string().starts_with(&format!("cannot connect to {url}: what listens there")), "{error}");
    }
    // Not worth a retry: it will not speak HTTP later either.
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
}
