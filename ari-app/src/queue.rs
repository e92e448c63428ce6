//! A line of callers in front of agents.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ari_bindings::IntoList;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A queue: callers wait in line for agents; see [`Call::queue`](crate::Call::queue).
///
/// Clones are of the same queue. It is kept in memory: callers of another process wait in another line.
#[derive(Clone)]
pub struct Queue {
    shared: Arc<Shared>,
    pub(crate) ring: Duration,
    rest: Duration,
}

struct Shared {
    line: Mutex<Line>,
    changed: watch::Sender<()>,
}

struct Line {
    waiting: VecDeque<Waiting>,
    agents: Vec<Agent>,
    tickets: u64,
}

struct Waiting {
    ticket: u64,
    /// Whether an agent is being dialled for this caller.
    is_served: bool,
}

struct Agent {
    endpoint: String,
    /// From when on it may be dialled; `None` while it is dialled or talks.
    free_from: Option<Instant>,
}

impl Queue {
    /// A queue in front of the agents with these endpoints, such as `"PJSIP/alice"`.
    pub fn new(agents: impl IntoList<String>) -> Self {
        let now = Instant::now();
        let agents = agents.into_list().into_iter().map(|endpoint| Agent { endpoint, free_from: Some(now) });
        let line = Line { waiting: VecDeque::new(), agents: agents.collect(), tickets: 0 };
        let shared = Arc::new(Shared { line: Mutex::new(line), changed: watch::Sender::new(()) });
        Self { shared, ring: Duration::from_secs(15), rest: Duration::from_secs(5) }
    }

    /// How long the phone of an agent rings before the next one is dialled, in whole seconds; 15 s by default.
    #[must_use]
    pub fn ring(mut self, ring: Duration) -> Self {
        self.ring = ring;
        self
    }

    /// How long an agent is left alone after a call, and after one that was not answered; 5 s by default.
    #[must_use]
    pub fn rest(mut self, rest: Duration) -> Self {
        self.rest = rest;
        self
    }

    /// How many callers wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line().waiting.len()
    }

    /// The endpoints of the agents.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        self.line().agents.iter().map(|agent| agent.endpoint.clone()).collect()
    }

    /// Joins the line at its end.
    pub(crate) fn join(&self) -> Place {
        let mut line = self.line();
        line.tickets += 1;
        let ticket = line.tickets;
        line.waiting.push_back(Waiting { ticket, is_served: false });
        Place { queue: self.clone(), ticket }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify(&self) {
        self.shared.changed.send_replace(());
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (agents, waiting) = (self.endpoints(), self.waiting());
        f.debug_struct("Queue").field("agents", &agents).field("waiting", &waiting).finish_non_exhaustive()
    }
}

/// The place of a caller in the line, which is given up when it is dropped.
pub(crate) struct Place {
    queue: Queue,
    ticket: u64,
}

impl Place {
    /// 1 for the caller who is next.
    pub(crate) fn position(&self) -> usize {
        let line = self.queue.line();
        line.waiting.iter().position(|waiting| waiting.ticket == self.ticket).map_or(1, |ahead| ahead + 1)
    }

    /// Waits until it is this caller's turn and an agent is free.
    pub(crate) async fn turn(&self) -> Claim {
        // Before the first look, so that no change is missed.
        let mut changes = self.queue.shared.changed.subscribe();
        loop {
            let free_from = match self.claim() {
                Ok(claim) => return claim,
                Err(free_from) => free_from,
            };
            let rested = async {
                match free_from {
                    Some(free_from) => sleep_until(free_from).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // The sender lives as long as the queue.
                _ = changes.changed() => {}
                () = rested => {}
            }
        }
    }

    /// Takes the agent that has been free for the longest time, or says when one may be free.
    pub(crate) fn claim(&self) -> Result<Claim, Option<Instant>> {
        let mut line = self.queue.line();
        let next = line.waiting.iter_mut().find(|waiting| !waiting.is_served);
        let Some(next) = next.filter(|next| next.ticket == self.ticket) else { return Err(None) };
        next.is_served = true;
        let free = line.agents.iter_mut().enumerate().filter(|(_, agent)| agent.free_from.is_some());
        let longest = free.min_by_key(|(_, agent)| agent.free_from);
        if let Some((position, agent)) = longest {
            if agent.free_from.is_some_and(|from| from <= Instant::now()) {
                agent.free_from = None;
                let (queue, ticket, endpoint) = (self.queue.clone(), self.ticket, agent.endpoint.clone());
                drop(line);
                // The caller behind may be next.
                queue.notify();
                return Ok(Claim { queue, ticket, position, endpoint, needs_rest: false });
            }
            let free_from = agent.free_from;
            line.serve(self.ticket, false);
            return Err(free_from);
        }
        line.serve(self.ticket, false);
        Err(None)
    }
}

impl Line {
    fn serve(&mut self, ticket: u64, is_served: bool) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.ticket == ticket) {
            waiting.is_served = is_served;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.queue.line().waiting.retain(|waiting| waiting.ticket != self.ticket);
        self.queue.notify();
    }
}

/// An agent who is dialled for a caller, and free again when it is dropped.
pub(crate) struct Claim {
    queue: Queue,
    ticket: u64,
    position: usize,
    pub(crate) endpoint: String,
    /// Whether the agent was called rather than spared by a caller who gave up.
    pub(crate) needs_rest: bool,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let rest = if self.needs_rest { self.queue.rest } else { Duration::ZERO };
        let mut line = self.queue.line();
        line.serve(self.ticket, false);
        if let Some(agent) = line.agents.get_mut(self.position) {
            let now = Instant::now();
            agent.free_from = Some(now.checked_add(rest).unwrap_or(now));
        }
        drop(line);
        self.queue.notify();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn first_caller_gets_the_agent_who_has_been_free_longest() {
        let queue = Queue::new(["PJSIP/a", "PJSIP/b"]).rest(Duration::ZERO);
        let (first, second, third) = (queue.join(), queue.join(), queue.join());
        assert!(second.claim().is_err(), "it is not the turn of the second");
        let a = first.claim().unwrap();
        let b = second.claim().unwrap();
        assert_eq!((a.endpoint.as_str(), b.endpoint.as_str()), ("PJSIP/a", "PJSIP/b"));
        assert!(third.turn().now_or_never().is_none());
        drop(first);
        assert_eq!((second.position(), third.position()), (1, 2));
        // The call that was not answered keeps its place.
        drop(b);
        assert!(third.claim().is_err());
        assert_eq!(second.turn().await.endpoint, "PJSIP/b");
        drop(second);
        drop(a);
        assert_eq!(third.turn().await.endpoint, "PJSIP/b");
        assert_eq!(queue.waiting(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn agent_rests_after_a_call() {
        let queue = Queue::new("PJSIP/a").rest(Duration::from_secs(10));
        let place = queue.join();
        let mut claim = place.claim().unwrap();
        claim.needs_rest = true;
        drop(claim);
        let rested = Instant::now() + Duration::from_secs(10);
        assert!(place.claim().is_err());
        place.turn().await;
        assert!(Instant::now() >= rested);
    }
}
