use std::future::{Future, IntoFuture};
use std::pin::Pin;
#[cfg(feature = "media")]
use std::sync::Arc;

use ari_bindings::ids::ChannelId;
use ari_bindings::values::{Spy, Whisper};

use super::leg::{Leg, Legs};
use crate::Call;
use crate::context::Pending;
use crate::error::CallError;
#[cfg(feature = "media")]
use crate::session::Session;
use crate::telemetry::verb;

/// Listens to another channel; see [`Call::snoop`]. Awaiting it returns the leg that receives the audio, or `None` if the
/// channel does not exist any more.
#[must_use = "nothing is snooped on until it is awaited"]
pub struct Snoop<'call> {
    call: &'call Call,
    channel: ChannelId,
    spy: Spy,
    whisper: Whisper,
}

impl<'call> Snoop<'call> {
    pub(crate) fn new(call: &'call Call, channel: ChannelId) -> Self {
        Self { call, channel, spy: Spy::Both, whisper: Whisper::None }
    }

    /// Which audio of the channel is received; both directions by default.
    pub fn spy(mut self, spy: Spy) -> Self {
        self.spy = spy;
        self
    }

    /// Who receives what is said into the leg: [`Whisper::Out`] is the party of the channel, [`Whisper::In`] the party
    /// that it talks to. Nobody by default.
    pub fn whisper(mut self, whisper: Whisper) -> Self {
        self.whisper = whisper;
        self
    }

    fn check(&self) -> Result<(), CallError> {
        if self.channel.as_str().is_empty() {
            return Err(CallError::invalid("channel", "empty; name the channel to listen to"));
        }
        if self.spy == Spy::None && self.whisper == Whisper::None {
            return Err(CallError::invalid("spy", "neither `spy` nor `whisper` has a direction"));
        }
        Ok(())
    }

    pub(super) async fn run(self) -> Result<Option<Leg>, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        let context = &session.context;
        let mut legs = Legs::new(session, 1);
        let token = legs.token(0);
        let request = context.ari.channel(&self.channel).snoop_channel_with_id(&*token, &*context.app);
        let request = request.spy(self.spy).whisper(self.whisper).app_args(&*token);
        match context.send(&Pending::default(), request.into_future()).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => return session.check().map(|()| None),
            Err(error) => return Err(session.explain(error).await),
        }
        Ok(legs.started(0).await?.then(|| legs.take(0)))
    }

    #[cfg(feature = "media")]
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.call.session
    }
}

impl<'call> IntoFuture for Snoop<'call> {
    type Output = Result<Option<Leg>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.snoop", self.run())
    }
}
