use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use super::connected::{Connected, Outcome};
use super::dial::{Dial, Dialed};
use super::leg::Leg;
use super::music::Music;
use crate::Call;
use crate::error::CallError;
use crate::telemetry::verb;

/// Lets a leg hand the caller over to somebody else; see [`Call::transfer`].
#[must_use = "nobody is dialled until it is awaited"]
pub struct Transfer<'call> {
    call: &'call Call,
    from: Leg,
    dial: Dial<'call>,
}

/// The outcome of a [`Call::transfer`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Transferred {
    /// The leg has hung up, and the one that it dialled has the caller: connect the two by [`Call::bridge`].
    To(Leg),
    /// The one that was dialled did not answer, or has hung up: the leg has the caller again.
    Back(Leg),
    /// Both are gone.
    Nobody,
}

impl<'call> Transfer<'call> {
    pub(crate) fn new(call: &'call Call, from: Leg, dial: Dial<'call>) -> Self {
        Self { call, from, dial }
    }

    /// How long the endpoint may ring, in whole seconds; 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.dial = self.dial.timeout(timeout);
        self
    }

    /// The caller id that the endpoint shows, such as `"Reception <100>"`.
    pub fn caller_id(mut self, caller_id: impl Into<String>) -> Self {
        self.dial = self.dial.caller_id(caller_id);
        self
    }

    /// A channel variable of the new leg.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.dial = self.dial.variable(name, value);
        self
    }

    async fn run(self) -> Result<Transferred, CallError> {
        let session = &self.call.session;
        self.dial.check()?;
        self.from.check(session, "leg")?;
        session.check()?;
        // Hangs the leg up unless it is given back.
        let mut guard = Connected::create(session, false, vec![self.from.clone()], None, false).await?;
        let music = Music::start(session).await?;
        // Without it the leg hears nothing; what a release makes of it on an answered channel differs.
        let _ = self.from.channel().ring().await;
        let dialed = self.dial.run().await?;
        if let Dialed::Answered(to) = &dialed {
            // Before anything is awaited that may be dropped.
            guard.add(to.clone());
        }
        let _ = self.from.channel().ring_stop().await;
        let transferred = if let Dialed::Answered(to) = dialed {
            let outcome = guard.until_end("").await?;
            guard.separate().await;
            if let Outcome::Ended(0, _) = outcome {
                Transferred::To(to)
            } else {
                to.hang_up();
                Transferred::Back(self.from)
            }
        } else {
            guard.separate().await;
            Transferred::Back(self.from)
        };
        music.stop().await;
        let is_over = |leg: &Leg| session.read(|state| leg.end(state)).is_some();
        Ok(match transferred {
            Transferred::To(leg) | Transferred::Back(leg) if is_over(&leg) => Transferred::Nobody,
            transferred => transferred,
        })
    }
}

impl<'call> IntoFuture for Transfer<'call> {
    type Output = Result<Transferred, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.transfer", self.run())
    }
}
