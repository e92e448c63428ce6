//! Whether a request may have been executed, and how errors quote the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ari_bindings::{Client, ConnectErrorKind, Error, Method, Request, VariableValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{Server, listen, receive, response, shown, within};

fn is_not_http(error: &Error) -> bool {
    matches!(error, Error::Connect { kind: ConnectErrorKind::NotHttp, .. })
}

#[tokio::test]
async fn gateway_errors_and_foreign_responses_leave_the_outcome_open() {
    let json = |status: &str| response(status, "application/json", r#"{"message":"no"}"#);
    let html = |status: &str| response(status, "text/html", "<html>from a proxy</html>");
    for (answer, maybe_executed) in [
        (json("502 Bad Gateway"), true),
        (json("504 Gateway Timeout"), true),
        (json("408 Request Timeout"), true),
        (html("504 Gateway Timeout"), true),
        (html("500 Internal Server Error"), true),
        (html("200 OK"), true),
        ("HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_owned(), true),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned(), true),
        (json("500 Internal Server Error"), false),
        (json("404 Not Found"), false),
        (json("409 Conflict"), false),
        (html("404 Not Found"), false),
        (html("413 Content Too Large"), false),
    ] {
        let server = Server::answering(answer.as_str()).await;
        let error = within(server.client.channel("1").answer()).await.unwrap_err();
        assert_eq!(error.maybe_executed(), maybe_executed, "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn stray_response_on_a_kept_connection_leaves_the_outcome_open() {
    let (listener, builder) = listen().await;
    let ari = builder.build().unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        receive(&mut stream).await;
        stream.write_all(b"the rest of something else\r\n\r\n").await.unwrap();
        stream
    };
    let client = async {
        ari.channel("1").answer().await.unwrap();
        ari.channel("1").hangup().await.unwrap_err()
    };
    let (_stream, error) = within(async { tokio::join!(server, client) }).await;
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
}

#[cfg(feature = "websocket")]
async fn events_error(ari: &Client) -> Error {
    ari.events(["x"]).await.unwrap_err()
}

#[cfg(not(feature = "websocket"))]
async fn events_error(ari: &Client) -> Error {
    ari.channels().list().await.unwrap_err()
}

/// The server runs in a thread, so that its banner arrives before, during or after the sending of the request.
///
/// On a busy machine, about one request in 100,000 stays unsent until its deadline when its new connection ends at once.
#[test]
fn banner_of_another_protocol_is_not_http_and_executes_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(within(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ari", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").await.ok();
                    stream.read_to_end(&mut Vec::new()).await.ok();
                });
            }
        });
        let (soon, mut timeouts) = (Duration::from_secs(2), 0);
        for _ in 0..300 {
            let ari = Client::builder(&url).timeout(soon).connect_timeout(soon).build().unwrap();
            let request = ari.channels().originate("Local/1@x").await.unwrap_err();
            for error in [request, events_error(&ari).await] {
                assert!((is_not_http(&error) || error.is_timeout()) && !error.maybe_executed(), "{error:?}");
                timeouts += usize::from(error.is_timeout());
            }
        }
        assert!(timeouts <= 2, "{timeouts} of 600 requests came to their deadline");
    }));
}

#[tokio::test]
async fn clear_text_to_a_tls_port_says_so() {
    let alert = [21, 3, 3, 0, 2, 2, 70];
    let nginx = response(
        "400 Bad Request",
        "text/html",
        "<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>",
    );
    for answer in [&alert[..], nginx.as_bytes()] {
        let server = Server::answering(answer).await;
        let error = within(server.client.channel("1").answer()).await.unwrap_err();
        assert!(is_not_http(&error) && !error.maybe_executed(), "{error:?}");
        assert!(shown(&error).contains("https://"), "{}", shown(&error));
    }
}

#[tokio::test]
async fn messages_of_the_server_are_escaped_and_bounded() {
    let message = format!("a\r\nb\u{1b}[2J{}", "x".repeat(10 << 20));
    let body = serde_json::json!({ "message": message }).to_string();
    for (status, content_type, body) in [
        ("500 Internal Server Error", "application/json", body),
        ("401 Unauthorized", "application/json", serde_json::json!({ "message": message }).to_string()),
        ("200 OK", "text/html\u{7f}", format!("<html>{message}")),
        ("200 OK", "application/json", format!("[{message}")),
        ("200 OK", "application/json", serde_json::json!(message).to_string()),
    ] {
        let server = Server::answering(response(status, content_type, &body)).await;
        let error = within(server.client.channels().list()).await.unwrap_err();
        let display = error.to_string();
        assert!(display.len() < 2000 && !display.contains(char::is_control), "{status}: {}", &display[..100]);
        assert!(format!("{error:?}").len() < 200_000, "{status}");
    }
}

/// Objects of a module's configuration may have passwords.
#[tokio::test]
async fn decode_errors_leave_out_confidential_bodies() {
    for malformed in [r#"[{"attribute":"password","value":["hunter2"]},"hunter2"]"#, r#"["hunter2"]"#] {
        let server = Server::json("200 OK", malformed).await;
        let object = server.client.asterisk().get_object("res_pjsip", "auth", "alice");
        let error = within(object).await.unwrap_err();
        let Error::Decode { reason, body, .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains("line 1") && body.contains("left out"), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn send_reaches_operations_that_the_bindings_do_not_have() {
    let mut server = Server::json("200 OK", r#"{"mode":"quiet"}"#).await;
    let request = Request::new(Method::Post, "/ch%61nnels/{channelId}/silenc%65")
        .path_parameter("channelId", "a/b")
        .query_parameter("mode", "quiet & more")
        .json(serde_json::json!({ "x": 1 }));
    let response = within(server.client.send(request)).await.unwrap();
    assert_eq!((response.status(), &*response.text()), (200, r#"{"mode":"quiet"}"#));
    assert_eq!(response.json::<serde_json::Value>().unwrap()["mode"], "quiet");
    assert_eq!(&response.body()[..], br#"{"mode":"quiet"}"#);
    let received = server.received().await;
    assert_eq!(received.line, "POST /ari/ch%61nnels/a%2Fb/silenc%65?mode=quiet%20%26%20more HTTP/1.1");
    assert_eq!(received.body, r#"{"x":1}"#);

    let server = Server::json("404 Not Found", r#"{"message":"Channel not found"}"#).await;
    let request = Request::new(Method::Delete, "/channels/{channelId}").path_parameter("channelId", "1");
    let error = within(server.client.send(request)).await.unwrap_err();
    assert!(error.is_gone() && error.operation().is_none());
    assert_eq!(error.to_string(), "DELETE /channels/1: Asterisk answered 404 Not Found: Channel not found");
}

#[tokio::test]
async fn send_refuses_what_is_no_path() {
    let ari = Client::builder("http://127.0.0.1:1/ari").build().unwrap();
    let relative = ["/channels/../x", "/channels/%2e%2E/x", "/channels/.%2e", "/%2E/x"];
    let broken =
        ["/channels/%", "/channels/%zz", "/channels/%0z", "/channels/%z0/x", "/channels/%0", "/channels/a%00b"];
    let unfilled = ["/channels/{channelId}", "/channels/{channelId", "/channels/channelId}", "/channels/{{x}}"];
    let others = ["channels", "/channels?x=y", "/a b", "/é"];
    for path in [&relative[..], &broken, &unfilled, &others].concat() {
        let error = within(ari.send(Request::new(Method::Get, path))).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { .. }), "{path}: {error}");
    }
    let request = || Request::new(Method::Post, "/channels");
    for request in [
        request().json(serde_json::json!({ "variables": { "A": ["a\0b"] } })),
        request().json(serde_json::json!({ "A\0": 1 })),
        request().query_parameter("app", "a\0b"),
        request().query_parameter("app", "x".repeat(5000)),
    ] {
        let error = within(ari.send(request)).await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { .. }), "{error}");
    }
    let create = Request::new(Method::Get, "/channels/{channelId}").path_parameter("channelId", "create");
    assert!(matches!(within(ari.send(create)).await.unwrap_err(), Error::InvalidRequest { .. }));
}

#[test]
fn names_of_sibling_routes_and_nul_are_refused() {
    let ari = Client::builder("http://127.0.0.1:1/ari").build().unwrap();
    for (request, parameter) in [
        (ari.channel("create").hangup().into_request(), "channelId"),
        (ari.channel("externalMedia").get().into_request(), "channelId"),
        (ari.channels().originate("x").variables([("A", "a\0b")]).into_request(), "variables"),
        (ari.channels().originate("x").variables([("A\0", "b")]).into_request(), "variables"),
        (ari.channels().originate("x").variables([("A", VariableValue::reported("a\0b"))]).into_request(), "variables"),
    ] {
        match request.unwrap_err() {
            Error::InvalidRequest { parameter: at_fault, .. } => assert_eq!(at_fault, parameter),
            other => panic!("{other}"),
        }
    }
    assert!(ari.bridge("create").get().into_request().is_ok());
}

#[tokio::test]
async fn failed_download_no_longer_counts_as_in_progress() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 100\r\n\r\nRIFF";
    let server = Server::answering(head).await;
    let ari = Client::builder(server.client.base_url()).max_requests(1).build().unwrap();
    let mut download = within(ari.recordings().get_stored_file("a")).await.unwrap();
    while within(download.chunk()).await.is_ok() {}
    within(ari.recordings().get_stored_file("b")).await.unwrap();
    drop(download);
}

#[tokio::test]
async fn download_counts_as_in_progress_to_its_end() {
    let (listener, builder) = listen().await;
    let ari = builder.max_requests(1).timeout(Duration::from_millis(300)).build().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            receive(&mut stream).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 100\r\n\r\nRIFF";
            stream.write_all(head.as_bytes()).await.unwrap();
            open.push(stream);
        }
    });
    let mut download = within(ari.recordings().get_stored_file("a")).await.unwrap();
    assert_eq!(within(download.chunk()).await.unwrap().as_deref(), Some(&b"RIFF"[..]));
    let error = within(ari.channels().list()).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error:?}");
}

#[tokio::test]
async fn downloads_have_a_limit_of_size_and_of_time() {
    let file = response("200 OK", "audio/wav", &"x".repeat(100_000));
    let server = Server::answering(file.as_str()).await;
    let url = server.client.base_url().to_owned();
    let small = Client::builder(&url).max_download_size(50_000).build().unwrap();
    let error = within(within(small.recordings().get_stored_file("a")).await.unwrap().bytes()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { .. }) && error.to_string().contains("50000 bytes"), "{error}");
    let exact = Client::builder(&url).max_download_size(100_000).build().unwrap();
    assert_eq!(
        within(within(exact.recordings().get_stored_file("a")).await.unwrap().bytes()).await.unwrap().len(),
        100_000
    );

    let (listener, builder) = listen().await;
    let slow = builder.download_timeout(Duration::from_millis(100)).build().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        receive(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 1000000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while stream.write_all(b"x").await.is_ok() {
            tick.tick().await;
        }
    });
    let error = within(within(slow.recordings().get_stored_file("a")).await.unwrap().bytes()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn http_client_of_the_program_is_used() {
    // A program that enables `tls` and builds its own client does the same.
    #[cfg(feature = "tls")]
    tokio_rustls::rustls::crypto::ring::default_provider().install_default().ok();
    let mut server = Server::json("200 OK", "[]").await;
    let headers = [(reqwest::header::USER_AGENT, "mine".parse().unwrap())].into_iter().collect();
    let client = reqwest::Client::builder().default_headers(headers).no_proxy().build().unwrap();
    let ari =
        Client::builder(server.client.base_url()).credentials("me", "secret").http_client(client).build().unwrap();
    assert_eq!(within(ari.channels().list()).await.unwrap(), []);
    let head = server.received().await.head.to_lowercase();
    assert!(head.contains("user-agent: mine\r\n") && head.contains("authorization: basic "), "{head}");
}

#[tokio::test]
async fn timeout_of_the_given_http_client_is_a_timeout() {
    #[cfg(feature = "tls")]
    tokio_rustls::rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().timeout(Duration::from_millis(50)).no_proxy().build().unwrap();
    // No response, or half of one.
    for response in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n["] {
        let (listener, builder) = listen().await;
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                receive(&mut stream).await;
                counter.fetch_add(1, Ordering::Relaxed);
                stream.write_all(response.as_bytes()).await.unwrap();
                open.push(stream);
            }
        });
        let ari = builder.http_client(client.clone()).retries(3).build().unwrap();
        let error = within(ari.channels().list()).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn upgrade_that_was_not_forwarded_says_so() {
    let html = "<html><title>426 Upgrade Required</title><address>Asterisk/22.10.1</address></html>";
    let server = Server::answering(response("426 Upgrade Required", "text/html", html)).await;
    let error = within(server.client.events(["x"])).await.unwrap_err();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::NoWebSocket, .. }), "{error:?}");
    assert!(error.to_string().contains("does a proxy in front of Asterisk forward them"), "{error}");
}

#[tokio::test]
async fn gateway_error_names_the_server_behind_the_proxy() {
    let html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body></html>";
    for (status, html, shown) in [
        ("502 Bad Gateway", html, "nginx/1.24.0"),
        ("503 Service Unavailable", "<html>no server is available</html>", "no server is available"),
        ("504 Gateway Timeout", html, "nginx/1.24.0"),
        ("502 Bad Gateway", "", "502 Bad Gateway"),
        ("504 Gateway Timeout", "", "504 Gateway Timeout"),
    ] {
        let server = Server::answering(response(status, "text/html", html)).await;
        let request = within(server.client.channel("1").answer()).await.unwrap_err();
        for error in [request, events_error(&server.client).await] {
            assert!(matches!(error, Error::NotAri { .. }), "{error:?}");
            let text = error.to_string();
            assert!(text.contains(shown) && text.contains("is Asterisk running behind the proxy"), "{text}");
        }
    }
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn page_for_an_upgrade_names_websockets_of_proxies() {
    let html = "<html><head><title>404 Not Found</title></head><center>nginx/1.24.0</center></html>";
    for status in ["404 Not Found", "400 Bad Request", "200 OK"] {
        let server = Server::answering(response(status, "text/html", html)).await;
        let error = events_error(&server.client).await.to_string();
        assert!(error.contains("nginx/1.24.0") && error.contains("path of the base URL"), "{error}");
        assert!(error.contains("does a proxy forward WebSockets"), "{error}");
        let error = within(server.client.channels().list()).await.unwrap_err().to_string();
        assert!(!error.contains("WebSockets"), "{error}");
    }
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn upgrade_to_something_else_is_refused() {
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

    for (headers, words) in [
        ("Connection: Upgrade\r\n", "Upgrade is missing"),
        ("Upgrade: h2c\r\nConnection: Upgrade\r\n", "Upgrade is missing"),
        ("Upgrade: websocket\r\n", "Connection"),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: x\r\n", "extensions"),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: x\r\n", "subprotocol"),
    ] {
        let (listener, builder) = listen().await;
        let ari = builder.build().unwrap();
        let (error, _stream) = tokio::join!(within(ari.events(["x"])), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = receive(&mut stream).await.head;
            let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
            let accept = derive_accept_key(key.as_bytes());
            let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{headers}Sec-WebSocket-Accept: {accept}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream
        });
        let error = error.unwrap_err();
        assert!(matches!(error, Error::NotAri { status: 101, .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
