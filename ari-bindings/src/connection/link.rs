//! Requests over the event connection: REST over WebSocket.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::DisconnectReason;
use super::queue::wake;
use super::rest::{Answer, answer, write};
use crate::client::Reply;
use crate::{ConnectErrorKind, Error, Request};

/// The requests of one event connection. It stays when the connection is made again.
#[derive(Default)]
pub(crate) struct Link {
    state: Mutex<State>,
    apps: Vec<String>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    next_id: u64,
    /// What the connection has not yet been given to send.
    unsent: VecDeque<(u64, Utf8Bytes)>,
    waiting: HashMap<u64, oneshot::Sender<Outcome>>,
    connection: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Down,
    Up,
    Closed,
}

/// What becomes of a request.
enum Outcome {
    Replied(Answer),
    /// The connection was lost; whether the request had been sent before.
    Lost {
        sent: bool,
        reason: DisconnectReason,
    },
}

impl Link {
    pub(crate) fn new(apps: &[String]) -> Self {
        Self { apps: apps.to_vec(), ..Self::default() }
    }

    /// Whether requests go this way: until the connection is closed for good.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase != Phase::Closed
    }

    /// The applications of the connection.
    pub(crate) fn apps(&self) -> &[String] {
        &self.apps
    }

    /// Sends a request and waits for its reply, for so long at most.
    pub(crate) async fn exchange(&self, base_url: &str, request: &Request, limit: Duration) -> Result<Reply, Error> {
        let operation = request.operation();
        let (waiting, reply) = self.submit(base_url, request)?;
        match timeout(limit, reply).await {
            Ok(Ok(Outcome::Replied(answer))) => answer.into_reply(base_url, request),
            Ok(Ok(Outcome::Lost { sent: true, reason })) => {
                Err(Error::OutcomeUnknown { operation, timed_out: false, source: Arc::new(Lost(reason)) })
            }
            Ok(Ok(Outcome::Lost { sent: false, reason })) => Err(down(base_url, Lost(reason))),
            Ok(Err(_)) => Err(down(base_url, Closed)),
            Err(_) if waiting.is_unsent() => {
                Err(Error::Connect { url: base_url.into(), kind: ConnectErrorKind::Timeout, source: Arc::new(Stuck) })
            }
            Err(elapsed) => Err(Error::OutcomeUnknown { operation, timed_out: true, source: Arc::new(elapsed) }),
        }
    }

    /// Has a request sent whose reply nobody waits for.
    pub(super) fn post(&self, request: &Request) -> Result<(), Error> {
        let mut state = self.lock();
        let id = state.next_id;
        let text = write(id, request)?;
        state.next_id += 1;
        state.unsent.push_back((id, text.into()));
        let waker = state.connection.take();
        drop(state);
        wake(waker);
        Ok(())
    }

    fn submit<'link>(
        &'link self,
        base_url: &str,
        request: &Request,
    ) -> Result<(Waiting<'link>, oneshot::Receiver<Outcome>), Error> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        match state.phase {
            Phase::Up => {}
            Phase::Down => return Err(down(base_url, Down)),
            Phase::Closed => return Err(down(base_url, Closed)),
        }
        let id = state.next_id;
        let text = write(id, request)?;
        state.next_id += 1;
        state.waiting.insert(id, sender);
        state.unsent.push_back((id, text.into()));
        let waker = state.connection.take();
        drop(state);
        wake(waker);
        Ok((Waiting { link: self, id }, receiver))
    }

    /// The connection is there.
    pub(super) fn up(&self) {
        self.lock().phase = Phase::Up;
    }

    /// The connection is lost, for good or not: nobody waits any longer.
    pub(super) fn down(&self, reason: &DisconnectReason) {
        self.fail(Phase::Down, reason);
    }

    /// The connection is closed for good.
    pub(super) fn close(&self) {
        self.fail(Phase::Closed, &DisconnectReason::lost("the event connection was closed"));
    }

    fn fail(&self, phase: Phase, reason: &DisconnectReason) {
        let mut state = self.lock();
        state.phase = phase;
        let unsent = std::mem::take(&mut state.unsent);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (id, sender) in waiting {
            let sent = !unsent.iter().any(|(other, _)| *other == id);
            // Who has given up waiting needs no answer.
            let _ = sender.send(Outcome::Lost { sent, reason: reason.clone() });
        }
    }

    /// Whether a request is to be written to the connection, which is woken when there is one.
    pub(super) fn poll_any_unsent(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if !state.unsent.is_empty() {
            return Poll::Ready(());
        }
        state.connection = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next request to be written, if there is one.
    pub(super) fn take_unsent(&self) -> Option<Utf8Bytes> {
        self.lock().unsent.pop_front().map(|(_, text)| text)
    }

    /// Whether somebody waits for a reply.
    pub(super) fn is_awaited(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Takes a reply, if it is one to a request of ours.
    pub(super) fn take_reply(&self, text: &Utf8Bytes) -> bool {
        let Some((id, answer)) = answer(text) else { return false };
        let mut state = self.lock();
        if id >= state.next_id {
            return false;
        }
        // Who has given up waiting meanwhile does not want it any more, nor does anybody else.
        if let Some(sender) = state.waiting.remove(&id) {
            drop(state);
            let _ = sender.send(Outcome::Replied(answer));
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits for its reply. Giving up takes it back if it was not sent yet.
struct Waiting<'link> {
    link: &'link Link,
    id: u64,
}

impl Waiting<'_> {
    fn is_unsent(&self) -> bool {
        self.link.lock().unsent.iter().any(|(id, _)| *id == self.id)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.link.lock();
        if state.waiting.remove(&self.id).is_some() {
            state.unsent.retain(|(id, _)| *id != self.id);
        }
    }
}

fn down(base_url: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Connect { url: base_url.into(), kind: ConnectErrorKind::Disconnected, source: Arc::new(source) }
}

/// The event connection was lost while a request waited.
#[derive(Debug)]
struct Lost(DisconnectReason);

/// The event connection is lost, and not yet made again.
#[derive(Debug)]
struct Down;

/// The server takes nothing from the event connection.
#[derive(Debug)]
struct Stuck;

/// The event connection was closed while a request waited.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event connection that carries the requests: {}", self.0)
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event connection that carries the requests is being made again")
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server takes nothing from the event connection that carries the requests")
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event connection that carries the requests was closed")
    }
}

impl std::error::Error for Lost {}
impl std::error::Error for Down {}
impl std::error::Error for Stuck {}
impl std::error::Error for Closed {}
