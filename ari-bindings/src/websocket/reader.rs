//! The task that owns the event connection.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::DisconnectReason;
use super::handshake::Socket;
use super::heartbeat::{Due, Heartbeat};
use super::queue::{Frame, Queue};

/// How long the server has to confirm that the connection is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the connection until its end, which the program or the server may bring about.
pub(super) struct Reader {
    socket: Socket,
    queue: Arc<Queue>,
    heartbeat: Heartbeat,
    buffer_limit: usize,
    /// Frames read and not yet in the queue.
    batch: VecDeque<Frame>,
    /// Whether a ping may still have to be written out.
    flushing: bool,
    closed: bool,
}

/// Why reading is over.
enum End {
    /// The program wants it.
    Asked,
    /// Anything else.
    Because(DisconnectReason),
}

impl Reader {
    pub(super) fn new(socket: Socket, queue: Arc<Queue>, heartbeat: Heartbeat, buffer_limit: usize) -> Self {
        let batch = VecDeque::new();
        Self { socket, queue, heartbeat, buffer_limit, batch, flushing: false, closed: false }
    }

    pub(super) async fn run(mut self) {
        match poll_fn(|cx| self.poll_end(cx)).await {
            End::Asked => {
                self.close(Some(CloseCode::Normal), true).await;
                self.queue.push(&mut self.batch);
                self.queue.end(None);
            }
            End::Because(reason) => {
                let code = close_code(&reason);
                let lost = matches!(reason, DisconnectReason::ConnectionLost(_));
                self.queue.end(Some(reason));
                if !lost {
                    self.close(code, false).await;
                }
            }
        }
        self.closed = true;
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.queue.is_close_asked(cx) {
            return Poll::Ready(End::Asked);
        }
        let read = self.poll_read(cx);
        self.queue.push(&mut self.batch);
        if read.is_ready() {
            return read.map(End::Because);
        }
        self.poll_heartbeat(cx).map(End::Because)
    }

    /// Reads everything that is there.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        let mut waiting = self.queue.bytes();
        loop {
            let message = match self.socket.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(reason(error)),
                Poll::Ready(None) => return Poll::Ready(reason(WsError::ConnectionClosed)),
            };
            self.heartbeat.heard();
            match message {
                Message::Close(frame) => return Poll::Ready(closed_by_server(frame)),
                message => waiting += self.keep(message),
            }
            if waiting > self.buffer_limit {
                return Poll::Ready(DisconnectReason::Overflow { bytes: waiting });
            }
        }
    }

    /// Keeps a message that carries data, and says how much that is.
    fn keep(&mut self, message: Message) -> usize {
        let frame = match message {
            Message::Text(text) => Frame::Text(text),
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
                return 0;
            }
        };
        let size = frame.size();
        self.batch.push_back(frame);
        size
    }

    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        while let Poll::Ready(due) = self.heartbeat.poll_due(cx) {
            if due == Due::End {
                return Poll::Ready(DisconnectReason::PingTimeout);
            }
            // If even the ping cannot be written, the silence after it tells.
            if let Poll::Ready(ready) = self.socket.poll_ready_unpin(cx) {
                let ping = Message::Ping(Bytes::new());
                if let Err(error) = ready.and_then(|()| self.socket.start_send_unpin(ping)) {
                    return Poll::Ready(reason(error));
                }
                self.flushing = true;
            }
        }
        if self.flushing {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.flushing = false,
                Poll::Ready(Err(error)) => return Poll::Ready(reason(error)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Says goodbye, and reads on until the server does the same, keeping what comes or not.
    async fn close(&mut self, code: Option<CloseCode>, keep: bool) {
        let goodbye = async {
            if let Some(code) = code {
                let frame = CloseFrame { code, reason: "".into() };
                self.socket.send(Message::Close(Some(frame))).await?;
            }
            while let Some(message) = self.socket.next().await.transpose()? {
                // Without a program, nobody would ever take it.
                if keep && Arc::strong_count(&self.queue) > 1 {
                    self.keep(message);
                }
            }
            Ok::<(), WsError>(())
        };
        // Whether it is confirmed, refused or too late: the connection is over.
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

/// The runtime may end before the task does; the server shall hear of it all the same.
impl Drop for Reader {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let gone = io::Error::other("the Tokio runtime that read the events has ended");
        self.queue.end(Some(DisconnectReason::ConnectionLost(gone)));
        let cx = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(())) = self.socket.poll_ready_unpin(cx) {
            if self.socket.start_send_unpin(Message::Close(None)).is_ok() {
                let _ = self.socket.poll_flush_unpin(cx);
            }
        }
    }
}

fn closed_by_server(frame: Option<CloseFrame>) -> DisconnectReason {
    let (code, reason) = match frame {
        Some(CloseFrame { code, reason }) => (Some(code.into()), reason.as_str().into()),
        None => (None, "".into()),
    };
    DisconnectReason::ClosedByServer { code, reason }
}

fn reason(error: WsError) -> DisconnectReason {
    let eof = |what: &str| {
        let error = io::Error::new(io::ErrorKind::UnexpectedEof, what);
        DisconnectReason::ConnectionLost(error)
    };
    match error {
        WsError::Io(error) => DisconnectReason::ConnectionLost(error),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            eof("the server hung up without a Close frame")
        }
        error => DisconnectReason::Protocol { reason: error.to_string().into() },
    }
}

/// What to tell the server; nothing more if it has closed the connection itself.
fn close_code(reason: &DisconnectReason) -> Option<CloseCode> {
    match reason {
        DisconnectReason::ClosedByServer { .. } | DisconnectReason::ConnectionLost(_) => None,
        DisconnectReason::Protocol { .. } => Some(CloseCode::Protocol),
        DisconnectReason::Overflow { .. } => Some(CloseCode::Policy),
        DisconnectReason::PingTimeout => Some(CloseCode::Away),
    }
}
