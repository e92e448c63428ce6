use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

use super::recording::Recording;
use super::review::{Review, Reviewing};
use super::say::check_keys;
use crate::Call;
use crate::error::CallError;
use crate::telemetry::verb;

/// Records the caller; see [`Call::record`]. Awaiting it returns at the end of the recording, [`Record::start`] at its
/// beginning.
///
/// A caller who hangs up ends the recording: the outcome is [`Stopped::HungUp`], and the file is kept.
#[must_use = "nothing is recorded until it is awaited"]
pub struct Record<'call> {
    pub(super) call: &'call Call,
    pub(super) name: String,
    pub(super) format: String,
    pub(super) beep: bool,
    pub(super) max: Duration,
    pub(super) silence: Option<Duration>,
    pub(super) until: Option<char>,
    pub(super) overwrite: bool,
}

/// A recording that is over; its file is stored on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recorded {
    /// The name, by which `ari.stored_recording(name)` finds the file.
    pub name: String,
    /// Why it ended.
    pub stopped: Stopped,
    /// Its length in seconds, as Asterisk reports it.
    pub duration: Option<i64>,
    /// How many seconds of it the caller talked, if silence was looked for.
    pub talking: Option<i64>,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stopped {
    /// The caller pressed this key.
    Key(char),
    /// It reached its greatest length, or the caller was silent long enough.
    Limit,
    /// The caller hung up.
    HungUp,
    /// [`Recording::stop`] was called.
    Requested,
    /// It is over and stored, but Asterisk has not reported why: the end fell into a gap in the events.
    Unknown,
}

impl<'call> Record<'call> {
    pub(crate) fn new(call: &'call Call, name: String) -> Self {
        Self {
            call,
            name,
            format: "wav".to_owned(),
            beep: false,
            max: Duration::from_secs(300),
            silence: None,
            until: None,
            overwrite: false,
        }
    }

    /// The format of the file, `wav` by default.
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = format.into();
        self
    }

    /// Plays a beep first.
    pub fn beep(mut self) -> Self {
        self.beep = true;
        self
    }

    /// The greatest length, in whole seconds; 5 minutes by default.
    pub fn max(mut self, max: Duration) -> Self {
        self.max = max;
        self
    }

    /// Ends the recording after so much silence, in whole seconds.
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = Some(silence);
        self
    }

    /// Ends the recording when the caller presses `#` or `*`, the keys that Asterisk can watch for.
    pub fn until(mut self, key: char) -> Self {
        self.until = Some(key);
        self
    }

    /// Replaces a recording of the same name instead of failing with 409.
    pub fn overwrite(mut self) -> Self {
        self.overwrite = true;
        self
    }

    fn check(&self) -> Result<(), CallError> {
        if self.name.is_empty() {
            return Err(CallError::invalid("name", "empty; name the recording, such as \"voicemail/42\""));
        }
        if self.max.as_secs() == 0 {
            return Err(CallError::invalid("max", "less than a second"));
        }
        if self.silence.is_some_and(|silence| silence.as_secs() == 0) {
            return Err(CallError::invalid("silence", "less than a second"));
        }
        match self.until {
            Some('#' | '*') | None => Ok(()),
            Some(key) => {
                check_keys("until", key.encode_utf8(&mut [0; 4]))?;
                Err(CallError::invalid("until", format!("{key:?}; Asterisk ends a recording with '#' or '*' only")))
            }
        }
    }

    /// Begins to record, and returns a handle while it goes on.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// # async fn enters_the_number_of_a_card() {}
    /// let recording = call.record("calls/1").start().await?;
    /// recording.mute().await?;
    /// enters_the_number_of_a_card().await;
    /// recording.unmute().await?;
    /// let recorded = recording.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(self) -> Result<Recording, CallError> {
        self.check()?;
        Recording::start(&self.call.session, &self).await
    }

    /// Lets the caller hear the message, and decide what becomes of it; see [`Review`].
    pub fn review(self, review: Review) -> Reviewing<'call> {
        Reviewing::new(self, review)
    }

    pub(super) async fn run(&self) -> Result<Recorded, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        session.change(|state| state.digits.clear());
        let recorded = Recording::start(session, self).await?.finished().await?;
        // What was pressed during the recording is no input for what comes next.
        session.change(|state| state.digits.clear());
        Ok(recorded)
    }
}

impl<'call> IntoFuture for Record<'call> {
    type Output = Result<Recorded, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.record", async move { self.run().await })
    }
}
