//! The event connection of an application, whose other end is in this process.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How many bytes may be on their way between the two ends.
const BUFFER: usize = 256 << 10;

/// How many frames may wait. More are not under way: JetStream delivers no more before some are acknowledged.
const MOST_FRAMES: usize = super::MOST_PENDING + 16;

/// The end into which events are written. When it is dropped, the connection is lost.
#[derive(Debug)]
pub(super) struct Socket(mpsc::Sender<Frame>);

#[derive(Debug)]
enum Frame {
    Text(Utf8Bytes),
    Close(&'static str),
}

impl Socket {
    /// Opens a connection; returns its other end, which is a WebSocket after its handshake.
    pub(super) fn open() -> (Self, DuplexStream) {
        let (near, far) = tokio::io::duplex(BUFFER);
        let (sender, frames) = mpsc::channel(MOST_FRAMES);
        tokio::spawn(carry(near, frames));
        (Self(sender), far)
    }

    /// Writes an event. Returns whether it has room.
    pub(super) fn write(&self, text: Utf8Bytes) -> bool {
        self.0.try_send(Frame::Text(text)).is_ok()
    }

    /// Closes the connection for this reason.
    pub(super) fn close(self, reason: &'static str) {
        // Without room for it, the connection just ends.
        let _ = self.0.try_send(Frame::Close(reason));
    }
}

async fn carry(stream: DuplexStream, mut frames: mpsc::Receiver<Frame>) {
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let (mut sink, mut source) = socket.split();
    loop {
        tokio::select! {
            frame = frames.recv() => match frame {
                Some(Frame::Text(text)) => if sink.send(Message::Text(text)).await.is_err() {
                    return;
                },
                Some(Frame::Close(reason)) => {
                    let frame = CloseFrame { code: CloseCode::Restart, reason: reason.into() };
                    let _ = sink.send(Message::Close(Some(frame))).await;
                    return;
                }
                None => return,
            },
            // Reading answers pings, and the other end's wish to close.
            read = source.next() => if !matches!(read, Some(Ok(_))) {
                return;
            },
        }
    }
}
