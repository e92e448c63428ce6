use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::context::{Pending, recording_key};
use crate::error::{CallError, End};
use crate::ids::Kind;
use crate::session::{PATIENCE, Session, may_be_an_end};
use crate::{Call, Leg, state};

/// How long the leg may take to end after the request.
const HANGUP: Duration = Duration::from_secs(2);

/// The caller and a leg in a bridge; see [`Call::bridge`].
#[must_use = "the two are not connected until `until_hangup` is awaited"]
pub struct Bridge<'call> {
    call: &'call Call,
    leg: Leg,
    recording: Option<String>,
}

impl<'call> Bridge<'call> {
    pub(crate) fn new(call: &'call Call, leg: Leg) -> Self {
        Self { call, leg, recording: None }
    }

    /// Records both parties into one file of this name, in the format `wav`.
    pub fn record(mut self, name: impl Into<String>) -> Self {
        self.recording = Some(name.into());
        self
    }

    /// Connects the two until the leg hangs up; returns how it ended.
    ///
    /// Fails with [`CallError::Ended`] when the caller hangs up first. Either way, and if it is dropped, the bridge is
    /// destroyed and the leg hung up; the caller stays with the handler. A bridge that something else destroys ends it,
    /// too. A phone that transfers itself is replaced by the channel that Asterisk puts in its place, and the conversation
    /// goes on.
    pub async fn until_hangup(self) -> Result<End, CallError> {
        let session = &self.call.session;
        if !self.leg.is_of(session) {
            return Err(CallError::invalid("leg", "of another call; each call bridges its own"));
        }
        let connected = Connected::create(session, self.leg.clone(), self.recording.as_deref()).await;
        let ended = match connected {
            Ok(connected) => {
                let ended = connected.until_end().await;
                connected.end().await;
                ended
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(Some(end)) => Ok(end),
            // The bridge was gone before the leg.
            Ok(None) => self.leg.hang_up_and_wait(HANGUP).await,
            Err(error) => Err(error),
        }
    }
}

/// A bridge and its leg, which end when it is dropped.
struct Connected {
    session: Arc<Session>,
    id: Box<str>,
    leg: Leg,
    recording: Option<Box<str>>,
    pending: Pending,
    is_ending: bool,
}

impl Connected {
    /// Creates the bridge of a call and a leg, which is hung up if that fails.
    async fn create(session: &Arc<Session>, leg: Leg, recording: Option<&str>) -> Result<Self, CallError> {
        let context = &session.context;
        let id = context.ids.next(Kind::Bridge);
        context.route(id.clone(), session);
        session.change(|state| state.bridges.push(state::Bridge::new(id.clone())));
        let mut connected = Self {
            session: Arc::clone(session),
            id,
            leg,
            recording: None,
            pending: Pending::default(),
            is_ending: false,
        };
        session.check()?;
        if let Some(name) = recording {
            if !context.route_if_vacant(recording_key(name), session) {
                let reason = format!("{name:?}: a recording of this name is under way");
                return Err(CallError::invalid("name", reason));
            }
            connected.recording = Some(name.into());
        }
        let request = context.ari.bridge(&*connected.id).create_with_id().r#type("mixing");
        match context.send(&connected.pending, request.into_future()).await {
            Ok(_) => Ok(connected),
            Err(error) => Err(session.explain(error).await),
        }
    }

    /// Connects both, and waits until the leg ends. Returns `None` if the bridge is destroyed first.
    async fn until_end(&self) -> Result<Option<End>, CallError> {
        let (session, leg) = (&self.session, &self.leg);
        let bridge = session.context.ari.bridge(&*self.id);
        let channels = [session.channel().channel_id().to_string(), leg.channel().channel_id().to_string()];
        if let Err(error) = bridge.add_channel(channels).await {
            return self.explain(error).await;
        }
        if let Some(name) = &self.recording {
            if let Err(error) = bridge.record(&**name, "wav").await {
                return self.explain(error).await;
            }
        }
        loop {
            let is_disturbed = |state: &state::State| state.is_disturbed(&self.id).then_some(None);
            if let Some(end) = session.wait(|state| leg.end(state).map(Some).or_else(|| is_disturbed(state))).await? {
                return Ok(Some(leg.settle(end).await));
            }
            session.change(|state| state.calm(&self.id));
            // A channel that hangs up leaves the bridge first; one that was moved elsewhere is the program's affair.
            if let Some(ended) = self.end_of_either().await {
                return ended;
            }
            if bridge.get().await.is_err_and(|error| error.is_not_found()) {
                return Ok(None);
            }
        }
    }

    /// What a refused request means: that the leg or the caller has just hung up, most likely.
    async fn explain(&self, error: ari_bindings::Error) -> Result<Option<End>, CallError> {
        let ended = if may_be_an_end(&error) { self.end_of_either().await } else { None };
        ended.unwrap_or(Err(CallError::Ari(error)))
    }

    async fn end_of_either(&self) -> Option<Result<Option<End>, CallError>> {
        let find = |state: &state::State| {
            let caller = state.end.clone().map(|end| Err(CallError::Ended(end)));
            caller.or_else(|| self.leg.end(state).map(|end| Ok(Some(end))))
        };
        self.session.wait_for(PATIENCE, find).await
    }

    /// Ends both, and waits for that.
    async fn end(mut self) {
        // In a task, so that it goes on when the handler is dropped meanwhile.
        if let Some(ending) = self.begin_to_end() {
            let _ = ending.await;
        }
    }

    fn begin_to_end(&mut self) -> Option<JoinHandle<()>> {
        if std::mem::replace(&mut self.is_ending, true) {
            return None;
        }
        let session = Arc::clone(&self.session);
        if let Some(name) = &self.recording {
            session.context.unroute(&recording_key(name), &session);
        }
        if session.is_detached() {
            return None;
        }
        let (id, leg, pending) = (self.id.clone(), self.leg.clone(), self.pending.clone());
        Some(self.session.context.spawn(async move {
            leg.hang_up();
            // Else a bridge that is about to be created would stay.
            pending.over().await;
            // One that cannot be destroyed is left to the end of the call.
            if session.context.destroy_bridge(&id).await.unwrap_or(false) {
                session.change(|state| state.bridges.retain(|bridge| bridge.id != id));
                session.context.unroute(&id, &session);
            }
        }))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        drop(self.begin_to_end());
    }
}
