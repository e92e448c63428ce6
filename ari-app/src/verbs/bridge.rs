use std::sync::Arc;

use crate::error::{CallError, End};
use crate::session::Session;
use crate::{Call, Leg, ids};

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
    /// Fails with [`CallError::Ended`] when the caller hangs up first. Either way the bridge is destroyed and the leg hung
    /// up; the caller stays with the handler. A phone that transfers itself is replaced by the channel that Asterisk puts
    /// in its place, and the conversation goes on.
    pub async fn until_hangup(self) -> Result<End, CallError> {
        let session = &self.call.session;
        let bridge = Connected::create(session).await?;
        bridge.add(session, &self.leg).await?;
        if let Some(name) = &self.recording {
            let request = session.context.ari.bridge(&*bridge.id).record(name.as_str(), "wav");
            if let Err(error) = request.await {
                return Err(session.explain(error).await);
            }
        }
        let ended = self.leg.ended().await;
        bridge.destroy().await;
        // A leg that is there no more needs no hang-up.
        let _ = self.leg.hangup().await;
        ended
    }
}

/// A bridge that is destroyed when it is dropped.
struct Connected {
    session: Arc<Session>,
    id: Box<str>,
    exists: bool,
}

impl Connected {
    async fn create(session: &Arc<Session>) -> Result<Self, CallError> {
        session.check()?;
        let id = ids::new(ids::Kind::Bridge);
        session.context.route(id.clone(), session);
        session.change(|state| state.bridges.push(id.clone()));
        let bridge = Self { session: Arc::clone(session), id, exists: true };
        match session.context.ari.bridge(&*bridge.id).create_with_id().r#type("mixing").await {
            Ok(_) => Ok(bridge),
            Err(error) => Err(session.explain(error).await),
        }
    }

    async fn add(&self, session: &Session, leg: &Leg) -> Result<(), CallError> {
        let caller = session.read(|state| state.channel.to_string());
        let channels = [caller, leg.channel().channel_id().to_string()];
        match session.context.ari.bridge(&*self.id).add_channel(channels).await {
            Ok(()) => Ok(()),
            Err(error) => Err(session.explain(error).await),
        }
    }

    async fn destroy(mut self) {
        self.exists = false;
        // It may be gone with Asterisk.
        let _ = self.session.context.ari.bridge(&*self.id).destroy().await;
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.session.change(|state| state.bridges.retain(|id| *id != self.id));
        self.session.context.unroute(&self.id);
        if self.exists {
            let bridge = self.session.context.ari.bridge(&*self.id);
            tokio::spawn(async move { bridge.destroy().await });
        }
    }
}
