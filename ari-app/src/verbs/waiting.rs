use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::context::Pending;
use crate::error::{CallError, End};
use crate::ids::Kind;
use crate::line::{Line, Stage, Ticket};
use crate::session::{EXPLANATION, may_be_an_end};
use crate::state::State;
use crate::telemetry::verb;
use crate::{Call, state};

/// How long a caller may take to stop what it hears, before the agent goes without.
const READY: Duration = Duration::from_secs(5);

/// A caller whom an agent has taken from a queue; see [`Queue::next`](crate::Queue::next).
///
/// The caller goes on waiting until [`Waiting::connect`], and keeps the place in the line if this is dropped.
#[must_use = "the caller waits until `connect` is awaited"]
pub struct Waiting {
    agent: Call,
    line: Arc<Line>,
    ticket: Arc<Ticket>,
}

impl Waiting {
    pub(crate) fn new(agent: Call, line: Arc<Line>, ticket: Arc<Ticket>) -> Self {
        Self { agent, line, ticket }
    }

    /// The caller.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.ticket.call
    }

    /// How long the caller has waited.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.ticket.since.elapsed()
    }

    /// Connects the agent and the caller until the caller hangs up; returns how. Returns `None` if the caller has left the
    /// queue meanwhile, or the caller's handler or something else has ended the conversation.
    ///
    /// Fails with [`CallError::Ended`] when the agent hangs up. Either way, and if it is dropped, the bridge is destroyed,
    /// and the party who is left stays with its handler.
    pub async fn connect(self) -> Result<Option<End>, CallError> {
        verb("waiting.connect", self.run()).await
    }

    async fn run(self) -> Result<Option<End>, CallError> {
        self.agent.session.check()?;
        if !self.ticket.claim(self.agent.id()) {
            return Ok(None);
        }
        let mut meeting = Meeting::new(&self);
        let ready = self.ticket.until(&[Stage::Ready, Stage::Gone]);
        let ready = tokio::select! {
            ready = timeout(READY, ready) => ready.is_ok_and(|stage| stage == Stage::Ready),
            ended = self.agent.session.wait(|_| None::<()>) => return ended.map(|()| None),
        };
        if !ready {
            return Ok(self.ticket.call.end());
        }
        let ended = meeting.run().await;
        meeting.end().await;
        ended
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.ticket.advance(&[Stage::Offered], Stage::Waiting) {
            self.line.wake_agent();
        }
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("call", self.call()).field("waited", &self.waited()).finish_non_exhaustive()
    }
}

/// An agent and a caller in a bridge, which belongs to the agent's call and is destroyed when this is dropped.
struct Meeting {
    agent: Call,
    ticket: Arc<Ticket>,
    id: Box<str>,
    pending: Pending,
    /// Whether the two were in the bridge.
    has_met: bool,
    is_ending: bool,
}

impl Meeting {
    fn new(waiting: &Waiting) -> Self {
        let session = &waiting.agent.session;
        let id = session.context.ids.next(Kind::Bridge);
        session.context.route(id.clone(), session);
        session.change(|state| state.bridges.push(state::Bridge::new(id.clone(), state::Parties::Caller)));
        let (agent, ticket) = (waiting.agent.clone(), Arc::clone(&waiting.ticket));
        Self { agent, ticket, id, pending: Pending::default(), has_met: false, is_ending: false }
    }

    async fn run(&mut self) -> Result<Option<End>, CallError> {
        let (agent, caller) = (&self.agent.session, &self.ticket.call.session);
        let bridge = agent.context.ari.bridge(&*self.id);
        let request = bridge.create_with_id().r#type("mixing");
        if let Err(error) = agent.context.send(&self.pending, request.into_future()).await {
            return Err(agent.explain(error).await);
        }
        let channels = [agent.channel().channel_id().to_string(), caller.channel().channel_id().to_string()];
        let request = bridge.add_channel(channels);
        if let Err(error) = agent.context.send(&self.pending, request.into_future()).await {
            let ended = if may_be_an_end(&error) { self.end_of_either().await } else { None };
            return ended.unwrap_or(Err(CallError::Ari(error)));
        }
        self.has_met = true;
        loop {
            let is_disturbed = |state: &State| state.is_disturbed(&self.id).then_some(());
            tokio::select! {
                biased;
                end = self.ticket.call.ended() => return Ok(Some(end)),
                disturbed = agent.wait(is_disturbed) => disturbed?,
                _ = self.ticket.until(&[Stage::Gone]) => return Ok(None),
            }
            agent.change(|state| state.calm(&self.id));
            // A channel that hangs up leaves the bridge first.
            if let Some(ended) = self.end_of_either().await {
                return ended;
            }
            if bridge.get().await.is_err_and(|error| error.is_not_found()) {
                return Ok(None);
            }
        }
    }

    /// The end of the caller or the agent, if either comes soon.
    async fn end_of_either(&self) -> Option<Result<Option<End>, CallError>> {
        let agent = async {
            match self.agent.session.wait(|_| None::<()>).await {
                Ok(()) => Ok(None),
                Err(ended) => Err(ended),
            }
        };
        let either = async {
            tokio::select! {
                end = self.ticket.call.ended() => Ok(Some(end)),
                ended = agent => ended,
            }
        };
        timeout(EXPLANATION, either).await.ok()
    }

    /// Destroys the bridge, and waits for that.
    async fn end(mut self) {
        if let Some(ending) = self.begin_to_end() {
            let _ = ending.await;
        }
    }

    fn begin_to_end(&mut self) -> Option<JoinHandle<()>> {
        if std::mem::replace(&mut self.is_ending, true) {
            return None;
        }
        let (ticket, session) = (Arc::clone(&self.ticket), Arc::clone(&self.agent.session));
        let stage = if self.has_met { Stage::Served } else { Stage::Returned };
        if session.is_detached() || ticket.call.session.is_detached() {
            ticket.advance(&[Stage::Claimed, Stage::Ready], stage);
            return None;
        }
        let (id, pending) = (self.id.clone(), self.pending.clone());
        Some(self.agent.session.context.spawn(async move {
            // Else a bridge that is about to be created would stay.
            pending.over().await;
            // One that cannot be destroyed is left to the end of the agent's call.
            if session.context.destroy_bridge(&id).await.unwrap_or(false) {
                session.change(|state| state.bridges.retain(|bridge| bridge.id != id));
                session.context.unroute(&id, &session);
            }
            ticket.advance(&[Stage::Claimed, Stage::Ready], stage);
        }))
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        drop(self.begin_to_end());
    }
}
