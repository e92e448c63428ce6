use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use tokio::time::timeout;

use crate::context::Pending;
use crate::error::{CallError, End, EndReason};
use crate::ids::Kind;
use crate::session::{CAUSE, Session};
use crate::state::{self, LegStatus, State};

/// How long Asterisk may take to hand a channel that it has created to the application.
const START: Duration = Duration::from_secs(2);

/// A channel that the call has dialled, and that has answered.
///
/// It belongs to the call: it is hung up when the handler ends, unless the call is [detached](crate::Call::detach).
#[derive(Clone)]
pub struct Leg {
    pub(crate) held: Arc<Held>,
}

/// Keeps what is known of a leg for as long as there are handles.
pub(crate) struct Held {
    session: Arc<Session>,
    pub(crate) token: Box<str>,
}

impl Leg {
    /// A leg that is about to be dialled.
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        let kind = if session.placing.is_some() { Kind::Call } else { Kind::Leg };
        let token = session.context.ids.next(kind);
        session.context.route(token.clone(), session);
        session.change(|state| {
            state.legs.push(state::Leg::new(token.clone()));
        });
        Self { held: Arc::new(Held { session: Arc::clone(session), token }) }
    }

    /// A channel that was another call's.
    pub(crate) fn adopt(session: &Arc<Session>, channel: &str) -> Self {
        let leg = Self::new(session);
        session.context.route(channel, session);
        session.change(|state| {
            if let Some(leg) = state.leg_by_token(&leg.held.token) {
                leg.channel = channel.into();
                leg.status = LegStatus::Answered;
            }
        });
        leg
    }

    /// The channel. A transfer by its phone changes it.
    #[must_use]
    pub fn channel(&self) -> ChannelHandle {
        self.held.session.context.ari.channel(&*self.channel_id())
    }

    /// Waits until it has hung up; returns how.
    ///
    /// Fails with [`CallError::Ended`] if the call ends first.
    pub async fn ended(&self) -> Result<End, CallError> {
        let end = self.held.session.wait(|state| self.end(state)).await?;
        Ok(self.settle(end).await)
    }

    /// Hangs it up. One that has hung up already is no error.
    pub async fn hangup(&self) -> Result<(), CallError> {
        match self.channel().hangup().await {
            Err(error) if !error.is_not_found() => Err(CallError::Ari(error)),
            _ => Ok(()),
        }
    }

    /// Fails if it belongs to another call.
    pub(crate) fn check(&self, session: &Arc<Session>, argument: &'static str) -> Result<(), CallError> {
        if Arc::ptr_eq(&self.held.session, session) {
            return Ok(());
        }
        Err(CallError::invalid(argument, "of another call; pass a leg that this call dialled"))
    }

    /// Forgets the keys that it has pressed.
    pub(crate) fn forget_keys(&self) {
        self.held.session.change(|state| {
            if let Some(leg) = state.leg_by_token(&self.held.token) {
                leg.keys.clear();
            }
        });
    }

    /// Hangs it up in the background, unless it has ended.
    pub(crate) fn hang_up(&self) {
        let session = &self.held.session;
        if session.read(|state| self.end(state)).is_none() {
            drop(session.context.hang_up(&self.channel_id()));
        }
    }

    /// Hangs it up, and waits for its end.
    pub(crate) async fn hang_up_and_wait(&self, limit: Duration) -> Result<End, CallError> {
        self.hang_up();
        match timeout(limit, self.ended()).await {
            Ok(ended) => ended,
            Err(_) => Ok(End::new(EndReason::HungUp, None)),
        }
    }

    /// The end with its cause, which may come after it.
    pub(crate) async fn settle(&self, end: End) -> End {
        let settled = |state: &State| self.end(state).as_ref().and_then(End::settled);
        self.held.session.wait_for(CAUSE, settled).await.unwrap_or(end)
    }

    pub(crate) fn end(&self, state: &State) -> Option<End> {
        match state.leg(&self.held.token).map(|leg| leg.status) {
            Some(LegStatus::Ended { cause }) => Some(End::new(EndReason::HungUp, cause)),
            Some(LegStatus::Given) => Some(End::new(EndReason::Left, None)),
            Some(_) => None,
            None => Some(End::new(EndReason::HungUp, None)),
        }
    }

    fn channel_id(&self) -> Box<str> {
        let token = &self.held.token;
        self.held.session.read(|state| state.leg(token).map_or_else(|| token.clone(), |leg| leg.channel.clone()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.session.change(|state| {
            if let Some(leg) = state.leg_by_token(&self.token) {
                leg.is_held = false;
            }
        });
        self.session.sweep();
    }
}

impl std::fmt::Debug for Leg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leg").field("token", &self.held.token).finish_non_exhaustive()
    }
}

/// A leg that is hung up when this is dropped before [`Unclaimed::claim`].
pub(crate) struct Unclaimed(Option<Leg>);

impl Unclaimed {
    pub(crate) fn new(leg: Leg) -> Self {
        Self(Some(leg))
    }

    pub(crate) fn claim(mut self) -> Option<Leg> {
        self.0.take()
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(leg) = self.0.take().filter(|leg| !leg.held.session.is_detached()) {
            leg.hang_up();
        }
    }
}

/// Legs that are being created. Those that have not been taken are hung up when it is dropped.
pub(crate) struct Legs {
    session: Arc<Session>,
    all: Vec<Leg>,
    pending: Pending,
}

impl Legs {
    pub(crate) fn new(session: &Arc<Session>, count: usize) -> Self {
        let all = (0..count).map(|_| Leg::new(session)).collect();
        Self { session: Arc::clone(session), all, pending: Pending::default() }
    }

    /// Does not hang them up before these requests are over.
    pub(crate) fn hang_up_after(&mut self, pending: Pending) {
        self.pending = pending;
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Leg> {
        self.all.iter()
    }

    /// The id of the leg at this position, which exists.
    pub(crate) fn token(&self, position: usize) -> Box<str> {
        self.all[position].held.token.clone()
    }

    /// Waits until a leg that the server has created is in the application. Returns whether it is.
    pub(crate) async fn started(&self, position: usize) -> Result<bool, CallError> {
        let token = self.token(position);
        self.session.change(|state| {
            if let Some(leg) = state.leg_by_token(&token).filter(|leg| leg.status == LegStatus::Requested) {
                leg.status = LegStatus::Dialling;
            }
        });
        let started = |state: &State| match state.leg(&token).map(|leg| leg.status) {
            Some(LegStatus::Answered) => Some(true),
            Some(LegStatus::Requested | LegStatus::Dialling) => None,
            Some(LegStatus::Given | LegStatus::Ended { .. }) | None => Some(false),
        };
        timeout(START, self.session.wait(started)).await.unwrap_or(Ok(false))
    }

    /// Takes the leg at this position, which exists.
    pub(crate) fn take(&mut self, position: usize) -> Leg {
        self.all.remove(position)
    }
}

impl Drop for Legs {
    fn drop(&mut self) {
        if self.session.is_detached() {
            return;
        }
        let context = &self.session.context;
        for leg in &self.all {
            let token = &leg.held.token;
            // A late answer then belongs to no call, and is hung up.
            let removed = self.session.change(|state| {
                let position = state.legs.iter().position(|known| known.token == *token)?;
                Some(state.legs.swap_remove(position))
            });
            let Some(removed) = removed else { continue };
            context.unroute(&removed.token, &self.session);
            context.unroute(&removed.channel, &self.session);
            if !removed.is_over() {
                let (session, pending) = (Arc::clone(&self.session), self.pending.clone());
                context.spawn(async move {
                    pending.over().await;
                    drop(session.context.hang_up(&removed.channel));
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::context;

    #[tokio::test]
    async fn cancelled_legs_are_forgotten() {
        let session = Session::new(context(), "1", true);
        let legs = Legs::new(&session, 2);
        let token = legs.token(0);
        drop(legs);
        assert!(session.context.find(&token).is_none());
        assert_eq!(session.read(|state| state.legs.len()), 0);
    }
}
