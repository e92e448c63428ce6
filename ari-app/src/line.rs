//! The line of a queue: who waits, and which agents are free.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Call;
use crate::context::Context;
use crate::error::CallError;

/// How many callers may wait unless [`Queue::most`](crate::Queue::most) says otherwise.
const MOST: usize = 1000;

/// The line of a [`Queue`](crate::Queue).
pub(crate) struct Line {
    state: Mutex<State>,
    closed: CancellationToken,
    /// Wakes the agent's call that is the next to get a caller: somebody waits.
    arrived: Notify,
    /// Held by that call.
    turn: tokio::sync::Mutex<()>,
}

pub(crate) struct State {
    /// Those who wait, the longest waiting one first.
    pub(crate) callers: VecDeque<Arc<Ticket>>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) most: usize,
    pub(crate) rings_all: bool,
    pub(crate) ring: Duration,
    pub(crate) rest: Duration,
    /// The application that uses the queue.
    context: Weak<Context>,
}

/// An agent who is dialled.
pub(crate) struct Agent {
    pub(crate) endpoint: Box<str>,
    /// From when on it may be dialled; `None` while it is dialled or talks.
    pub(crate) free_from: Option<Instant>,
}

/// A caller in the line.
pub(crate) struct Ticket {
    pub(crate) call: Call,
    pub(crate) since: Instant,
    stage: watch::Sender<Stage>,
    /// Wakes the caller's verb when it may be the next to have an agent dialled.
    turn: Notify,
    /// How many agents are being dialled for the caller.
    ringing: AtomicUsize,
    /// The id of the agent's call that has taken the caller.
    agent: Mutex<Box<str>>,
}

/// How far a caller has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Waiting,
    /// An agent's call has been given the caller, and may connect.
    Offered,
    /// The agent connects.
    Claimed,
    /// The caller hears no music any more.
    Ready,
    /// The two have talked.
    Served,
    /// The agent was gone before they were connected.
    Returned,
    /// The caller has left.
    Gone,
}

/// Whether a caller may enter.
pub(crate) enum Entry {
    Entered(Waiter),
    Full,
    Closed,
}

impl Line {
    pub(crate) fn new() -> Self {
        let state = State {
            callers: VecDeque::new(),
            agents: Vec::new(),
            most: MOST,
            rings_all: false,
            ring: Duration::from_secs(15),
            rest: Duration::from_secs(5),
            context: Weak::new(),
        };
        let (closed, arrived) = (CancellationToken::new(), Notify::new());
        Self { state: Mutex::new(state), closed, arrived, turn: tokio::sync::Mutex::default() }
    }

    /// Checks what the queue was given.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        let state = self.lock();
        if let Some(agent) = state.agents.iter().find(|agent| !agent.endpoint.contains('/')) {
            return Err(CallError::invalid("agents", format!("{:?}: write TECHNOLOGY/RESOURCE", agent.endpoint)));
        }
        if state.most == 0 {
            return Err(CallError::invalid("most", "0; let at least one caller wait"));
        }
        if state.ring.as_secs() == 0 {
            return Err(CallError::invalid("ring", "less than a second"));
        }
        if state.rest.is_zero() {
            return Err(CallError::invalid("rest", "zero; an agent who does not answer would be dialled incessantly"));
        }
        Ok(())
    }

    /// Lets calls of one application in: those of another may be on another server.
    pub(crate) fn admit(&self, context: &Arc<Context>) -> Result<(), CallError> {
        let mut state = self.lock();
        if state.context.upgrade().is_some_and(|known| !Arc::ptr_eq(&known, context)) {
            return Err(CallError::invalid("queue", "of another application; create one for each"));
        }
        state.context = Arc::downgrade(context);
        Ok(())
    }

    pub(crate) fn enter(self: &Arc<Self>, call: &Call) -> Entry {
        let ticket = Arc::new(Ticket::new(call.clone()));
        let mut state = self.lock();
        if self.closed.is_cancelled() {
            return Entry::Closed;
        }
        if state.callers.len() >= state.most {
            return Entry::Full;
        }
        state.callers.push_back(Arc::clone(&ticket));
        drop(state);
        self.arrived.notify_one();
        Entry::Entered(Waiter { line: Arc::clone(self), ticket })
    }

    /// Gives the longest waiting caller to an agent's call, and waits for one. Agents get callers in the order in which
    /// they came.
    pub(crate) async fn offer(&self) -> Arc<Ticket> {
        let _turn = self.turn.lock().await;
        loop {
            let is_offered = |ticket: &&Arc<Ticket>| ticket.advance(&[Stage::Waiting], Stage::Offered);
            let offered = self.lock().callers.iter().find(is_offered).cloned();
            match offered {
                Some(ticket) => return ticket,
                None => self.arrived.notified().await,
            }
        }
    }

    /// Closes the line for good.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Waits until the queue is closed.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Changes the state, and wakes the caller who is the next to have an agent dialled.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        if let Some(next) = state.next() {
            next.turn.notify_one();
        }
        result
    }

    /// Wakes the agent's call that is the next to get a caller.
    pub(crate) fn wake_agent(&self) {
        self.arrived.notify_one();
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The caller who is the next to have an agent dialled.
    fn next(&self) -> Option<&Arc<Ticket>> {
        self.callers.iter().find(|ticket| self.rings_all || !ticket.is_offered())
    }
}

impl Ticket {
    fn new(call: Call) -> Self {
        let (since, stage) = (Instant::now(), watch::Sender::new(Stage::Waiting));
        let (turn, ringing) = (Notify::new(), AtomicUsize::new(0));
        Self { call, since, stage, turn, ringing, agent: Mutex::default() }
    }

    /// Goes to a stage, if it is at one of these.
    pub(crate) fn advance(&self, from: &[Stage], to: Stage) -> bool {
        let advanced = self.stage.send_if_modified(|stage| {
            let may = from.contains(stage);
            if may {
                *stage = to;
            }
            may
        });
        if advanced {
            // The caller's verb looks at the stage, too.
            self.call.session.change(|_| ());
        }
        advanced
    }

    /// Takes the caller for an agent's call, unless the caller has left.
    pub(crate) fn claim(&self, agent: &str) -> bool {
        *self.agent.lock().unwrap_or_else(PoisonError::into_inner) = agent.into();
        self.advance(&[Stage::Offered], Stage::Claimed)
    }

    /// The id of the agent's call that has taken the caller.
    pub(crate) fn agent(&self) -> Box<str> {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether an agent is being dialled for the caller.
    pub(crate) fn is_offered(&self) -> bool {
        self.ringing.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits until it is at one of these stages.
    pub(crate) async fn until(&self, stages: &[Stage]) -> Stage {
        let mut changes = self.stage.subscribe();
        // The sender lives as long as `self`.
        changes.wait_for(|stage| stages.contains(stage)).await.map_or(Stage::Gone, |stage| *stage)
    }
}

/// A caller who waits in the line, and leaves it when this is dropped.
pub(crate) struct Waiter {
    pub(crate) line: Arc<Line>,
    pub(crate) ticket: Arc<Ticket>,
}

impl Waiter {
    /// Counted from one; `None` for a caller who does not wait any more.
    pub(crate) fn position(&self) -> Option<usize> {
        let state = self.line.lock();
        state.callers.iter().position(|ticket| Arc::ptr_eq(ticket, &self.ticket)).map(|before| before + 1)
    }

    /// Whether the caller still waits.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.ticket.stage(), Stage::Waiting | Stage::Offered)
    }

    /// Leaves the line, unless an agent's call is about to connect.
    pub(crate) fn leave(&self) -> bool {
        let left = self.ticket.advance(&[Stage::Waiting, Stage::Offered], Stage::Gone);
        self.remove();
        left
    }

    /// Leaves the line for an agent's call.
    pub(crate) fn remove(&self) {
        self.line.change(|state| state.callers.retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket)));
    }

    /// Waits at the head of the line again.
    pub(crate) fn rejoin(&self) {
        self.ticket.advance(&[Stage::Returned], Stage::Waiting);
        self.line.change(|state| state.callers.push_front(Arc::clone(&self.ticket)));
        self.line.wake_agent();
    }

    /// Waits until it may be the caller's turn to have an agent dialled.
    pub(crate) async fn turn(&self) {
        self.ticket.turn.notified().await;
    }

    /// An agent to be dialled for this caller, if it is the caller's turn and one is free.
    pub(crate) fn reserve(&self) -> Option<Reserved> {
        let mut state = self.line.lock();
        state.next().filter(|ticket| Arc::ptr_eq(ticket, &self.ticket))?;
        let (ring, rest, now) = (state.ring, state.rest, Instant::now());
        let is_free = |agent: &&mut Agent| agent.free_from.is_some_and(|from| from <= now);
        let agent = state.agents.iter_mut().filter(is_free).min_by_key(|agent| agent.free_from)?;
        agent.free_from = None;
        let endpoint = agent.endpoint.clone();
        let ticket = Arc::clone(&self.ticket);
        ticket.ringing.fetch_add(1, Ordering::Relaxed);
        drop(state);
        // The caller behind may be next.
        self.line.change(|_| ());
        let line = Arc::clone(&self.line);
        Some(Reserved { line, ticket: Some(ticket), endpoint, ring, rest, needs_rest: false })
    }

    /// When the next agent has rested, if the caller is the next to have one dialled.
    pub(crate) fn next_rested(&self) -> Option<Instant> {
        let state = self.line.lock();
        state.next().filter(|ticket| Arc::ptr_eq(ticket, &self.ticket))?;
        state.agents.iter().filter_map(|agent| agent.free_from).filter(|from| *from > Instant::now()).min()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let before = [Stage::Waiting, Stage::Offered, Stage::Claimed, Stage::Ready, Stage::Returned];
        self.ticket.advance(&before, Stage::Gone);
        self.remove();
    }
}

/// An agent who is being dialled or talks, and is free again when this is dropped.
pub(crate) struct Reserved {
    line: Arc<Line>,
    /// For whom it is being dialled.
    ticket: Option<Arc<Ticket>>,
    pub(crate) endpoint: Box<str>,
    pub(crate) ring: Duration,
    rest: Duration,
    /// Whether the agent was called rather than spared by a caller who gave up.
    pub(crate) needs_rest: bool,
}

impl Reserved {
    /// Notes that it is not being dialled any more.
    pub(crate) fn dialled(&mut self) {
        self.needs_rest = true;
        self.release_ticket();
    }

    fn release_ticket(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            ticket.ringing.fetch_sub(1, Ordering::Relaxed);
            // The caller's verb looks at it.
            ticket.call.session.change(|_| ());
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.release_ticket();
        let rest = if self.needs_rest { self.rest } else { Duration::ZERO };
        let now = Instant::now();
        self.line.change(|state| {
            if let Some(agent) = state.agents.iter_mut().find(|agent| agent.endpoint == self.endpoint) {
                agent.free_from = Some(now.checked_add(rest).unwrap_or(now));
            }
        });
    }
}
