//! Closes a WebSocket.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _, future};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::end::{End, close_code};
use super::event_socket::EventSocket;
use crate::event::DisconnectReason;
use crate::rest::RestClient;

/// How long the server has to confirm that the connection is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

impl EventSocket {
    /// Reads on during `work`, keeping what comes, so that the server does not disconnect the client for being slow.
    pub(in crate::connection) async fn read_during(&mut self, work: impl Future<Output = ()>) {
        let (work, reading) = (pin!(work), pin!(self.read_to_end(true)));
        future::select(work, reading).await;
    }

    /// Closes the WebSocket as its end requires. If the program asked for the end, what still comes is kept as far as
    /// it fits.
    pub(in crate::connection) async fn finish(mut self, end: &End) {
        match end {
            End::Asked(code) => self.close(Some(*code), true).await,
            End::Because(DisconnectReason::ConnectionLost(_)) => {}
            // The Close frame is sent in the background: the server may not confirm it.
            End::Because(DisconnectReason::PingTimeout) => return,
            End::Because(reason) => self.close(close_code(reason), false).await,
        }
        self.closed = true;
    }

    /// Sends a Close frame, and reads on until the server does the same, keeping what comes or not.
    async fn close(&mut self, code: Option<CloseCode>, keep: bool) {
        let closing = async {
            while let Some(text) = self.inspector.rest().filter(|_| keep).and_then(RestClient::take_unsent) {
                self.socket.send(Message::Text(text)).await?;
            }
            if let Some(code) = code {
                let frame = CloseFrame { code, reason: "".into() };
                self.socket.send(Message::Close(Some(frame))).await?;
            }
            self.read_to_end(keep).await
        };
        // Whether it is confirmed, refused or too late: the connection is over.
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }

    /// Reads until the server closes the connection, keeping what comes or not.
    async fn read_to_end(&mut self, keep: bool) -> Result<(), WsError> {
        while let Some(message) = self.socket.next().await.transpose()? {
            // Without a subscriber, it would never be taken.
            if keep && self.hub.has_subscribers() {
                self.keep(message);
                self.hand_on();
            }
        }
        Ok(())
    }
}

/// The runtime may end before the task does; the server gets a Close frame all the same.
impl Drop for EventSocket {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let cx = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(())) = self.socket.poll_ready_unpin(cx) {
            if self.socket.start_send_unpin(Message::Close(None)).is_ok() {
                let _ = self.socket.poll_flush_unpin(cx);
            }
        }
    }
}
