use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::say::check_keys;
use crate::Call;
use crate::context::{Pending, recording_key};
use crate::error::CallError;
use crate::session::Session;
use crate::state::{Progress, RecordingEnd, State};
use ari_bindings::values::IfExists;
use serde::Serialize;

/// How long Asterisk may take to report the end of a recording that is over.
const PATIENCE: Duration = Duration::from_secs(5);

/// Records the caller; see [`Call::record`]. Awaiting it returns at the end of the recording.
///
/// A caller who hangs up ends the recording: the outcome is [`Stopped::HungUp`], and the file is kept.
#[must_use = "nothing is recorded until it is awaited"]
pub struct Record<'call> {
    call: &'call Call,
    name: String,
    format: String,
    beep: bool,
    max: Duration,
    silence: Option<Duration>,
    until: Option<char>,
    overwrite: bool,
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

    async fn run(self) -> Result<Recorded, CallError> {
        self.check()?;
        let session = &self.call.session;
        session.check()?;
        session.change(|state| state.digits.clear());
        let recording = Recording::start(session, &self).await?;
        let end = |state: &State| recording.end(state);
        // The recording of a caller who hangs up ends, too, and its outcome is what the handler waits for.
        let over = session.wait_for(self.max.saturating_add(PATIENCE), |state| {
            end(state).map(Some).or_else(|| state.end.is_some().then_some(None))
        });
        let ended = match over.await.flatten() {
            Some(ended) => Some(ended),
            None => session.wait_for(PATIENCE, end).await,
        };
        let Some(ended) = ended else {
            session.check()?;
            return Err(self.failed("Asterisk has reported no end"));
        };
        match ended {
            RecordingEnd::Failed { cause } => Err(self.failed(cause)),
            RecordingEnd::Finished { duration, talking } => {
                // A key that ended the recording is no input for what comes next.
                let stopped = session.change(|state| {
                    let stopped = self.stopped(state);
                    state.digits.clear();
                    stopped
                });
                Ok(Recorded { name: self.name.clone(), stopped, duration, talking })
            }
        }
    }

    fn failed(&self, cause: impl Into<Box<str>>) -> CallError {
        CallError::Recording { name: self.name.as_str().into(), cause: cause.into() }
    }

    fn stopped(&self, state: &State) -> Stopped {
        match (self.until, &state.end) {
            (Some(key), _) if state.digits.contains(&key) => Stopped::Key(key),
            (_, Some(_)) => Stopped::HungUp,
            _ => Stopped::Limit,
        }
    }
}

impl<'call> IntoFuture for Record<'call> {
    type Output = Result<Recorded, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A recording that is stopped when it is dropped before its end.
struct Recording {
    session: Arc<Session>,
    name: Box<str>,
    pending: Pending,
}

impl Recording {
    async fn start(session: &Arc<Session>, options: &Record<'_>) -> Result<Self, CallError> {
        let name: Box<str> = options.name.as_str().into();
        if !session.context.route_if_vacant(recording_key(&name), session) {
            let reason = format!("{name:?}: a recording of this name is under way");
            return Err(CallError::invalid("name", reason));
        }
        session.change(|state| state.recordings.push((name.clone(), Progress::Requested)));
        let recording = Self { session: Arc::clone(session), name, pending: Pending::default() };
        let channel = session.channel();
        let mut request = channel.record(&*options.name, &*options.format).beep(options.beep);
        request = request.max_duration_seconds(seconds(options.max));
        if let Some(silence) = options.silence {
            request = request.max_silence_seconds(seconds(silence));
        }
        if let Some(key) = options.until {
            request = request.terminate_on(key.to_string().as_str());
        }
        if options.overwrite {
            request = request.if_exists(IfExists::Overwrite);
        }
        match session.context.send(&recording.pending, request.into_future()).await {
            Ok(_) => {
                session.change(|state| state.recording_mut(&recording.name).map(Progress::acknowledge));
                Ok(recording)
            }
            Err(error) => {
                if !error.maybe_executed() {
                    let cause = "refused".into();
                    session.change(|state| state.recording_ended(&recording.name, RecordingEnd::Failed { cause }));
                }
                Err(session.explain(error).await)
            }
        }
    }

    fn end(&self, state: &State) -> Option<RecordingEnd> {
        match state.recordings.iter().find(|(name, _)| *name == self.name)? {
            (_, Progress::Over(end)) => Some(end.clone()),
            _ => None,
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let is_over = self.session.change(|state| {
            let is_over = state.end.is_some() || state.detached || self.end(state).is_some();
            state.recordings.retain(|(name, _)| *name != self.name);
            is_over
        });
        let context = &self.session.context;
        context.unroute(&recording_key(&self.name), &self.session);
        if !is_over {
            let recording = context.ari.live_recording(&*self.name);
            let pending = self.pending.clone();
            context.clean_up("stop a recording", move || {
                let (recording, pending) = (recording.clone(), pending.clone());
                async move {
                    pending.over().await;
                    recording.stop().await
                }
            });
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
