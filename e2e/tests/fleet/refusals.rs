use std::error::Error as _;

use ari_e2e::fleet::NatsServer;
use ari_fleet::{Error, Fleet};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// A server that says that it is of this version, and knows nothing but that it is there.
async fn old_server(version: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let info = format!(
                "INFO {{\"server_id\":\"x\",\"version\":\"{version}\",\"max_payload\":1048576,\"headers\":true,\
                 \"host\":\"127.0.0.1\",\"port\":{}}}\r\n",
                address.port()
            );
            stream.write_all(info.as_bytes()).await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with("PING") && write.write_all(b"PONG\r\n").await.is_err() {
                    break;
                }
            }
        }
    });
    format!("nats://{address}")
}

#[tokio::test]
async fn an_old_server_is_refused_with_its_version() {
    let error = Fleet::connect(&old_server("2.10.25").await).await.unwrap_err();
    assert!(matches!(error, Error::TooOld { .. }), "{error:?}");
    assert!(error.to_string().contains("2.10.25") && error.to_string().contains("2.11"), "{error}");
}

#[tokio::test]
async fn a_server_without_jetstream_is_refused_with_the_remedy() {
    let nats = NatsServer::with("").await;
    let error = Fleet::connect(&nats.url()).await.unwrap_err();
    assert!(matches!(error, Error::NoJetStream { .. }), "{error:?}");
    assert!(error.to_string().contains("-js"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let error = Fleet::connect("nats://127.0.0.1:9").await.unwrap_err();
    assert!(error.to_string().contains("nats://127.0.0.1:9") && error.source().is_some(), "{error}");
}
