//! The opening handshake of a WebSocket, whose refusals are read like those of any request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::{Response, generate_key};
use tokio_tungstenite::tungstenite::handshake::{derive_accept_key, machine::TryParse as _};
use tokio_tungstenite::tungstenite::http::header::{CONTENT_LENGTH, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use zeroize::Zeroizing;

use crate::client::wire::Wire;
use crate::client::{Access, Head};
use crate::{ConnectErrorKind, Error, Request};

/// The largest event: far above what Asterisk sends, far below what would harm.
pub(crate) const LARGEST_MESSAGE: usize = 16 << 20;

/// How much is read at once: some dozen events. The rest of the buffer is zeroed before each read.
const READ_BUFFER: usize = 16 << 10;

/// The largest answer to a handshake.
const LARGEST_ANSWER: u64 = 64 << 10;

/// How long the text of a refusal may take once its head is there.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) type Socket = WebSocketStream<Box<dyn Wire>>;

/// Makes a WebSocket of a connection.
pub(super) async fn upgrade(access: &Access, request: &Request, stream: Box<dyn Wire>) -> Result<Socket, Error> {
    let mut stream = BufReader::new(stream);
    let key = generate_key();
    let lost = |error: io::Error| access.connect_error(ConnectErrorKind::Other, Arc::new(error));
    stream.write_all(head(access, request, &key).as_bytes()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let answer = answer(&mut stream).await.map_err(lost)?;
    let kind = if is_http(&answer) { ConnectErrorKind::Other } else { ConnectErrorKind::NotHttp };
    let response = parse(&answer).map_err(|error| access.connect_error(kind, Arc::new(error)))?;

    let operation = request.operation();
    let asked = format!("{}{}", access.url.as_str(), request.path());
    let head = Head::new(response.status().as_u16(), response.headers());
    if response.status() != 101 {
        let mut explanation = Vec::new();
        // Cut short, it is still the best explanation there is.
        let _ = tokio::time::timeout(REFUSAL_TIMEOUT, body(&response, &mut stream, &mut explanation)).await;
        return Err(head.into_error(operation, &asked, &String::from_utf8_lossy(&explanation)));
    }
    let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accept.is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(head.into_error(operation, &asked, "no WebSocket: Sec-WebSocket-Accept is wrong"));
    }
    // Had it been given what was read of the first frames, it would read all others in small pieces.
    let stream = if stream.buffer().is_empty() { stream.into_inner() } else { Box::new(stream) };
    Ok(Socket::from_raw_socket(stream, Role::Client, Some(config(LARGEST_MESSAGE))).await)
}

/// How WebSockets are read, with messages of so many bytes at most.
pub(crate) fn config(largest_message: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(largest_message))
        .max_frame_size(Some(largest_message))
}

/// The request for an upgrade. It holds the password.
fn head(access: &Access, request: &Request, key: &str) -> Zeroizing<String> {
    let url = &access.url;
    let authorization = access.authorization.as_ref();
    let authorization = authorization.and_then(|value| value.to_str().ok());
    Zeroizing::new(format!(
        "GET {}/{} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{}{}{}\r\n",
        url.prefix(),
        request.uri(),
        url.authority(),
        authorization.map_or("", |_| "Authorization: "),
        authorization.unwrap_or_default(),
        authorization.map_or("", |_| "\r\n"),
    ))
}

/// The head of the answer, to the empty line that ends it, or the first line of something else.
async fn answer(stream: &mut BufReader<Box<dyn Wire>>) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut stream = stream.take(LARGEST_ANSWER);
    loop {
        let before = head.len();
        stream.read_until(b'\n', &mut head).await?;
        let line = &head[before..];
        if !line.ends_with(b"\n") {
            return Err(unfinished(stream.limit()));
        }
        if matches!(line, b"\r\n" | b"\n") || !is_http(&head) {
            return Ok(head);
        }
    }
}

fn is_http(head: &[u8]) -> bool {
    head.starts_with(b"HTTP/")
}

/// A whole head as a response.
fn parse(head: &[u8]) -> Result<Response, tungstenite::Error> {
    let parsed = Response::try_parse(head)?;
    parsed.map(|(_, response)| response).ok_or(ProtocolError::HandshakeIncomplete.into())
}

/// Why there is no whole answer, of which so many bytes could still have come.
fn unfinished(limit: u64) -> io::Error {
    if limit == 0 {
        return io::Error::other("the answer to the handshake does not end");
    }
    let reason = "the server hung up without an answer, as Asterisk does at its `sessionlimit`";
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}

/// Reads the body of a refusal.
async fn body(response: &Response, stream: &mut BufReader<Box<dyn Wire>>, body: &mut Vec<u8>) -> io::Result<()> {
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = match length.and_then(|length| length.parse().ok()) {
        Some(length) => LARGEST_ANSWER.min(length),
        None if response.headers().contains_key(CONTENT_TYPE) => LARGEST_ANSWER,
        None => 0,
    };
    stream.take(length).read_to_end(body).await.map(drop)
}
