//! One WebSocket, from its handshake to its end.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

use super::DisconnectReason;
use super::handshake::Socket;
use super::heartbeat::{Due, Heartbeat};
use super::hub::Hub;
use super::inspect::Inspector;
use super::link::Link;
use super::queue::Frame;
use super::turn::Turn;

/// How long the server has to confirm that the connection is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// After how many frames the subscribers get them, even if there are more to be read.
const LARGEST_BATCH: usize = 256;

/// After how many frames the program gets them that reads by itself: what the processor has at hand.
const LARGEST_OWN_BATCH: usize = 64;

/// Reads and writes one WebSocket until its end, which the program or the server may bring about.
pub(super) struct Session {
    socket: Socket,
    hub: Arc<Hub>,
    heartbeat: Heartbeat,
    inspector: Inspector,
    /// Frames read and not yet handed to the subscribers.
    batch: VecDeque<Frame>,
    /// What they take.
    batch_bytes: usize,
    /// How many there were, and how many bytes, that are not counted yet.
    received: (u64, u64),
    /// Whether the subscribers must not get any yet.
    holding: bool,
    /// Since when the connection is not read because a subscriber wants it so.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Whether something may still have to be written out.
    flushing: bool,
    turn: Turn,
    /// Why it is over, found by the program and not yet seen by the task of the connection.
    end: Option<DisconnectReason>,
    closed: bool,
}

/// Why nothing more is read for now.
enum Read {
    /// That was all there is.
    Everything,
    /// It was as much as wanted.
    Enough,
    End(DisconnectReason),
}

/// Why a session is over.
pub(super) enum End {
    /// The program wants it.
    Asked(CloseCode),
    /// Anything else.
    Because(DisconnectReason),
}

impl Session {
    pub(super) fn new(socket: Socket, hub: Arc<Hub>, heartbeat: Heartbeat, inspector: Inspector) -> Self {
        let turn = Turn::new(&hub.readiness);
        Self {
            socket,
            hub,
            heartbeat,
            inspector,
            batch: VecDeque::new(),
            batch_bytes: 0,
            received: (0, 0),
            holding: false,
            waiting: None,
            flushing: false,
            turn,
            end: None,
            closed: false,
        }
    }

    /// Keeps what comes from the subscribers until [`Session::release`].
    pub(super) fn hold(&mut self) {
        self.holding = true;
    }

    /// How many frames are kept.
    pub(super) fn held(&self) -> usize {
        self.batch.len()
    }

    /// Hands on what was kept.
    pub(super) fn release(&mut self) {
        self.holding = false;
        self.hand_on();
    }

    /// Gives the subscribers what was read, unless it is kept from them.
    fn hand_on(&mut self) {
        self.count();
        if !self.holding {
            self.batch.iter_mut().for_each(Frame::detach);
            self.batch_bytes = 0;
            self.hub.push(&mut self.batch);
        }
    }

    fn count(&mut self) {
        let (events, bytes) = std::mem::take(&mut self.received);
        if events > 0 {
            self.hub.counters.received(events, bytes);
        }
    }

    /// When the server was heard for the last time.
    pub(super) fn last_heard(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_sub(self.heartbeat.silence()).unwrap_or(now)
    }

    /// The part of the connection's task: everything but the reading that the program does by itself.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if let Poll::Ready(code) = self.hub.poll_close(cx) {
            return Poll::Ready(End::Asked(code));
        }
        if let Some(reason) = self.end.take() {
            return Poll::Ready(End::Because(reason));
        }
        if let Poll::Ready(reason) = self.poll_write(cx) {
            return Poll::Ready(End::Because(reason));
        }
        if self.holding || self.is_reply_awaited() {
            self.turn.take_back();
        }
        if !self.turn.is_programs(cx) && self.may_read(cx) {
            let read = self.poll_read(cx);
            self.hand_on();
            if let Poll::Ready(reason) = read {
                return Poll::Ready(End::Because(reason));
            }
        }
        self.poll_heartbeat(cx).map(End::Because)
    }

    /// The part of a program that waits for events: reads some into `frames`, which must be empty; not many more bytes
    /// than wanted.
    ///
    /// They come after all that the subscribers have been given.
    pub(super) fn poll_frames(&mut self, cx: &mut Context<'_>, frames: &mut VecDeque<Frame>, bytes: usize) -> Poll<()> {
        if self.holding || self.end.is_some() {
            return Poll::Pending;
        }
        if self.is_reply_awaited() {
            self.turn.take_back();
            return Poll::Pending;
        }
        self.turn.give_to_program(cx);
        let read = self.read(LARGEST_OWN_BATCH, bytes);
        let (_, bytes) = self.received;
        self.count();
        self.turn.program_has_read(bytes, matches!(read, Read::Everything));
        if let Read::End(reason) = read {
            self.end = Some(reason);
            self.turn.wake_connection();
        }
        if self.batch.is_empty() {
            return Poll::Pending;
        }
        std::mem::swap(&mut self.batch, frames);
        self.batch_bytes = 0;
        Poll::Ready(())
    }

    /// Whether a reply is awaited, which is done elsewhere than events are.
    fn is_reply_awaited(&self) -> bool {
        self.inspector.link().is_some_and(Link::is_awaited)
    }

    /// Whether no subscriber wants the connection to wait for it.
    fn may_read(&mut self, cx: &mut Context<'_>) -> bool {
        while self.hub.poll_room(cx).is_pending() {
            // Silence is no sign of anything while nobody listens.
            self.heartbeat.heard();
            let patience = self.hub.patience().unwrap_or_default();
            let (since, timer) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(patience))));
            if timer.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.hub.end_slow(since.elapsed());
            self.waiting = None;
        }
        self.waiting = None;
        true
    }

    /// Reads everything that is there.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        loop {
            match self.read(LARGEST_BATCH, usize::MAX) {
                Read::Everything => return Poll::Pending,
                Read::End(reason) => return Poll::Ready(reason),
                Read::Enough if self.holding => {}
                Read::Enough => {
                    self.hand_on();
                    self.turn.leave_unread();
                    if self.turn.is_programs(cx) {
                        return Poll::Pending;
                    }
                    if !self.hub.has_subscribers() || self.hub.poll_room(cx).is_pending() {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Reads messages until so many events are kept, or so many bytes of them.
    fn read(&mut self, most: usize, bytes: usize) -> Read {
        let waker = self.turn.waker();
        let cx = &mut Context::from_waker(&waker);
        let mut heard = false;
        let read = loop {
            let message = match self.socket.poll_next_unpin(cx) {
                Poll::Pending => break Read::Everything,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => break Read::End(reason(error)),
                Poll::Ready(None) => break Read::End(reason(WsError::ConnectionClosed)),
            };
            heard = true;
            if let Message::Close(frame) = message {
                break Read::End(closed_by_server(frame));
            }
            if let Some(reason) = self.keep(message) {
                break Read::End(reason);
            }
            if self.batch.len() >= most || self.batch_bytes >= bytes {
                break Read::Enough;
            }
        };
        if heard {
            self.heartbeat.heard();
        }
        read
    }

    /// Keeps a message that carries an event; it may be the last of the connection.
    fn keep(&mut self, message: Message) -> Option<DisconnectReason> {
        let (frame, last) = match message {
            Message::Text(text) => {
                let seen = self.inspector.look_at(&text);
                if seen.is_reply {
                    return None;
                }
                (Frame::Text(text), seen.end)
            }
            Message::Binary(bytes) => (Frame::Binary(bytes), None),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return None,
        };
        self.received.0 += 1;
        self.received.1 += frame.text_size() as u64;
        self.batch_bytes += frame.size();
        self.batch.push_back(frame);
        last
    }

    /// Writes the requests that wait.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        if let Some(link) = self.inspector.link() {
            // In this order, because what is asked to be ready for writing wakes the task for reading too.
            while link.poll_any_unsent(cx).is_ready() {
                match self.socket.poll_ready_unpin(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(reason(error)),
                    Poll::Pending => break,
                }
                let Some(text) = link.take_unsent() else { break };
                if let Err(error) = self.socket.start_send_unpin(Message::Text(text)) {
                    return Poll::Ready(reason(error));
                }
                self.flushing = true;
            }
        }
        self.poll_flush(cx)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        if self.flushing {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.flushing = false,
                Poll::Ready(Err(error)) => return Poll::Ready(reason(error)),
                Poll::Pending => {}
            }
        }
        Poll::Pending
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
        self.poll_flush(cx)
    }

    /// Ends the session as its end wants it. What still comes is kept if the program asked for the end.
    pub(super) async fn finish(mut self, end: &End) {
        match end {
            End::Asked(code) => {
                self.close(Some(*code), true).await;
                self.hand_on();
            }
            End::Because(DisconnectReason::ConnectionLost(_)) => {}
            // It is said, but nobody may be there to confirm it.
            End::Because(DisconnectReason::PingTimeout) => return,
            End::Because(reason) => self.close(close_code(reason), false).await,
        }
        self.closed = true;
    }

    /// Says goodbye, and reads on until the server does the same, keeping what comes or not.
    async fn close(&mut self, code: Option<CloseCode>, keep: bool) {
        let goodbye = async {
            while let Some(text) = self.inspector.link().filter(|_| keep).and_then(Link::take_unsent) {
                self.socket.send(Message::Text(text)).await?;
            }
            if let Some(code) = code {
                let frame = CloseFrame { code, reason: "".into() };
                self.socket.send(Message::Close(Some(frame))).await?;
            }
            while let Some(message) = self.socket.next().await.transpose()? {
                // Without a subscriber, nobody would ever take it.
                if keep && self.hub.has_subscribers() {
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
impl Drop for Session {
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

fn closed_by_server(frame: Option<CloseFrame>) -> DisconnectReason {
    let (code, reason) = match frame {
        Some(CloseFrame { code, reason }) => (Some(code.into()), reason.as_str().into()),
        None => (None, "".into()),
    };
    DisconnectReason::ClosedByServer { code, reason }
}

fn reason(error: WsError) -> DisconnectReason {
    match error {
        WsError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            DisconnectReason::lost("the server hung up without a Close frame")
        }
        WsError::Io(error) => DisconnectReason::ConnectionLost(Arc::new(error)),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            DisconnectReason::lost("the server hung up without a Close frame")
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
        DisconnectReason::NotDelivering { .. } | DisconnectReason::Replaced { .. } => Some(CloseCode::Normal),
    }
}
