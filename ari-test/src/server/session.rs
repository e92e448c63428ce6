//! One event connection, over any stream.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::rest::{self, Asked};
use super::{Line, Opened, User};
use crate::exchange::SessionEnd;
use crate::fake::Session;
use crate::world::Frame;

/// How many bytes a client that does not read holds back before Asterisk notices.
pub(crate) const BUFFER: usize = 1 << 20;

/// The longest message that Asterisk takes.
const MOST_MESSAGE: usize = 65535;

/// How long a client may hold a message back before Asterisk disconnects it: `websocket_write_timeout` of ari.conf.
const WRITE_TIMEOUT: Duration = Duration::from_millis(100);

/// How long a client may take to answer a Close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A stream of any kind.
pub(crate) type AnyStream = Box<dyn ByteStream>;

pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The limits of a connection.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MOST_MESSAGE)).max_frame_size(Some(MOST_MESSAGE))
}

/// Carries a session over a stream after the handshake that a client has asked for.
pub(crate) async fn serve(opened: Opened, stream: impl AsyncRead + AsyncWrite + Unpin, line: Line) {
    carry(opened, WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await, line).await;
}

/// Carries the frames of a session, and the requests that come back.
pub(crate) async fn carry<S>(opened: Opened, socket: WebSocketStream<S>, mut line: Line)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Opened { session, user, .. } = opened;
    let takes_requests = rest::is_in(session.release());
    let connection = Connection { session, socket, user, takes_requests, asked: None };
    tokio::select! {
        biased;
        () = line.cut_events() => {}
        () = connection.run() => {}
    }
}

struct Connection<S> {
    session: Session,
    socket: WebSocketStream<S>,
    user: User,
    takes_requests: bool,
    /// The request that has no reply yet. Meanwhile Asterisk does not read, so it answers no ping either.
    asked: Option<Asked>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Runs until either side ends the connection, or the client is too slow.
    async fn run(mut self) {
        loop {
            // The order must not depend on chance.
            let goes_on = tokio::select! {
                biased;
                frame = self.session.next() => self.send(frame).await,
                message = self.socket.next(), if self.asked.is_none() => self.receive(message).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Sends a frame; false if it was the last one.
    async fn send(&mut self, frame: Frame) -> bool {
        self.session.thawed().await;
        let text = match frame {
            Frame::Text(text) => Utf8Bytes::from(&*text),
            Frame::Reply(reply) => {
                let asked = self.asked.take().unwrap_or_default();
                match self.session.sign("RESTResponse", &rest::members(&asked, reply)) {
                    Some(text) => Utf8Bytes::from(&*text),
                    None => return true,
                }
            }
            Frame::End(SessionEnd::Closed) => {
                self.close(CloseCode::Normal).await;
                return false;
            }
            Frame::End(SessionEnd::Cut) => return false,
        };
        matches!(timeout(WRITE_TIMEOUT, self.socket.send(Message::Text(text))).await, Ok(Ok(())))
    }

    /// Handles a message of the client; false if it was the last one.
    async fn receive(&mut self, message: Option<Result<Message, Error>>) -> bool {
        self.session.thawed().await;
        match message {
            Some(Ok(Message::Text(text))) => {
                if self.takes_requests {
                    self.ask(&text);
                }
                true
            }
            Some(Ok(_)) => true,
            Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
                self.close(CloseCode::Size).await;
                false
            }
            Some(Err(_)) | None => false,
        }
    }

    fn ask(&mut self, text: &str) {
        let (asked, request) = rest::read(text);
        self.asked = Some(asked);
        let admitted = request.and_then(|request| self.user.allows(&request.method).map(|()| request));
        self.session.ask(admitted);
    }

    /// Closes the connection in order.
    async fn close(&mut self, code: CloseCode) {
        let closing = async {
            let _ = self.socket.close(Some(CloseFrame { code, reason: "".into() })).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::Fake;
    use crate::exchange::SessionRequest;

    #[tokio::test(start_paused = true)]
    async fn client_that_does_not_read_is_disconnected() {
        let fake = Fake::new();
        let session = fake.connect(&SessionRequest { apps: vec!["x".to_owned()], subscribe_all: false });
        let opened = Opened { session, user: User::new("x", "", true), subprotocol: None };
        let (_near, far) = tokio::io::duplex(64);
        fake.send_to("x", &"x".repeat(65));
        let started = Instant::now();
        serve(opened, far, fake.network().line()).await;
        assert_eq!(started.elapsed(), WRITE_TIMEOUT);
        assert!(!fake.with_world(|world| world.has_app("x")));
    }
}
