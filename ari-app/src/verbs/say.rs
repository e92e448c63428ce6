use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::playback::{Playback, Played, Prompt, Target};
use super::playing::{Control, Playing};
use crate::error::CallError;
use crate::progress::PlaybackEnd;
use crate::session::Session;
use crate::state::State;
use crate::telemetry::verb;
use crate::{Call, media};

/// Plays media to the caller; see [`Call::say`]. Awaiting it returns at the end of the last medium, [`Say::start`] at its
/// beginning.
#[must_use = "nothing is played until it is awaited"]
pub struct Say<'call> {
    call: &'call Call,
    script: Script,
}

/// What is to be played, and what stops it.
pub(super) struct Script {
    media: Vec<String>,
    lang: Option<String>,
    keys: Option<Box<str>>,
    limit: Option<Duration>,
    skip: Option<Duration>,
    /// Whether something may stop it before its end.
    is_stoppable: bool,
}

/// How [`Say`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// Everything was played.
    Finished,
    /// Asterisk could not play a medium: the file or the recording does not exist.
    Failed,
    /// The caller pressed this key. It and the keys before it are taken; those after it stay for the next [`Call::ask`].
    Interrupted(char),
    /// The time given by [`Say::limit`] is up.
    Limit,
    /// [`Playing::stop`] was called.
    Stopped,
    /// It is over, but Asterisk has not reported how: the end fell into a gap in the events.
    Unknown,
}

impl<'call> Say<'call> {
    pub(crate) fn new(call: &'call Call, media: Vec<String>) -> Self {
        let script = Script { media, lang: None, keys: None, limit: None, skip: None, is_stoppable: false };
        Self { call, script }
    }

    /// The language of the sounds, such as `en`; that of the channel by default.
    pub fn lang(mut self, lang: impl Into<String>) -> Self {
        self.script.lang = Some(lang.into());
        self
    }

    /// Stops when the caller presses one of these keys, such as `"#"` or `"0123456789*#"`.
    pub fn until(mut self, keys: impl AsRef<str>) -> Self {
        self.script.keys = Some(keys.as_ref().into());
        self
    }

    /// Stops after this time, in which pauses count. A `tone:`, which never ends, needs it.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.script.limit = Some(limit);
        self
    }

    /// How far [`Playing::forward`] and [`Playing::reverse`] skip; 3 s by default.
    pub fn skip(mut self, skip: Duration) -> Self {
        self.script.skip = Some(skip);
        self
    }

    /// Begins to play, and returns a handle while it goes on.
    ///
    /// What other verbs play meanwhile begins when this has ended, and so does a recording; [`Call::answer`] and
    /// [`Call::set_variable`] wait for it, too.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// # async fn look_up_the_account() {}
    /// let playing = call.say("sound:please-wait").start().await?;
    /// look_up_the_account().await;
    /// playing.stop().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(mut self) -> Result<Playing, CallError> {
        self.script.is_stoppable = true;
        self.script.check()?;
        Playing::start(self.call, self.script).await
    }

    async fn run(mut self) -> Result<Said, CallError> {
        self.script.is_stoppable = self.script.keys.is_some() || self.script.limit.is_some();
        self.script.check()?;
        self.script.run(&self.call.session, &Control::default()).await
    }
}

impl Script {
    fn check(&self) -> Result<(), CallError> {
        media::check(&self.media, self.limit.is_some())?;
        if self.skip.is_some_and(|skip| skip.as_millis() == 0) {
            return Err(CallError::invalid("skip", "less than a millisecond"));
        }
        self.keys.as_ref().map_or(Ok(()), |keys| check_keys("until", keys))
    }

    /// Plays everything, unless something stops it.
    pub(super) async fn run(&self, session: &Arc<Session>, control: &Control) -> Result<Said, CallError> {
        let Some(limit) = self.limit.and_then(|limit| Instant::now().checked_add(limit)) else {
            return self.play(session, control).await;
        };
        tokio::select! {
            said = self.play(session, control) => said,
            () = sleep_until(limit) => Ok(Said::Limit),
        }
    }

    async fn play(&self, session: &Arc<Session>, control: &Control) -> Result<Said, CallError> {
        // The position of the key, or nothing if the handle stops it.
        let stop = |state: &State| {
            if control.is_stopped() {
                return Some(None);
            }
            let keys = self.keys.as_deref()?;
            state.digits.iter().position(|digit| keys.contains(*digit)).map(Some)
        };
        let parts = if self.is_stoppable { media::in_stoppable_parts(&self.media) } else { vec![self.media.clone()] };
        for media in &parts {
            session.check()?;
            let (lang, skip) = (self.lang.as_deref(), self.skip);
            let played = if let Some(stopped) = session.read(stop) {
                Played::Stopped(stopped)
            } else {
                let prompt = Prompt { target: Target::Caller, media, lang, skip };
                // Boxed, because what begins a playback takes more memory than what waits for its end.
                let playback = Box::pin(Playback::start(session, prompt)).await?;
                control.plays(session, &playback.id);
                playback.until(stop).await?
            };
            match played {
                Played::Over(PlaybackEnd::Finished) => {}
                Played::Over(PlaybackEnd::Failed) => return Ok(Said::Failed),
                Played::Over(PlaybackEnd::Unknown) => return Ok(Said::Unknown),
                Played::Stopped(None) => return Ok(Said::Stopped),
                Played::Stopped(Some(position)) => {
                    let taken = session.change(|state| state.digits.drain(..=position).next_back());
                    return Ok(taken.map_or(Said::Finished, Said::Interrupted));
                }
            }
        }
        Ok(Said::Finished)
    }
}

impl<'call> IntoFuture for Say<'call> {
    type Output = Result<Said, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.say", self.run())
    }
}

/// Checks keys of a telephone.
pub(crate) fn check_keys(argument: &'static str, keys: &str) -> Result<(), CallError> {
    let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D');
    match keys.chars().find(|key| !is_key(*key)) {
        None if keys.is_empty() => Err(CallError::invalid(argument, "empty; name keys of a telephone, such as \"#\"")),
        None => Ok(()),
        Some(key) => Err(CallError::invalid(argument, format!("no telephone has a key {key:?}"))),
    }
}
