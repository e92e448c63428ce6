use std::future::poll_fn;
use std::pin::Pin;

use ari_bindings::{Client, Error, Method, Request};
use futures_core::Stream as _;

use crate::server::{Server, response, within};

#[tokio::test]
async fn json_decodes_into_a_model() {
    let mut server =
        Server::json("200 OK", r#"{"ping":"pong","timestamp":"2026-11-23T11:49:38.950+0000","asterisk_id":"x"}"#).await;
    let ping = within(server.client.asterisk().ping()).await.unwrap();
    assert_eq!(ping.ping, "pong");
    let received = server.received().await;
    assert_eq!(received.line, "GET /ari/asterisk/ping HTTP/1.1");
    assert!(received.head.to_lowercase().contains("authorization: basic bwu6c2vjcmv0\r\n"));
    assert_eq!(received.body, "");
}

#[tokio::test]
async fn body_is_sent_as_json() {
    let mut server = Server::json("200 OK", "[]").await;
    let originate = server.client.channels().originate("PJSIP/a").app("x").variables([("A", "b")]);
    let error = within(originate).await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error}");
    let received = server.received().await;
    assert_eq!(received.line, "POST /ari/channels?endpoint=PJSIP%2Fa&app=x HTTP/1.1");
    assert!(received.head.to_lowercase().contains("content-type: application/json\r\n"));
    assert_eq!(received.body, r#"{"variables":{"A":"b"}}"#);
}

#[tokio::test]
async fn void_accepts_every_success() {
    for answer in [
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
        response("200 OK", "application/json", "whatever"),
    ] {
        let server = Server::answering(answer).await;
        within(server.client.channel("1").answer()).await.unwrap();
    }
}

#[tokio::test]
async fn reply_in_many_pieces_is_read_as_a_whole() {
    let list = format!("[{}]", vec!["\"x\""; 1_000_000].join(","));
    let chunks = "1\r\n[\r\n5\r\n\"a\",\"\r\n3\r\nb\"]\r\n0\r\n\r\n";
    let chunked =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    for (answer, count) in [(response("200 OK", "application/json", &list), 1_000_000), (chunked, 2)] {
        let server = Server::answering(answer).await;
        let response = within(server.client.send(Request::new(Method::Get, "/x"))).await.unwrap();
        assert_eq!(response.json::<Vec<String>>().unwrap().len(), count);
    }
}

#[tokio::test]
async fn announced_length_is_not_believed() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n[", i64::MAX);
    let server = Server::answering(head).await;
    let error = within(server.client.channels().list()).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error:?}");
}

#[tokio::test]
async fn undecodable_reply_is_kept() {
    let server = Server::json("200 OK", r#"{"pong":1}"#).await;
    let error = within(server.client.asterisk().ping()).await.unwrap_err();
    assert!(error.maybe_executed());
    assert!(error.to_string().starts_with("asterisk.ping (GET /asterisk/ping): executed, but"), "{error}");
    match error {
        Error::Decode { reason, body, .. } => {
            assert!(reason.contains("missing field"), "{reason}");
            assert_eq!(&*body, r#"{"pong":1}"#);
        }
        other => panic!("{other}"),
    }

    let answer = [response("200 OK", "application/json", "??").as_bytes(), b""].concat();
    let answer: Vec<u8> = answer.iter().map(|byte| if *byte == b'?' { 0xff } else { *byte }).collect();
    let server = Server::answering(answer).await;
    let error = within(server.client.asterisk().ping()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { reason, .. } if reason.contains("utf-8")), "{error}");
}

#[tokio::test]
async fn download_yields_bytes_or_chunks() {
    let server = Server::answering(response("200 OK", "audio/wav", "RIFF and so on")).await;
    let download = within(server.client.recordings().get_stored_file("a/b")).await.unwrap();
    assert_eq!((download.content_type(), download.content_length()), (Some("audio/wav"), Some(14)));
    assert_eq!(within(download.bytes()).await.unwrap(), b"RIFF and so on");

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let server = Server::answering(chunked).await;
    let mut download = within(server.client.recordings().get_stored_file("a")).await.unwrap();
    let mut bytes = within(download.chunk()).await.unwrap().unwrap().to_vec();
    while let Some(chunk) = within(poll_fn(|cx| Pin::new(&mut download).poll_next(cx))).await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    assert_eq!(bytes, b"abcde");
    assert_eq!(within(download.chunk()).await.unwrap(), None);
}

#[tokio::test]
async fn truncated_download_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 100\r\n\r\nRIFF";
    let server = Server::answering(answer).await;
    let download = within(server.client.recordings().get_stored_file("a")).await.unwrap();
    let error = within(download.bytes()).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: false, .. }), "{error}");
}

#[tokio::test]
async fn refused_download_is_an_ordinary_error() {
    let server = Server::json("404 Not Found", r#"{"message":"Recording not found"}"#).await;
    let error = within(server.client.recordings().get_stored_file("a")).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn requests_and_clients_cross_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let server = Server::json("200 OK", "[]").await;
    let ari: Client = server.client.clone();
    let list = tokio::spawn(is_send(async move { ari.channels().list().await }));
    assert_eq!(within(list).await.unwrap().unwrap(), []);
}
