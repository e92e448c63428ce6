//! HTTP as it is on the wire.

use ari_test::Fake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// `asterisk:asterisk`
const BASIC: &str = "Authorization: Basic YXN0ZXJpc2s6YXN0ZXJpc2s=\r\n";

/// Sends the head of a request to a server, and returns the response until the connection ends.
async fn exchange(fake: &Fake, line: &str, headers: &str, body: &str) -> String {
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(port.address()).await.unwrap();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\n{length}{headers}\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    String::from_utf8(response).unwrap()
}

async fn closing(line: &str, headers: &str, body: &str) -> String {
    exchange(&Fake::new(), line, &format!("Connection: close\r\n{headers}"), body).await
}

#[tokio::test]
async fn other_paths_get_the_page_of_the_http_server() {
    let fake = Fake::builder().release("22.10.1").start();
    let response = exchange(&fake, "GET /", "Connection: close\r\n", "").await;
    assert!(response.starts_with("HTTP/1.1 404 Not Found\r\n"), "{response}");
    assert!(response.contains("\r\nContent-Type: text/html\r\n") && response.contains("\r\nContent-Length: 248\r\n"));
    assert!(response.contains("\r\nServer: Asterisk/22.10.1\r\n"), "{response}");
    assert!(response.ends_with("<hr />\r\n<address>Asterisk/22.10.1</address>\r\n</body></html>\r\n"), "{response}");
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let headers = format!("{BASIC}Content-Type: application/json\r\n");
    let response = exchange(&Fake::new(), "POST /ari/channels", &headers, &"x".repeat(40961)).await;
    assert!(response.starts_with("HTTP/1.1 413 Request Entity Too Large\r\n"), "{response}");
    assert!(response.contains("\r\nConnection: close\r\n"), "{response}");
    assert!(response.ends_with("\r\n\r\n{\"message\":\"Request body too large\"}"), "{response}");
    for (kind, length) in [("application/json", 40960), ("text/plain", 40961)] {
        let headers = format!("{BASIC}Content-Type: {kind}\r\n");
        let body = format!("{{{}}}", " ".repeat(length - 2));
        let response = closing("POST /ari/nothing", &headers, &body).await;
        assert!(response.starts_with("HTTP/1.1 404 Not Found\r\n"), "{response}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_end_without_a_word() {
    let fake = Fake::builder().session_limit(0).start();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(port.address()).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn long_request_lines_are_refused() {
    let response = exchange(&Fake::new(), &format!("GET /ari/{}", "x".repeat(4095)), BASIC, "").await;
    assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{response}");
}

const UPGRADE: &str = "Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn upgrades_that_asterisk_refuses() {
    for (path, headers, status) in [
        ("/ari/events?app=x", "", "401 Unauthorized"),
        ("/ari/events", BASIC, "400 Bad Request"),
        (&format!("/ari/events?app={}", "x".repeat(74)), BASIC, "500 Internal Server Error"),
    ] {
        let response = exchange(&Fake::new(), &format!("GET {path}"), &format!("{UPGRADE}{headers}"), "").await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {response}");
    }
    let headers = format!("{UPGRADE}{BASIC}Sec-WebSocket-Protocol: sip, other\r\n");
    let response = exchange(&Fake::new(), "GET /ari/events?app=x", &headers, "").await;
    assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{response}");
    assert!(response.to_ascii_lowercase().contains("\r\nsec-websocket-version: 7, 8, 13\r\n"), "{response}");
}
