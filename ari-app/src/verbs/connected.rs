//! Two parties in a bridge.

use std::future::IntoFuture as _;
use std::sync::Arc;

use ari_bindings::handles::BridgeHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::{Error, events};
use tokio::task::JoinHandle;

use super::leg::Leg;
use crate::context::{Pending, recording_key};
use crate::error::{CallError, End};
use crate::ids::Kind;
use crate::session::{EXPLANATION, Session, may_be_an_end};
use crate::state::{self, Parties, State, Transfers};

/// A bridge of the caller and a leg, or of two legs. It is destroyed and the legs are hung up when it is dropped.
pub(crate) struct Connected {
    session: Arc<Session>,
    id: Box<str>,
    has_caller: bool,
    legs: Vec<Leg>,
    recording: Option<Box<str>>,
    pending: Pending,
    is_ending: bool,
}

/// What the conversation ended with.
pub(crate) enum Outcome {
    /// The leg at this position has ended.
    Ended(usize, End),
    /// The first leg has pressed this key.
    Key(char),
    /// The phone of a party asks for a transfer.
    Transfer(Box<events::ChannelTransfer>),
    /// Something has destroyed the bridge.
    Destroyed,
}

impl Connected {
    /// Creates the bridge. The legs are hung up if that fails.
    ///
    /// `sees_keys` is for [`Connected::until_end`] with keys.
    pub(crate) async fn create(
        session: &Arc<Session>,
        has_caller: bool,
        legs: Vec<Leg>,
        recording: Option<&str>,
        sees_keys: bool,
    ) -> Result<Self, CallError> {
        session.out_of_bridges().await;
        let context = &session.context;
        let id = context.ids.next(Kind::Bridge);
        context.route(id.clone(), session);
        let parties = if has_caller { Parties::Caller } else { Parties::Legs };
        let tokens = legs.iter().map(|leg| leg.held.token.clone()).collect();
        let bridge = state::Bridge { legs: tokens, ..state::Bridge::new(id.clone(), parties) };
        session.change(|state| state.bridges.push(bridge));
        let (session, pending) = (Arc::clone(session), Pending::default());
        let mut connected = Self { session, id, has_caller, legs, recording: None, pending, is_ending: false };
        let session = &connected.session;
        session.check()?;
        if let Some(name) = recording {
            if !session.context.route_if_vacant(recording_key(name), session) {
                let reason = format!("{name:?}: a recording of this name is under way");
                return Err(CallError::invalid("name", reason));
            }
            connected.recording = Some(name.into());
        }
        let session = &connected.session;
        let kind = if sees_keys { "mixing,dtmf_events" } else { "mixing" };
        let request = session.context.ari.bridge(&*connected.id).create_with_id().r#type(kind);
        match session.context.send(&connected.pending, request.into_future()).await {
            Ok(_) => Ok(connected),
            Err(error) => Err(session.explain(error).await),
        }
    }

    /// Puts the parties into the bridge. Returns what has ended the conversation before it could begin.
    pub(crate) async fn join(&self) -> Result<Option<Outcome>, CallError> {
        let session = &self.session;
        let caller = self.has_caller.then(|| session.channel().channel_id().clone());
        let legs = self.legs.iter().map(|leg| leg.channel().channel_id().clone());
        let channels: Vec<_> = caller.into_iter().chain(legs).collect();
        match self.connect(channels).await {
            Ok(()) => Ok(None),
            Err(error) => self.explain(error).await.map(Some),
        }
    }

    /// Connects the parties until a leg ends, the first presses one of the keys, or the bridge is destroyed. Fails when
    /// the call ends.
    pub(crate) async fn until_end(&self, keys: &str) -> Result<Outcome, CallError> {
        let session = &self.session;
        let bridge = self.bridge();
        if let Some(outcome) = self.join().await? {
            return Ok(outcome);
        }
        if let Some(name) = &self.recording {
            if let Err(error) = bridge.record(&**name, "wav").await {
                return self.explain(error).await;
            }
        }
        loop {
            let disturbed = |state: &State| state.is_disturbed(&self.id).then_some(None);
            let ended = |state: &State| self.ended(state).or_else(|| self.pressed(state, keys));
            let outcome = |state: &State| ended(state).or_else(|| transferred(state));
            match session.wait(|state| outcome(state).map(Some).or_else(|| disturbed(state))).await? {
                Some(outcome) => return Ok(self.settle(outcome).await),
                None => session.change(|state| state.calm(&self.id)),
            }
            // A channel that hangs up leaves the bridge first; one that was moved elsewhere is the program's affair.
            if let Some(ended) = self.end_of_any().await {
                return ended;
            }
            if bridge.get().await.is_err_and(|error| error.is_not_found()) {
                return Ok(Outcome::Destroyed);
            }
        }
    }

    /// Adds channels. The bridge is not destroyed before the reply: Asterisk 16 never gets rid of one that is destroyed
    /// while channels are added.
    pub(crate) async fn connect(&self, channels: Vec<ChannelId>) -> Result<(), Error> {
        let request = self.bridge().add_channel(channels);
        self.session.context.send(&self.pending, request.into_future()).await
    }

    /// The requests that are under way.
    pub(crate) fn pending(&self) -> Pending {
        self.pending.clone()
    }

    fn bridge(&self) -> BridgeHandle {
        self.session.context.ari.bridge(&*self.id)
    }

    /// Adds a leg before [`Connected::until_end`].
    pub(crate) fn add(&mut self, leg: Leg) {
        let token = leg.held.token.clone();
        self.session.change(|state| state.bridge_mut(&self.id).map(|bridge| bridge.legs.push(token)));
        self.legs.push(leg);
    }

    /// Ends the bridge and the legs, and waits for that.
    pub(crate) async fn end(mut self) {
        // In a task, so that it goes on when the handler is dropped meanwhile.
        if let Some(ending) = self.begin_to_end() {
            let _ = ending.await;
        }
    }

    /// Ends the bridge alone. Returns the legs, which are in no bridge then.
    pub(crate) async fn separate(mut self) -> Vec<Leg> {
        let legs = std::mem::take(&mut self.legs);
        self.end().await;
        legs
    }

    /// What a refused request means: that one of the parties has just hung up, most likely.
    async fn explain(&self, error: Error) -> Result<Outcome, CallError> {
        let ended = if may_be_an_end(&error) { self.end_of_any().await } else { None };
        ended.unwrap_or(Err(CallError::Ari(error)))
    }

    async fn end_of_any(&self) -> Option<Result<Outcome, CallError>> {
        let find = |state: &State| {
            let call = state.end.clone().map(|end| Err(CallError::Ended(end)));
            call.or_else(|| self.ended(state).map(Ok))
        };
        match self.session.wait_for(EXPLANATION, find).await? {
            Ok(outcome) => Some(Ok(self.settle(outcome).await)),
            Err(ended) => Some(Err(ended)),
        }
    }

    fn ended(&self, state: &State) -> Option<Outcome> {
        let mut legs = self.legs.iter().enumerate();
        legs.find_map(|(position, leg)| leg.end(state).map(|end| Outcome::Ended(position, end)))
    }

    fn pressed(&self, state: &State, keys: &str) -> Option<Outcome> {
        let leg = state.leg(&self.legs.first()?.held.token)?;
        leg.keys.iter().copied().find(|key| keys.contains(*key)).map(Outcome::Key)
    }

    /// Waits for the cause of an end.
    async fn settle(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Ended(position, end) => match self.legs.get(position) {
                Some(leg) => Outcome::Ended(position, leg.settle(end).await),
                None => Outcome::Ended(position, end),
            },
            other => other,
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
        let (id, legs, pending) = (self.id.clone(), std::mem::take(&mut self.legs), self.pending.clone());
        session.change(|state| state.bridge_mut(&id).map(|bridge| bridge.is_ending = true));
        Some(self.session.context.spawn(async move {
            // Else a bridge that is about to be created would stay, and so may one whose channels hang up as they are added.
            pending.over().await;
            legs.iter().for_each(Leg::hang_up);
            // One that cannot be destroyed is left to the end of the call.
            if session.context.destroy_bridge(&id).await.unwrap_or(false) {
                session.change(|state| state.bridges.retain(|bridge| bridge.id != id));
                session.context.unroute(&id, &session);
            } else {
                session.change(|state| state.bridge_mut(&id).map(|bridge| bridge.is_ending = false));
            }
        }))
    }
}

fn transferred(state: &State) -> Option<Outcome> {
    match &state.transfers {
        Transfers::Requested(transfer) => Some(Outcome::Transfer(transfer.clone())),
        _ => None,
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        drop(self.begin_to_end());
    }
}
