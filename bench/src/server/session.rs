//! One event connection: a burst of events for the first of them, then answers to what the client says.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::replies::Replies;
use crate::{Failure, child, corpus};

/// How long a write may block before the client is given up, as Asterisk gives one up.
pub(crate) const GIVE_UP: Duration = Duration::from_millis(2400);

/// How long a client has between the handshake and the first event, to get ready.
const START: Duration = Duration::from_millis(200);

/// How much is written at once.
const PIECE: usize = 64 << 10;

/// What became of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sent {
    /// The client took everything.
    Completely,
    /// The client did not read, and was given up.
    GivenUp,
    /// The client hung up.
    Left,
}

/// Many events as the bytes of WebSocket frames, made beforehand: sending costs next to nothing.
pub(super) struct Burst {
    /// All recorded events, in pieces.
    cycle: Vec<Bytes>,
    cycles: u64,
    /// What is left to the number asked for.
    rest: Bytes,
}

impl Burst {
    pub(super) fn new(events: u64) -> Result<Self, Failure> {
        let texts = corpus::events_of_calls()?;
        let length = texts.len() as u64;
        let rest = usize::try_from(events % length)?;
        let mut cycle = vec![BytesMut::new()];
        for text in &texts {
            if cycle.last().is_some_and(|piece| piece.len() > PIECE) {
                cycle.push(BytesMut::new());
            }
            cycle.last_mut().into_iter().for_each(|piece| put_frame(piece, text));
        }
        let mut last = BytesMut::new();
        texts[..rest].iter().for_each(|text| put_frame(&mut last, text));
        Ok(Self { cycle: cycle.into_iter().map(Into::into).collect(), cycles: events / length, rest: last.into() })
    }

    fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        (0..self.cycles).flat_map(|_| &self.cycle).chain([&self.rest])
    }
}

/// One text frame of a server.
fn put_frame(bytes: &mut BytesMut, text: &str) {
    const FINAL_TEXT: u8 = 0x81;
    bytes.put_u8(FINAL_TEXT);
    match text.len() {
        length @ 0..126 => bytes.put_u8(u8::try_from(length).unwrap_or_default()),
        length => {
            bytes.put_u8(126);
            bytes.put_u16(u16::try_from(length).expect("no recorded event is that long"));
        }
    }
    bytes.put_slice(text.as_bytes());
}

/// Serves one connection to its end.
pub(super) async fn run(stream: TcpStream, read: Vec<u8>, burst: Option<&Burst>, replies: &Replies) {
    let mut socket = WebSocketStream::from_partially_read(stream, read, Role::Server, None).await;
    if let Some(burst) = burst {
        let sent = send(&mut socket, burst).await;
        // The parent is there as long as its child.
        let _ = child::send(&sent);
        if sent != Sent::Completely {
            return;
        }
    }
    // Who comes back after having been given up comes too late for the burst, as with Asterisk.
    if socket.send(Message::text(corpus::end())).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Some(reply) = replies.over_websocket(&text) else { continue };
        if socket.send(Message::text(reply)).await.is_err() {
            return;
        }
    }
}

/// Sends everything as fast as it goes.
async fn send(socket: &mut WebSocketStream<TcpStream>, burst: &Burst) -> Sent {
    tokio::time::sleep(START).await;
    for piece in burst.pieces() {
        // Pings are answered between pieces.
        while let Some(Some(Ok(_))) = socket.next().now_or_never() {}
        let write = async { socket.flush().await.is_ok() && socket.get_mut().write_all(piece).await.is_ok() };
        match tokio::time::timeout(GIVE_UP, write).await {
            Ok(true) => {}
            Ok(false) => return Sent::Left,
            Err(_) => return Sent::GivenUp,
        }
    }
    Sent::Completely
}
