//! Reads and writes one WebSocket until its end.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::super::subscribers::{Frame, Hub};
use super::end::{End, closed_by_server, reason};
use super::heartbeat::{Due, Heartbeat, after};
use super::{Inspector, Socket};
use crate::event::DisconnectReason;
use crate::rest::RestClient;

/// After how many messages the subscribers get what was read, and other tasks get their turn.
const LARGEST_BATCH: usize = 256;

/// After how many bytes they get it.
const LARGEST_BATCH_BYTES: usize = 1 << 20;

/// How many bytes of requests are written before the socket is flushed.
const LARGEST_WRITE: usize = 64 << 10;

/// One WebSocket, polled by the task of the connection only.
pub(in crate::connection) struct EventSocket {
    pub(super) socket: Socket,
    pub(super) hub: Arc<Hub>,
    heartbeat: Heartbeat,
    pub(super) inspector: Inspector,
    /// Frames read and not yet handed to the subscribers.
    batch: VecDeque<Frame>,
    batch_bytes: usize,
    /// How many frames of data were read, and how many bytes, that are not counted yet.
    received: (u64, u64),
    /// Whether the subscribers must not get any yet.
    holding: bool,
    /// When the subscribers that keep the connection from reading have to have made room.
    room_timer: Pin<Box<Sleep>>,
    /// Since when nothing could be written, by how much had been written.
    stalled: Option<(u64, Pin<Box<Sleep>>)>,
    pub(super) closed: bool,
}

impl EventSocket {
    /// Must be called in a Tokio runtime.
    pub(in crate::connection) fn new(
        socket: Socket,
        hub: Arc<Hub>,
        heartbeat: Heartbeat,
        inspector: Inspector,
    ) -> Self {
        hub.forget_waits();
        Self {
            socket,
            hub,
            heartbeat,
            inspector,
            batch: VecDeque::new(),
            batch_bytes: 0,
            received: (0, 0),
            holding: false,
            room_timer: Box::pin(sleep_until(Instant::now())),
            stalled: None,
            closed: false,
        }
    }

    /// Holds frames back from the subscribers until [`EventSocket::release`].
    pub(in crate::connection) fn hold(&mut self) {
        self.holding = true;
    }

    /// Whether any frame is held back.
    pub(in crate::connection) fn holds_any(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Whether as much is held back as may be; a single frame always may.
    pub(in crate::connection) fn holds_enough(&self) -> bool {
        self.holding && self.holds_any() && self.batch_bytes >= self.hub.may_hold()
    }

    /// Hands on what was held back.
    pub(in crate::connection) fn release(&mut self) {
        self.holding = false;
        self.hand_on();
    }

    /// When the last sign of life came.
    pub(in crate::connection) fn last_alive(&self) -> Instant {
        self.heartbeat.last_alive()
    }

    /// Reads, writes and pings until the end.
    pub(in crate::connection) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if let Poll::Ready(code) = self.hub.poll_close(cx) {
            return Poll::Ready(End::Asked(code));
        }
        if let Poll::Ready(reason) = self.poll_write(cx) {
            return Poll::Ready(End::Because(reason));
        }
        if let Poll::Ready(reason) = self.poll_read(cx) {
            return Poll::Ready(End::Because(reason));
        }
        self.poll_heartbeat(cx).map(End::Because)
    }

    /// Reads what is there, as far as the subscribers have room for it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        if self.holds_enough() {
            // The check that it is held for is given up at the next poll.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(room) = self.poll_room(cx) else { return Poll::Pending };
        let read_before = self.socket.get_ref().read();
        let read = self.read_batch(cx, room.min(LARGEST_BATCH_BYTES));
        if self.socket.get_ref().read() > read_before {
            self.heartbeat.alive();
        }
        self.hand_on();
        match read {
            Poll::Ready(Some(reason)) => Poll::Ready(reason),
            Poll::Ready(None) => {
                // There is more; other tasks come first.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Reads messages until there are none, until enough bytes of them are kept, or until the end, with its reason.
    fn read_batch(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<Option<DisconnectReason>> {
        let full = self.batch_bytes.saturating_add(room);
        // Every message counts, control frames included: a peer cannot occupy the task.
        for _ in 0..LARGEST_BATCH {
            let message = match self.socket.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(reason(error))),
                Poll::Ready(None) => return Poll::Ready(Some(reason(WsError::ConnectionClosed))),
            };
            if let Message::Close(frame) = message {
                return Poll::Ready(Some(closed_by_server(frame)));
            }
            if let Some(reason) = self.keep(message) {
                return Poll::Ready(Some(reason));
            }
            if self.batch_bytes >= full {
                break;
            }
        }
        Poll::Ready(None)
    }

    /// Keeps a message that carries an event; it may be the last of the connection.
    pub(super) fn keep(&mut self, message: Message) -> Option<DisconnectReason> {
        let (frame, last) = match message {
            Message::Text(text) => {
                let seen = self.inspector.look_at(&text);
                if seen.is_reply {
                    return None;
                }
                (Frame::text(&text, seen.kind), seen.end)
            }
            Message::Binary(bytes) => (Frame::binary(&bytes), None),
            Message::Ping(_) | Message::Pong(_) => {
                self.hub.counters.control_frame();
                return None;
            }
            Message::Close(_) | Message::Frame(_) => return None,
        };
        self.received.0 += 1;
        self.received.1 += frame.text_size() as u64;
        self.batch_bytes += frame.size();
        self.batch.push_back(frame);
        last
    }

    /// Gives the subscribers what was read, unless it is held back.
    pub(super) fn hand_on(&mut self) {
        let (events, bytes) = std::mem::take(&mut self.received);
        if events > 0 {
            self.hub.counters.received(events, bytes);
        }
        if !self.holding {
            self.batch_bytes = 0;
            self.hub.push(&mut self.batch);
        }
    }

    /// How many bytes the subscribers have room for. Waits for room as long as they may keep the connection waiting.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        if self.holding {
            return Poll::Ready(self.hub.may_hold().saturating_sub(self.batch_bytes).max(1));
        }
        loop {
            let until = match self.hub.poll_room(cx) {
                Ok(room) => return Poll::Ready(room),
                Err(until) => until,
            };
            // While the connection does not read, silence means nothing.
            self.heartbeat.alive();
            self.room_timer.as_mut().reset(until);
            if self.room_timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Writes the requests that wait, and what the WebSocket itself has to write.
    ///
    /// Requests are written only once everything before them is: until then they are not sent, and can be taken back.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        loop {
            match self.socket.poll_flush_unpin(cx) {
                Poll::Ready(Ok(())) => self.stalled = None,
                Poll::Ready(Err(error)) => return Poll::Ready(reason(error)),
                Poll::Pending => return self.poll_stalled(cx),
            }
            let Some(rest) = self.inspector.rest() else { return Poll::Pending };
            let mut written = 0;
            while written < LARGEST_WRITE {
                let Some(text) = rest.poll_unsent(cx) else { break };
                written += text.len();
                if let Err(error) = self.socket.start_send_unpin(Message::Text(text)) {
                    return Poll::Ready(reason(error));
                }
            }
            if written == 0 {
                return Poll::Pending;
            }
        }
    }

    /// Ends a connection whose peer has read nothing for as long as it may be silent.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        let written = self.socket.get_ref().written();
        let busy_until = self.busy_until();
        let limit = after(Instant::now(), self.heartbeat.longest_silence());
        let (before, timer) = self.stalled.get_or_insert_with(|| (written, Box::pin(sleep_until(limit))));
        if *before != written {
            *before = written;
            timer.as_mut().reset(limit);
        }
        while timer.as_mut().poll(cx).is_ready() {
            let Some(until) = busy_until.filter(|until| *until > Instant::now()) else {
                return Poll::Ready(DisconnectReason::lost("the server does not read what is sent to it"));
            };
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }

    /// Until when the server may be busy with a request, in which it neither reads nor answers a ping.
    fn busy_until(&self) -> Option<Instant> {
        self.inspector.rest().and_then(RestClient::unanswered_until)
    }

    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<DisconnectReason> {
        let busy_until = self.busy_until();
        while let Poll::Ready(due) = self.heartbeat.poll_due(cx, busy_until) {
            if due == Due::End {
                return Poll::Ready(DisconnectReason::PingTimeout);
            }
            // If even the ping cannot be written, the silence after it says enough.
            if self.stalled.is_none() {
                if let Err(error) = self.socket.start_send_unpin(Message::Ping(Bytes::new())) {
                    return Poll::Ready(reason(error));
                }
                if let Poll::Ready(reason) = self.poll_write(cx) {
                    return Poll::Ready(reason);
                }
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::super::super::subscribers::{Events, Queue};
    use super::super::Metered;
    use super::*;
    use crate::resync::Tracker;
    use crate::{Client, Method, OverflowPolicy, Request};

    fn subscribed() -> (Arc<Hub>, Events) {
        let client = Client::builder("http://localhost/ari").build().unwrap();
        let hub = Arc::new(Hub::new(Vec::new(), None));
        let queue = Queue::new(1_000, OverflowPolicy::Fail);
        (Arc::clone(&hub), Events::new(hub, queue, Tracker::new(client, false)))
    }

    #[tokio::test(start_paused = true)]
    async fn waits_of_the_connection_before_are_forgotten() {
        let (hub, _events) = subscribed();
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        while hub.poll_room(cx).is_ok() && hub.has_subscribers() {
            hub.push(&mut VecDeque::from([Frame::text("{}", None)]));
        }
        // The connection is lost while it waits for room, and re-established after a while.
        tokio::time::advance(Duration::from_secs(10)).await;
        let stream = Metered::new(Box::new(tokio::io::duplex(1).0));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let heartbeat = Heartbeat::new(Duration::from_secs(5), Duration::from_secs(5));
        let inspector = Inspector::new(Arc::clone(&hub), None, Arc::default(), Arc::default());
        let _socket = EventSocket::new(socket, Arc::clone(&hub), heartbeat, inspector);
        assert!(hub.poll_room(cx).is_err());
        assert!(hub.has_subscribers(), "ended for the wait before");
    }

    /// A connection whose peer reads nothing.
    struct Stalled {
        socket: EventSocket,
        peer: DuplexStream,
        _events: Events,
    }

    impl Stalled {
        /// A request waits for its reply for `limit`.
        async fn new(limit: Duration) -> Self {
            let rest = Arc::new(RestClient::new(&[]));
            rest.up();
            let request = Request::new(Method::Get, "/x").query_parameter("x", "x".repeat(4000));
            let client = Arc::clone(&rest);
            tokio::spawn(async move { client.exchange("", &request, limit).await.map(drop) });
            tokio::task::yield_now().await;
            let (hub, events) = subscribed();
            let (near, peer) = tokio::io::duplex(100);
            let socket = WebSocketStream::from_raw_socket(Metered::new(Box::new(near)), Role::Client, None).await;
            let heartbeat = Heartbeat::new(Duration::from_secs(5), Duration::from_secs(5));
            let inspector = Inspector::new(Arc::clone(&hub), Some(rest), Arc::default(), Arc::default());
            Self { socket: EventSocket::new(socket, hub, heartbeat, inspector), peer, _events: events }
        }

        /// Lets time pass, in which the peer gives signs of life. Returns why the connection ends, if it does.
        async fn pass(&mut self, seconds: u64) -> Option<String> {
            const PONG: &[u8] = &[0x8a, 0];
            for _ in 0..seconds {
                tokio::time::advance(Duration::from_secs(1)).await;
                self.peer.write_all(PONG).await.unwrap();
                match self.socket.poll_end(&mut Context::from_waker(std::task::Waker::noop())) {
                    Poll::Ready(End::Because(reason)) => return Some(reason.to_string()),
                    Poll::Ready(End::Asked(_)) => panic!("nobody asked for it"),
                    Poll::Pending => {}
                }
            }
            None
        }
    }

    #[tokio::test(start_paused = true)]
    async fn peer_that_reads_slowly_is_kept_and_one_that_reads_nothing_is_ended() {
        let mut stalled = Stalled::new(Duration::from_secs(1)).await;
        for _ in 0..3 {
            assert_eq!(stalled.pass(9).await, None);
            assert_eq!(stalled.peer.read(&mut [0; 50]).await.unwrap(), 50);
        }
        let reason = stalled.pass(12).await.expect("it is ended");
        assert!(reason.contains("does not read"), "{reason}");
    }

    #[tokio::test(start_paused = true)]
    async fn peer_that_is_busy_with_a_request_need_not_read() {
        let mut stalled = Stalled::new(Duration::from_secs(60)).await;
        assert_eq!(stalled.pass(59).await, None);
        assert!(stalled.pass(2).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn held_frames_leave_less_room_for_others() {
        let Stalled { mut socket, peer: _, _events } = Stalled::new(Duration::from_secs(1)).await;
        socket.hold();
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let most = socket.hub.may_hold();
        assert_eq!(socket.poll_room(cx), Poll::Ready(most));
        socket.keep(Message::text("x".repeat(100)));
        assert_eq!(socket.poll_room(cx), Poll::Ready(most - socket.batch_bytes));
        socket.keep(Message::text("x".repeat(most)));
        assert_eq!(socket.poll_room(cx), Poll::Ready(1));
    }
}
