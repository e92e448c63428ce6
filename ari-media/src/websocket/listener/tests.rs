use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

use futures_util::SinkExt as _;

use super::*;
use crate::format::Format;

const START: &str =
    "MEDIA_START connection_id:section channel:W/1 channel_id:1.2 format:slin optimal_frame_size:320 ptime:20";

const SOON: Duration = Duration::from_secs(5);

async fn listen() -> WebSocketListener {
    WebSocketListener::builder().credentials("asterisk", "secret").bind("127.0.0.1:0").await.unwrap()
}

/// Connects as Asterisk does.
async fn dial(
    listener: &WebSocketListener,
    path: &str,
    credentials: Option<&str>,
    protocol: &'static str,
) -> Result<WebSocketStream<TcpStream>, WsError> {
    let stream = TcpStream::connect(listener.local_addr()).await.unwrap();
    let mut request = format!("ws://{}{path}", listener.local_addr()).into_client_request().unwrap();
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    if let Some(credentials) = credentials {
        let value = format!("Basic {}", STANDARD.encode(credentials));
        request.headers_mut().insert(AUTHORIZATION, value.parse().unwrap());
    }
    let (mut socket, _) = client_async(request, stream).await?;
    socket.send(Message::text(START)).await?;
    Ok(socket)
}

async fn call(listener: &WebSocketListener, path: &str) -> WebSocketStream<TcpStream> {
    dial(listener, path, Some("asterisk:secret"), "media").await.unwrap()
}

/// Checks that a connection is closed without a session.
async fn is_refused(mut socket: WebSocketStream<TcpStream>) {
    use futures_util::StreamExt as _;
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn connections_are_matched_by_token_or_else_by_channel() {
    let listener = listen().await;
    let by_channel = listener.expect("1.2", Format::SLIN).unwrap();
    let by_token = listener.expect("t-1", Format::SLIN).unwrap();
    let mut second = call(&listener, "/?a=b&token=t-1&c").await;
    let second_media = by_token.media(SOON).await.unwrap();
    let mut first = call(&listener, "/").await;
    let first_media = by_channel.media(SOON).await.unwrap();
    assert_eq!(listener.open_sessions(), 2);
    for (socket, mut media, sample) in [(&mut first, first_media, 1_u8), (&mut second, second_media, 2)] {
        socket.send(Message::binary(vec![sample; 320])).await.unwrap();
        assert_eq!(media.recv().await.unwrap().unwrap().samples()[0], i16::from(sample) * 0x0101);
    }
    // Each is admitted once.
    is_refused(call(&listener, "/").await).await;
    is_refused(call(&listener, "/?token=t-1").await).await;
}

#[tokio::test]
async fn wrong_credentials_and_subprotocols_are_refused() {
    let listener = listen().await;
    let expected = listener.expect("1.2", Format::SLIN).unwrap();
    for credentials in [None, Some(""), Some("asterisk"), Some("asterisk:secre"), Some("asterisk:secret2")] {
        let error = dial(&listener, "/", credentials, "media").await.unwrap_err();
        assert!(matches!(&error, WsError::Http(response) if response.status() == 401), "{error}");
    }
    let error = dial(&listener, "/", Some("asterisk:secret"), "ari").await.unwrap_err();
    assert!(matches!(&error, WsError::Http(response) if response.status() == 400), "{error}");
    let _socket = call(&listener, "/").await;
    assert!(expected.media(SOON).await.is_ok());
}

#[tokio::test]
async fn others_are_accepted_by_choice_and_up_to_the_limit() {
    let builder = WebSocketListener::builder().max_sessions(1);
    let builder = builder.admit(|id| id.starts_with("bot-").then(|| Format::SLIN.into()));
    let listener = builder.bind("127.0.0.1:0").await.unwrap();
    is_refused(call(&listener, "/?token=other").await).await;
    let _first = call(&listener, "/?token=bot-1").await;
    let (id, media) = listener.accept().await.unwrap();
    assert_eq!(id, "bot-1");
    is_refused(call(&listener, "/?token=bot-2").await).await;
    media.close();
    while listener.open_sessions() > 0 {
        tokio::task::yield_now().await;
    }
    let _third = call(&listener, "/?token=bot-3").await;
    assert_eq!(listener.accept().await.unwrap().0, "bot-3");
}

#[tokio::test]
async fn other_format_than_expected_fails_the_expectation() {
    let listener = listen().await;
    let expected = listener.expect("1.2", Format::ULAW).unwrap();
    is_refused(call(&listener, "/").await).await;
    assert!(expected.media(SOON).await.is_err_and(|error| error.is_ended()));
}

#[tokio::test]
async fn garbage_does_not_disturb_others() {
    use tokio::io::AsyncWriteExt as _;

    let builder = WebSocketListener::builder().handshake_timeout(Duration::from_millis(200)).max_pending(4);
    let listener = builder.bind("127.0.0.1:0").await.unwrap();
    let expected = listener.expect("1.2", Format::SLIN).unwrap();
    let mut peers = Vec::new();
    for bytes in [&b"\x16\x03\x01\x02\x00"[..], b"GET / HTTP/1.1\r\n", b"\0\0\0\0", &[b'a'; 10_000]] {
        let mut peer = TcpStream::connect(listener.local_addr()).await.unwrap();
        let _ = peer.write_all(bytes).await;
        peers.push(peer);
    }
    let _socket = call(&listener, "/").await;
    assert!(expected.media(SOON).await.is_ok());
}
