//! A load records every call.

use std::time::Duration;

use ari_bindings::Client;
use ari_e2e::{Answer, FaultProxy, Load};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const HOLD: Duration = Duration::from_millis(1);

/// The URL of a server that answers every request with status 500.
async fn refusing_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ari", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.is_ok_and(|length| length > 0) {}
            let body = r#"{"message":"no"}"#;
            let length = body.len();
            let reply = format!(
                "HTTP/1.1 500 No\r\nServer: Asterisk/22.10.1\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            // A client that has closed the connection needs no response.
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn refused_calls_are_recorded_and_not_hung_up() {
    let url = refusing_server().await;
    let proxy = FaultProxy::to_url(&url);
    let client = Client::builder(proxy.url(&url)).build().unwrap();
    let load = Load::start(&client, "app", 1000, HOLD);
    proxy.until(|counts| counts.made >= 5).await;
    let ledger = load.stop().await;
    assert!(ledger.calls.len() >= 5);
    assert!(ledger.calls.is_sorted_by_key(|call| call.asked));
    for call in &ledger.calls {
        assert_eq!(call.made.error().and_then(ari_bindings::Error::status), Some(500), "{call:?}");
        assert!(call.hangup.is_none());
    }
    assert_eq!((ledger.made().count(), ledger.left().count()), (0, 0));
}

#[tokio::test]
async fn calls_with_unknown_outcome_may_be_left() {
    let proxy = FaultProxy::to_url("http://127.0.0.1:9");
    proxy.black_hole().await;
    let client = Client::builder(proxy.url("http://127.0.0.1:9/ari")).build().unwrap();
    let load = Load::start(&client, "app", 1000, HOLD);
    proxy.until(|counts| counts.open >= 5).await;
    // Refuse first: otherwise a new connection may be neither cut nor refused.
    proxy.refuse().await;
    proxy.cut().await;
    let ledger = load.stop().await;
    let unknown = ledger.calls.iter().filter(|call| matches!(call.made, Answer::Unknown(_))).count();
    assert!(unknown >= 5, "{ledger:?}");
    assert_eq!(ledger.left().count(), unknown);
}
