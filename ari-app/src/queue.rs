//! Queues: callers who wait, agents who serve them.

use std::sync::Arc;
use std::time::Duration;

use ari_bindings::IntoList;
use tokio::time::Instant;

use crate::Call;
use crate::error::CallError;
use crate::line::{Agent, Line};
use crate::telemetry::verb;
use crate::verbs::waiting::Waiting;

/// A queue: callers wait in line for agents; see [`Call::queue`].
///
/// The caller who has waited longest gets the agent who has been free longest. Agents are endpoints that are dialled, or
/// calls of the same application that take callers by [`Queue::next`]. Clones are of the same queue. It is kept in memory:
/// callers of another process wait in another line.
#[derive(Clone)]
pub struct Queue {
    pub(crate) line: Arc<Line>,
}

impl Queue {
    /// A queue in front of the agents with these endpoints, such as `"PJSIP/alice"`. For agents who call in, there is
    /// [`Queue::default`].
    pub fn new(agents: impl IntoList<String>) -> Self {
        let queue = Self::default();
        agents.into_list().into_iter().for_each(|endpoint| queue.add_agent(endpoint));
        queue
    }

    /// Dials all agents who are free for the first caller, and the first who answers gets the caller. By default each
    /// caller has one agent dialled after the other.
    #[must_use]
    pub fn ring_all(self) -> Self {
        self.line.change(|state| state.rings_all = true);
        self
    }

    /// How long the phone of an agent rings before the next one is dialled, in whole seconds; 15 s by default.
    #[must_use]
    pub fn ring(self, ring: Duration) -> Self {
        self.line.change(|state| state.ring = ring);
        self
    }

    /// How long an agent who is dialled is left alone after a call, and after one that was not answered; 5 s by default.
    #[must_use]
    pub fn rest(self, rest: Duration) -> Self {
        self.line.change(|state| state.rest = rest);
        self
    }

    /// How many callers may wait; further ones get [`Queued::Full`](crate::Queued::Full). 1,000 by default.
    #[must_use]
    pub fn most(self, callers: usize) -> Self {
        self.line.change(|state| state.most = callers);
        self
    }

    /// Adds an agent who is dialled, such as one who has logged in. One who is there already is not added again.
    pub fn add_agent(&self, endpoint: impl Into<String>) {
        let endpoint: Box<str> = endpoint.into().into();
        self.line.change(|state| {
            if state.agents.iter().all(|agent| agent.endpoint != endpoint) {
                state.agents.push(Agent { endpoint, free_from: Some(Instant::now()) });
            }
        });
    }

    /// Dials an agent no more. One who talks or rings goes on.
    pub fn remove_agent(&self, endpoint: &str) {
        self.line.change(|state| state.agents.retain(|agent| *agent.endpoint != *endpoint));
    }

    /// How many callers wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.line.lock().callers.len()
    }

    /// Closes the queue for good: those who wait, and later ones, get [`Queued::Closed`](crate::Queued::Closed), and
    /// [`Queue::next`] returns `None`. Conversations go on.
    pub fn close(&self) {
        self.line.close();
    }

    /// Waits for a caller, and takes the longest waiting one. Returns `None` when the queue is closed.
    ///
    /// Agents who wait get callers in the order in which they came. Fails with [`CallError::Ended`] when the agent hangs
    /// up. It has no time limit, and can be dropped at any time, in a `tokio::select!` for instance.
    pub async fn next(&self, agent: &Call) -> Result<Option<Waiting>, CallError> {
        let work = async {
            self.line.check()?;
            self.line.admit(&agent.session.context)?;
            let session = &agent.session;
            tokio::select! {
                biased;
                ended = session.wait(|_| None::<()>) => ended.map(|()| None),
                () = self.line.closed() => Ok(None),
                ticket = self.line.offer() => Ok(Some(Waiting::new(agent.clone(), Arc::clone(&self.line), ticket))),
            }
        };
        verb("queue.next", work).await
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self { line: Arc::new(Line::new()) }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.line.lock();
        let agents: Vec<_> = state.agents.iter().map(|agent| &agent.endpoint).collect();
        f.debug_struct("Queue").field("agents", &agents).field("waiting", &state.callers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::arrival::Arrival;
    use crate::context::Context;
    use crate::context::tests::context;
    use crate::line::{Entry, Waiter};
    use crate::session::Session;

    fn call(context: &Arc<Context>, id: &str) -> Call {
        Call { session: Session::new(Arc::clone(context), id, true), arrival: Arc::new(Arrival::default()) }
    }

    fn enter(queue: &Queue, call: &Call) -> Waiter {
        match queue.line.enter(call) {
            Entry::Entered(waiter) => waiter,
            Entry::Full | Entry::Closed => panic!("there is room"),
        }
    }

    #[tokio::test]
    async fn next_takes_the_first_and_a_dropped_one_keeps_its_place() {
        let (context, queue) = (context(), Queue::default());
        let agent = call(&context, "agent");
        let (first, second) = (enter(&queue, &call(&context, "1")), enter(&queue, &call(&context, "2")));
        let waiting = queue.next(&agent).await.unwrap().unwrap();
        assert_eq!(waiting.call().id(), "1");
        let other = queue.next(&agent).await.unwrap().unwrap();
        assert_eq!(other.call().id(), "2");
        drop(waiting);
        assert_eq!((first.position(), second.position()), (Some(1), Some(2)));
        assert_eq!(queue.next(&agent).await.unwrap().unwrap().call().id(), "1");
        drop(first);
        assert_eq!((queue.waiting(), second.position()), (1, Some(1)));
    }

    #[tokio::test]
    async fn close_ends_those_who_wait_and_refuses_others() {
        let (context, queue) = (context(), Queue::default());
        let agent = call(&context, "agent");
        let closing = async {
            tokio::task::yield_now().await;
            queue.close();
        };
        let (next, ()) = tokio::join!(queue.next(&agent), closing);
        assert!(next.unwrap().is_none());
        assert!(matches!(queue.line.enter(&agent), Entry::Closed));
    }

    #[tokio::test(start_paused = true)]
    async fn first_caller_gets_the_agent_who_has_been_free_longest() {
        let (context, queue) = (context(), Queue::new(["A/1", "A/2"]));
        let waiters = ["1", "2", "3"].map(|id| enter(&queue, &call(&context, id)));
        let [first, second, third] = &waiters;
        assert!(second.reserve().is_none(), "it is not the turn of the second");
        let (mut one, two) = (first.reserve().unwrap(), second.reserve().unwrap());
        assert_eq!((&*one.endpoint, &*two.endpoint), ("A/1", "A/2"));
        assert!(first.reserve().is_none() && third.reserve().is_none());
        one.dialled();
        drop((one, two));
        assert_eq!(first.next_rested(), Some(Instant::now() + Duration::from_secs(5)));
        let two = first.reserve().unwrap();
        assert_eq!(&*two.endpoint, "A/2");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(&*second.reserve().unwrap().endpoint, "A/1");
    }

    #[tokio::test]
    async fn ring_all_gives_each_free_agent_to_the_first_caller() {
        let (context, queue) = (context(), Queue::new(["A/1", "A/2"]).ring_all());
        let (first, second) = (enter(&queue, &call(&context, "1")), enter(&queue, &call(&context, "2")));
        let both = (first.reserve().unwrap(), first.reserve().unwrap());
        assert!(first.reserve().is_none() && second.reserve().is_none());
        drop(both);
        assert!(second.reserve().is_none());
        drop(first);
        assert!(second.reserve().is_some());
    }

    #[tokio::test]
    async fn line_is_full_after_a_thousand_callers_by_default() {
        let (context, queue) = (context(), Queue::default());
        let call = call(&context, "1");
        let waiters: Vec<_> = (0..1000).map(|_| enter(&queue, &call)).collect();
        assert!(matches!(queue.line.enter(&call), Entry::Full));
        drop(waiters);
        assert!(matches!(queue.line.enter(&call), Entry::Entered(_)));
    }

    #[tokio::test]
    async fn caller_who_leaves_wakes_the_next_one_alone() {
        let (context, queue) = (context(), Queue::default());
        let polls = Arc::new(AtomicUsize::new(0));
        let callers = (0..1000).map(|number| {
            let (call, queue, polls) = (call(&context, &number.to_string()), queue.clone(), Arc::clone(&polls));
            tokio::spawn(async move {
                let mut wait = call.queue(&queue).silent().into_future();
                let counted = std::future::poll_fn(|cx| {
                    polls.fetch_add(1, Ordering::Relaxed);
                    wait.as_mut().poll(cx)
                });
                counted.await.map(drop)
            })
        });
        let callers: Vec<_> = callers.collect();
        while queue.waiting() < 1000 {
            tokio::task::yield_now().await;
        }
        polls.store(0, Ordering::Relaxed);
        for (left, caller) in callers[900..].iter().enumerate() {
            caller.abort();
            while queue.waiting() > 999 - left {
                tokio::task::yield_now().await;
            }
        }
        let polls = polls.load(Ordering::Relaxed);
        assert!(polls <= 100, "{polls} polls");
        queue.close();
        for caller in callers.into_iter().take(900) {
            caller.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn bad_use_is_an_error_that_names_the_argument() {
        let call = call(&context(), "1");
        for (queue, argument) in [
            (Queue::new("alice"), "agents"),
            (Queue::default().most(0), "most"),
            (Queue::default().ring(Duration::ZERO), "ring"),
            (Queue::default().rest(Duration::ZERO), "rest"),
        ] {
            let error = call.queue(&queue).await.unwrap_err().to_string();
            assert!(error.contains(&format!("`{argument}`")), "{error}");
            assert!(queue.next(&call).await.is_err());
        }
        let queue = Queue::default();
        queue.line.admit(&call.session.context).unwrap();
        assert!(queue.line.admit(&context()).is_err());
    }
}
