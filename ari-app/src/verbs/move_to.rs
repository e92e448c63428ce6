use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use ari_bindings::IntoList;
use ari_bindings::ids::ChannelId;
use tokio::time::timeout;

use super::place::check_args;
use crate::Call;
use crate::error::{CallError, End, EndReason};
use crate::telemetry::verb;

/// How long the other application may take to get the call.
const TAKEOVER: Duration = Duration::from_secs(5);

impl Call {
    /// Gives the call back to the dialplan, at the next priority. The call ends for the application.
    pub async fn continue_in_dialplan(&self) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().continue_in_dialplan().await;
        self.done(done).await?;
        // The reply may come before the event, and the channel must not be hung up any more.
        self.session.end(End::new(EndReason::Left, None));
        Ok(())
    }

    /// Hands the call over to another application, of this process or another one: its program gets a new call with the
    /// same [`Call::id`], and this one ends.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// if call.move_to("billing").args(["invoice", "42"]).await? == ari_app::Moved::NotConnected {
    ///     call.say("sound:vm-goodbye").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Fails with [`CallError::Invalid`] while something is being played to the caller or recorded, which would delay the
    /// move: stop it first. Legs and bridges stay with this call and end with it.
    pub fn move_to(&self, app: impl Into<String>) -> Move<'_> {
        Move::new(self, app.into())
    }
}

/// Hands a call over to another application; see [`Call::move_to`].
#[must_use = "the call is not moved until it is awaited"]
pub struct Move<'call> {
    call: &'call Call,
    app: String,
    args: Vec<String>,
}

/// The outcome of [`Call::move_to`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Moved {
    /// The other application has the call, which has ended for this one by [`EndReason::Left`].
    Taken,
    /// No program serves an application of this name. The call goes on here.
    NotConnected,
}

impl<'call> Move<'call> {
    pub(crate) fn new(call: &'call Call, app: String) -> Self {
        Self { call, app, args: Vec::new() }
    }

    /// The arguments that the other application receives, as those of `Stasis()`: [`Call::args`] there. Commas, quotes,
    /// brackets and backslashes are refused.
    pub fn args(mut self, args: impl IntoList<String>) -> Self {
        self.args = args.into_list();
        self
    }

    fn check(&self) -> Result<(), CallError> {
        if self.app.is_empty() {
            return Err(CallError::invalid("app", "empty; name the other application"));
        }
        if *self.app == *self.call.session.context.app {
            return Err(CallError::invalid("app", format!("{:?}: the call is in it already", self.app)));
        }
        check_args(&self.args)
    }

    async fn run(self) -> Result<Moved, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        if session.read(|state| state.media.is_busy()) {
            return Err(CallError::invalid("app", "something is being played or recorded; stop it before the move"));
        }
        let channel = session.channel();
        if self.members().await?.is_none() {
            return session.check().map(|()| Moved::NotConnected);
        }
        let mut request = channel.r#move(&*self.app);
        if !self.args.is_empty() {
            request = request.app_args(self.args.join(","));
        }
        self.call.done(request.await).await?;
        match timeout(TAKEOVER, session.wait(|_| None::<()>)).await {
            Ok(Err(CallError::Ended(end))) if end.reason == EndReason::Left => {}
            Ok(ended) => ended?,
            // Asterisk accepts the move to an application whose program is not there, and leaves the call where it is. The
            // event may also have fallen into a gap.
            Err(_) => match self.members().await? {
                Some(members) if members.contains(channel.channel_id()) => {
                    session.end(End::new(EndReason::Left, None));
                }
                _ => return Ok(Moved::NotConnected),
            },
        }
        self.forget(channel.channel_id()).await;
        Ok(Moved::Taken)
    }

    /// The channels of the other application; `None` if there is no such application.
    async fn members(&self) -> Result<Option<Vec<ChannelId>>, CallError> {
        match self.call.client().application(&*self.app).get().await {
            Ok(application) => Ok(Some(application.channel_ids)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(self.call.session.explain(error).await),
        }
    }

    /// Ends the subscription that dialling has made, so that the next run does not take the call for its own.
    async fn forget(&self, channel: &ChannelId) {
        if self.call.is_outgoing() {
            let application = self.call.client().application(&*self.call.session.context.app);
            // The call may have ended.
            let _ = application.unsubscribe([format!("channel:{channel}")]).await;
        }
    }
}

impl<'call> IntoFuture for Move<'call> {
    type Output = Result<Moved, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.move_to", self.run())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::arrival::Arrival;
    use crate::context::tests::context;
    use crate::progress::{Playback, PlaybackEnd};
    use crate::session::Session;

    #[tokio::test]
    async fn move_does_not_wait_behind_a_playback() {
        let session = Session::new(context(), "1", true);
        session.change(|state| state.media.playbacks.push(Playback::new("2".into(), &[], true)));
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        let error = call.move_to("other").await.unwrap_err();
        assert!(error.to_string().contains("being played"), "{error}");
        call.session.change(|state| state.media.playback_ended("2", PlaybackEnd::Finished));
        // There is no server.
        assert!(matches!(call.move_to("other").await, Err(CallError::Ari(_))));
    }
}
