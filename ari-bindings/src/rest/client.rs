//! The requests that wait for the event connection, and those that wait for their replies.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::message::{Answer, answer, write};
use crate::event::DisconnectReason;
use crate::request::Content;
use crate::{ConnectErrorKind, Error, Request};

/// How many bytes of requests may wait for the connection to send them. A server that reads takes them at once.
const MOST_UNSENT: usize = 4 << 20;

/// The requests of one event connection. It stays when the connection is re-established.
#[derive(Default)]
pub(crate) struct RestClient {
    state: Mutex<State>,
    apps: Vec<String>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    next_id: u64,
    /// What the connection has yet to send, in the order of the ids.
    unsent: VecDeque<(u64, Utf8Bytes)>,
    unsent_bytes: usize,
    /// The requests whose callers wait for a reply.
    waiting: BTreeMap<u64, Waiting>,
    /// Until when the server may be busy with the oldest request that it has not answered.
    unanswered_until: Option<Instant>,
    /// Why the connection was lost last.
    lost: Option<DisconnectReason>,
    connection: Option<Waker>,
}

struct Waiting {
    caller: oneshot::Sender<Outcome>,
    deadline: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Down,
    Up,
    /// It is being closed: what is under way goes on, and nothing is added.
    Closing,
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

impl RestClient {
    pub(crate) fn new(apps: &[String]) -> Self {
        Self { apps: apps.to_vec(), ..Self::default() }
    }

    /// Whether requests are sent over the connection: until it is to be closed for good.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.lock().phase, Phase::Down | Phase::Up)
    }

    /// The applications of the connection.
    pub(crate) fn apps(&self) -> &[String] {
        &self.apps
    }

    /// Sends a request and waits for its reply, for at most `limit`.
    pub(crate) async fn exchange(&self, base_url: &str, request: &Request, limit: Duration) -> Result<Content, Error> {
        let now = Instant::now();
        let deadline = now.checked_add(limit).unwrap_or(now + Duration::from_secs(60 * 60 * 24 * 365));
        let (pending, reply) = self.submit(base_url, request, deadline)?;
        match timeout_at(deadline, reply).await {
            Ok(Ok(Outcome::Replied(answer))) => answer.into_content(base_url, request),
            Ok(Ok(Outcome::Lost { sent: true, reason })) => {
                Err(Error::OutcomeUnknown { request: request.line(), timed_out: false, source: Arc::new(Lost(reason)) })
            }
            Ok(Ok(Outcome::Lost { sent: false, reason })) => Err(disconnected(base_url, Lost(reason))),
            Ok(Err(_)) => Err(disconnected(base_url, Closed(self.lock().lost.clone()))),
            Err(_) if pending.is_unsent() => {
                Err(Error::Connect { url: base_url.into(), kind: ConnectErrorKind::Busy, source: Arc::new(Stuck) })
            }
            Err(elapsed) => {
                Err(Error::OutcomeUnknown { request: request.line(), timed_out: true, source: Arc::new(elapsed) })
            }
        }
    }

    fn submit<'client>(
        &'client self,
        base_url: &str,
        request: &Request,
        deadline: Instant,
    ) -> Result<(Pending<'client>, oneshot::Receiver<Outcome>), Error> {
        let (caller, reply) = oneshot::channel();
        // The task of the connection waits for the lock.
        let unnumbered = write(request)?;
        let mut state = self.lock();
        match state.phase {
            Phase::Up => {}
            Phase::Down => return Err(disconnected(base_url, Down(state.lost.clone()))),
            Phase::Closing | Phase::Closed => return Err(disconnected(base_url, Closed(state.lost.clone()))),
        }
        let id = state.next_id;
        let text = unnumbered.numbered(id)?;
        if state.unsent_bytes + text.len() > MOST_UNSENT {
            let kind = ConnectErrorKind::Busy;
            return Err(Error::Connect { url: base_url.into(), kind, source: Arc::new(Stuck) });
        }
        state.next_id += 1;
        state.unsent_bytes += text.len();
        state.waiting.insert(id, Waiting { caller, deadline });
        state.unsent.push_back((id, text.into()));
        let waker = state.connection.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok((Pending { client: self, id }, reply))
    }

    /// The connection is there, unless it is to be closed already.
    pub(crate) fn up(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Down {
            state.phase = Phase::Up;
            state.lost = None;
        }
    }

    /// The connection is lost, for good or not: no request waits any longer.
    pub(crate) fn down(&self, reason: &DisconnectReason) {
        self.lock().lost = Some(reason.clone());
        self.fail(Phase::Down, reason);
    }

    /// The connection is to be closed: no further requests are sent over it.
    pub(crate) fn take_no_more(&self) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = Phase::Closing;
        }
    }

    /// The connection is closed for good.
    pub(crate) fn close(&self) {
        self.fail(Phase::Closed, &DisconnectReason::lost("the event connection was closed"));
    }

    fn fail(&self, phase: Phase, reason: &DisconnectReason) {
        let mut state = self.lock();
        if state.phase != Phase::Closing || phase == Phase::Closed {
            state.phase = phase;
        }
        let first_unsent = state.unsent.front().map_or(state.next_id, |(id, _)| *id);
        state.unsent.clear();
        (state.unsent_bytes, state.unanswered_until) = (0, None);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (id, Waiting { caller, .. }) in waiting {
            // A caller that has given up needs no answer.
            let _ = caller.send(Outcome::Lost { sent: id < first_unsent, reason: reason.clone() });
        }
    }

    /// The next request to be written. If there is none, the task of the connection is woken when there is.
    pub(crate) fn poll_unsent(&self, cx: &mut Context<'_>) -> Option<Utf8Bytes> {
        let mut state = self.lock();
        let unsent = state.take_unsent();
        if unsent.is_none() {
            state.connection = Some(cx.waker().clone());
        }
        unsent
    }

    /// The next request to be written.
    pub(crate) fn take_unsent(&self) -> Option<Utf8Bytes> {
        self.lock().take_unsent()
    }

    /// Until when the server may be busy with a request that it has not answered.
    ///
    /// Asterisk handles requests in the thread that reads the socket, so it answers no ping while one takes long. The
    /// time is that which the caller allows for the request, and starts again with each reply: a server that answers
    /// nothing is not taken for a busy one for longer.
    pub(crate) fn unanswered_until(&self) -> Option<Instant> {
        self.lock().unanswered_until
    }

    /// Takes a reply, if it is one to a request of ours.
    pub(crate) fn take_reply(&self, text: &Utf8Bytes) -> bool {
        let Some((id, answer)) = answer(text) else { return false };
        let mut state = self.lock();
        if id >= state.next_id {
            return false;
        }
        let waiting = state.waiting.remove(&id);
        let first_unsent = state.unsent.front().map_or(state.next_id, |(id, _)| *id);
        let oldest = state.waiting.range(..first_unsent).next().map(|(_, waiting)| waiting.deadline);
        state.unanswered_until = oldest;
        drop(state);
        // If its caller has given up, the reply is of no use to anybody.
        if let Some(Waiting { caller, .. }) = waiting {
            let _ = caller.send(Outcome::Replied(answer));
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_unsent(&mut self) -> Option<Utf8Bytes> {
        let (id, text) = self.unsent.pop_front()?;
        self.unsent_bytes -= text.len();
        if let Some(waiting) = self.waiting.get(&id) {
            self.unanswered_until.get_or_insert(waiting.deadline);
        }
        Some(text)
    }

    /// Where in `unsent` a request is.
    fn find_unsent(&self, id: u64) -> Option<usize> {
        self.unsent.binary_search_by_key(&id, |(id, _)| *id).ok()
    }
}

/// A request that waits for its reply. Dropping it takes it back if it was not sent yet.
struct Pending<'client> {
    client: &'client RestClient,
    id: u64,
}

impl Pending<'_> {
    fn is_unsent(&self) -> bool {
        self.client.lock().find_unsent(self.id).is_some()
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut state = self.client.lock();
        if state.waiting.remove(&self.id).is_none() {
            return;
        }
        if let Some((_, text)) = state.find_unsent(self.id).and_then(|at| state.unsent.remove(at)) {
            state.unsent_bytes -= text.len();
        }
    }
}

fn disconnected(base_url: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Connect { url: base_url.into(), kind: ConnectErrorKind::Disconnected, source: Arc::new(source) }
}

/// The event connection was lost while a request waited.
#[derive(Debug)]
struct Lost(DisconnectReason);

/// The event connection is lost, and not yet re-established.
#[derive(Debug)]
struct Down(Option<DisconnectReason>);

/// The server does not read from the event connection.
#[derive(Debug)]
struct Stuck;

/// The event connection was closed, by the program or because it was lost for good.
#[derive(Debug)]
struct Closed(Option<DisconnectReason>);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the event connection that carries the requests: {}", self.0)
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event connection that carries the requests is reconnecting")?;
        because(self.0.as_ref(), f)
    }
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server does not read from the event connection that carries the requests")
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event connection that carries the requests was closed")?;
        because(self.0.as_ref(), f)
    }
}

fn because(lost: Option<&DisconnectReason>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    lost.map_or(Ok(()), |reason| write!(f, ": {reason}"))
}

impl std::error::Error for Lost {}
impl std::error::Error for Down {}
impl std::error::Error for Stuck {}
impl std::error::Error for Closed {}

#[cfg(test)]
mod tests;
