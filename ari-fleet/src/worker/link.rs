//! One node, as a lane sees it: its events on their way to the application.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ari_bindings::Connection;
use async_nats::Subject;
use serde_json::json;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::order::{Order, Position, Sorted};
use super::socket::Socket;

/// The gateway has lost the event connection of the node, or has had to drop events.
const DOWN: &str = "GatewayDown";

/// The events of the node come again.
const UP: &str = "GatewayUp";

/// An event of a node that has come for a lane.
pub(super) struct Incoming {
    pub(super) position: Position,
    /// Whether no worker has had it before.
    pub(super) is_new: bool,
    pub(super) kind: String,
    pub(super) text: Utf8Bytes,
    /// Where it is acknowledged.
    pub(super) receipt: Subject,
}

impl Incoming {
    fn is_of_gateway(&self) -> bool {
        matches!(&*self.kind, DOWN | UP)
    }
}

/// The events of a node in a lane, from JetStream to the application.
pub(super) struct Link {
    pub(super) node: String,
    app: String,
    acks: mpsc::Sender<Subject>,
    state: Mutex<State>,
}

struct State {
    order: Order<Incoming>,
    socket: Option<Socket>,
    connection: Option<Connection>,
    /// What was written into the socket and not applied yet.
    written: VecDeque<Subject>,
    /// How many events the connection had received when the socket was opened.
    received_before: u64,
    /// How many events of the socket are acknowledged.
    acknowledged: u64,
    attached_at: Instant,
}

impl Link {
    pub(super) fn new(node: &str, app: &str, acks: mpsc::Sender<Subject>) -> Self {
        let state = State {
            order: Order::new(),
            socket: None,
            connection: None,
            written: VecDeque::new(),
            received_before: 0,
            acknowledged: 0,
            attached_at: Instant::now(),
        };
        Self { node: node.to_owned(), app: app.to_owned(), acks, state: Mutex::new(state) }
    }

    /// The connection whose events are applied.
    pub(super) fn connected(&self, connection: Connection) {
        self.lock().connection = Some(connection);
    }

    /// Takes an event.
    pub(super) fn take(&self, event: Incoming) {
        let mut state = self.lock();
        // What the gateway says of the time before the first attach is of no use.
        let is_new = event.is_new && !event.is_of_gateway();
        let sorted = state.order.take(event.position.clone(), is_new, event, Instant::now());
        self.pass_on(&mut state, sorted);
    }

    /// Opens the event connection: its first event is the one after this. Returns its other end.
    pub(super) fn attach(&self, last: Position) -> DuplexStream {
        let mut state = self.lock();
        let (socket, far_end) = Socket::open();
        self.settle(&mut state);
        state.socket = Some(socket);
        state.received_before = state.connection.as_ref().map_or(0, |connection| connection.statistics().received);
        state.acknowledged = 0;
        state.attached_at = Instant::now();
        let sorted = state.order.attach(last, Instant::now());
        self.pass_on(&mut state, sorted);
        far_end
    }

    /// Ends the event connection, so that the application reconnects and asks for what it has missed.
    pub(super) fn gap(&self, reason: &'static str) {
        self.break_off(&mut self.lock(), reason);
    }

    /// Ends the event connection for good: another worker has the lane. The application leaves its calls alone.
    pub(super) fn replace(&self) {
        let mut state = self.lock();
        if let Some(socket) = state.socket.take() {
            socket.write(replaced(&self.app));
            socket.close("the lane has another owner");
        }
        self.settle(&mut state);
    }

    /// The other end of a connection over which nothing comes but that the lane is another worker's.
    pub(super) fn replaced(&self) -> DuplexStream {
        let (socket, far_end) = Socket::open();
        socket.write(replaced(&self.app));
        far_end
    }

    /// The connection has ended for good.
    pub(super) fn disconnected(&self) {
        let mut state = self.lock();
        tracing::debug!(node = self.node, dropped = state.order.dropped(), "late and double events were dropped");
        // It keeps the client, which keeps this.
        state.connection = None;
        state.socket = None;
        state.order.detach().into_iter().for_each(|event| self.done(event.receipt));
        self.settle(&mut state);
    }

    /// Writes a user event that comes from this process. It is not one that a subscriber gets.
    pub(super) fn write_user_event(&self, name: &str) {
        let event = json!({ "type": "ChannelUserevent", "application": self.app, "eventname": name, "userevent": {} });
        if let Some(socket) = &self.lock().socket {
            socket.write(event.to_string().into());
        }
    }

    /// Acknowledges what the application has applied.
    pub(super) fn acknowledge(&self) {
        let mut state = self.lock();
        let Some(connection) = &state.connection else { return };
        let statistics = connection.statistics();
        let received = statistics.received.saturating_sub(state.received_before);
        let applied = received.saturating_sub(statistics.queued as u64);
        while state.acknowledged < applied {
            let Some(receipt) = state.written.pop_front() else { return };
            state.acknowledged += 1;
            self.done(receipt);
        }
    }

    /// Ends the connection if an event is missing, or if the gateway was started again without saying so.
    pub(super) fn check(&self, boot_since: impl FnOnce(Instant) -> Option<String>) {
        let mut state = self.lock();
        if state.order.is_overdue(Instant::now()) {
            self.break_off(&mut state, "an event is missing");
        }
        let Some(boot) = state.order.boot() else { return };
        if boot_since(state.attached_at).is_some_and(|announced| announced != boot) {
            self.break_off(&mut state, "the gateway was started again");
        }
    }

    fn pass_on(&self, state: &mut State, sorted: Sorted<Incoming>) {
        sorted.dropped.into_iter().for_each(|event| self.done(event.receipt));
        let mut ready = sorted.ready.into_iter();
        for event in ready.by_ref() {
            match &*event.kind {
                DOWN => self.break_off(state, "the gateway has lost the event connection"),
                UP => self.break_off(state, "the gateway has connected again"),
                _ => match &state.socket {
                    Some(socket) if socket.write(event.text) => {
                        state.written.push_back(event.receipt);
                        continue;
                    }
                    Some(_) => self.break_off(state, "more events wait than may"),
                    None => {}
                },
            }
            self.done(event.receipt);
        }
    }

    fn break_off(&self, state: &mut State, reason: &'static str) {
        if let Some(socket) = state.socket.take() {
            tracing::warn!(node = self.node, reason, "a gap in the events of a node");
            socket.close(reason);
        }
        state.order.detach().into_iter().for_each(|event| self.done(event.receipt));
        self.settle(state);
    }

    /// Acknowledges everything: what was not applied is asked for again.
    fn settle(&self, state: &mut State) {
        state.written.drain(..).for_each(|receipt| self.done(receipt));
    }

    fn done(&self, receipt: Subject) {
        // Without room, JetStream delivers it again, and it is dropped as a duplicate.
        let _ = self.acks.try_send(receipt);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event by which Asterisk reports that another connection has the application.
fn replaced(app: &str) -> Utf8Bytes {
    json!({ "type": "ApplicationReplaced", "application": app }).to_string().into()
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    fn at(seq: u64) -> Position {
        Position { boot: "boot".to_owned(), seq }
    }

    fn event(seq: u64, kind: &str) -> Incoming {
        let text = format!("{kind} {seq}").into();
        Incoming { position: at(seq), is_new: true, kind: kind.to_owned(), text, receipt: seq.to_string().into() }
    }

    fn link() -> (Link, mpsc::Receiver<Subject>) {
        let (acks, receipts) = mpsc::channel(16);
        (Link::new("pbx", "app", acks), receipts)
    }

    /// All that comes over a connection, until it ends.
    async fn read(far_end: DuplexStream) -> Vec<String> {
        let mut socket = WebSocketStream::from_raw_socket(far_end, Role::Client, None).await;
        let mut read = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            read.push(match message {
                Message::Close(Some(frame)) => format!("closed: {}", frame.reason),
                message => message.to_text().unwrap().to_owned(),
            });
        }
        read
    }

    fn acknowledged(receipts: &mut mpsc::Receiver<Subject>) -> Vec<String> {
        let mut acknowledged: Vec<_> =
            std::iter::from_fn(|| receipts.try_recv().ok()).map(|one| one.to_string()).collect();
        acknowledged.sort();
        acknowledged
    }

    #[tokio::test]
    async fn connection_carries_events_up_to_a_gap_and_continues_after_it() {
        let (link, mut receipts) = link();
        let first = link.attach(at(0));
        for event in [event(2, "Dial"), event(1, "StasisStart"), event(3, "GatewayDown"), event(4, "GatewayUp")] {
            link.take(event);
        }
        let closed = "closed: the gateway has lost the event connection";
        assert_eq!(read(first).await, ["StasisStart 1", "Dial 2", closed]);
        link.take(event(5, "StasisEnd"));
        // Nothing came between the reply of the gateway and this.
        let second = link.attach(at(4));
        link.gap("the end of the test");
        assert_eq!(read(second).await, ["StasisEnd 5", "closed: the end of the test"]);
        assert_eq!(acknowledged(&mut receipts), ["1", "2", "3", "4", "5"]);
    }

    #[tokio::test]
    async fn call_that_came_before_the_first_connection_is_new() {
        let (link, _receipts) = link();
        for event in [event(1, "StasisStart"), event(2, "GatewayUp")] {
            link.take(event);
        }
        let far_end = link.attach(at(2));
        link.gap("the end of the test");
        assert_eq!(read(far_end).await, ["StasisStart 1", "closed: the end of the test"]);
    }

    #[tokio::test]
    async fn gateway_that_was_started_again_makes_a_gap() {
        let (link, _receipts) = link();
        let far_end = link.attach(at(0));
        link.check(|_| None);
        link.check(|_| Some("boot".to_owned()));
        link.take(event(1, "Dial"));
        link.check(|_| Some("another".to_owned()));
        assert_eq!(read(far_end).await, ["Dial 1", "closed: the gateway was started again"]);
    }

    #[tokio::test]
    async fn application_learns_that_the_lane_is_lost() {
        let (link, _receipts) = link();
        let replaced = r#"{"application":"app","type":"ApplicationReplaced"}"#;
        let far_end = link.attach(at(0));
        link.replace();
        assert_eq!(read(far_end).await[0], replaced);
        // It may have been reconnecting.
        assert_eq!(read(link.replaced()).await, [replaced]);
    }
}
