use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use crate::context::Pending;
use crate::error::CallError;
use crate::ids::Kind;
use crate::session::{IN_FLIGHT, Session};
use crate::state::{PlaybackEnd, Progress, State};
use crate::{Call, media};

/// How often a playback that reports nothing is looked up on the server.
///
/// Asterisk reports no end for some media, such as a recording that does not exist.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Plays media to the caller; see [`Call::say`]. Awaiting it returns at the end of the last medium.
#[must_use = "nothing is played until it is awaited"]
pub struct Say<'call> {
    call: &'call Call,
    media: Vec<String>,
    lang: Option<String>,
    keys: Option<Box<str>>,
    limit: Option<Duration>,
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
}

impl<'call> Say<'call> {
    pub(crate) fn new(call: &'call Call, media: Vec<String>) -> Self {
        Self { call, media, lang: None, keys: None, limit: None }
    }

    /// The language of the sounds, such as `en`; that of the channel by default.
    pub fn lang(mut self, lang: impl Into<String>) -> Self {
        self.lang = Some(lang.into());
        self
    }

    /// Stops when the caller presses one of these keys, such as `"#"` or `"0123456789*#"`.
    pub fn until(mut self, keys: impl AsRef<str>) -> Self {
        self.keys = Some(keys.as_ref().into());
        self
    }

    /// Stops after this time. A `tone:`, which never ends, needs it.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    async fn run(self) -> Result<Said, CallError> {
        media::check(&self.media, self.limit.is_some())?;
        if let Some(keys) = &self.keys {
            check_keys("until", keys)?;
        }
        let Some(limit) = self.limit.and_then(|limit| Instant::now().checked_add(limit)) else {
            return self.play().await;
        };
        tokio::select! {
            said = self.play() => said,
            () = sleep_until(limit) => Ok(Said::Limit),
        }
    }

    async fn play(&self) -> Result<Said, CallError> {
        let session = &self.call.session;
        let pressed = |state: &State| {
            let keys = self.keys.as_deref()?;
            state.digits.iter().position(|digit| keys.contains(*digit))
        };
        let is_stoppable = self.keys.is_some() || self.limit.is_some();
        let parts = if is_stoppable { media::in_stoppable_parts(&self.media) } else { vec![self.media.clone()] };
        for part in parts {
            match play(session, Target::Caller, &part, self.lang.as_deref(), pressed).await? {
                Played::Over(PlaybackEnd::Finished) => {}
                Played::Over(PlaybackEnd::Failed) => return Ok(Said::Failed),
                Played::Stopped(position) => {
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
        Box::pin(self.run())
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

/// What became of a playback.
pub(crate) enum Played<T> {
    Over(PlaybackEnd),
    /// The condition for stopping it held.
    Stopped(T),
}

/// Who hears a playback.
#[derive(Clone, Copy)]
pub(crate) enum Target<'id> {
    Caller,
    /// All in the bridge of this id.
    Bridge(&'id str),
}

/// Plays media until their end, or until `stop` returns something.
pub(crate) async fn play<T>(
    session: &Arc<Session>,
    target: Target<'_>,
    media: &[String],
    lang: Option<&str>,
    mut stop: impl FnMut(&State) -> Option<T>,
) -> Result<Played<T>, CallError> {
    session.check()?;
    // What was pressed ahead needs no playback.
    if let Some(stopped) = session.read(&mut stop) {
        return Ok(Played::Stopped(stopped));
    }
    let playback = Playback::start(session, target, media, lang).await?;
    loop {
        let id = &playback.id;
        let found = session.wait(|state| match stop(state) {
            Some(stopped) => Some(Played::Stopped(stopped)),
            None => end_of(state, id).map(Played::Over),
        });
        match timeout(LOOK_UP, found).await {
            // A playback fails when its channel hangs up: the end of the call is what matters then.
            Ok(Ok(Played::Over(PlaybackEnd::Failed))) => {
                return match session.wait_for(Duration::from_millis(100), |state| state.end.clone()).await {
                    Some(end) => Err(CallError::Ended(end)),
                    None => Ok(Played::Over(PlaybackEnd::Failed)),
                };
            }
            Ok(Ok(Played::Stopped(stopped))) => {
                playback.stop().await;
                return Ok(Played::Stopped(stopped));
            }
            Ok(result) => return result,
            Err(_) => playback.look_up().await,
        }
    }
}

fn end_of(state: &State, id: &str) -> Option<PlaybackEnd> {
    match state.playbacks.iter().find(|(known, _)| **known == *id)? {
        (_, Progress::Over(end)) => Some(*end),
        _ => None,
    }
}

/// A playback that is stopped when it is dropped before its end.
struct Playback {
    session: Arc<Session>,
    id: Box<str>,
    pending: Pending,
}

impl Playback {
    async fn start(
        session: &Arc<Session>,
        target: Target<'_>,
        media: &[String],
        lang: Option<&str>,
    ) -> Result<Self, CallError> {
        let id = session.context.ids.next(Kind::Playback);
        session.context.route(id.clone(), session);
        session.change(|state| state.playbacks.push((id.clone(), Progress::Requested)));
        let playback = Self { session: Arc::clone(session), id, pending: Pending::default() };
        let request = match target {
            Target::Caller => {
                let request = session.channel().play_with_id(&*playback.id, media);
                if let Some(lang) = lang { request.lang(lang) } else { request }.into_future()
            }
            Target::Bridge(id) => session.context.ari.bridge(id).play_with_id(&*playback.id, media).into_future(),
        };
        match session.context.send(&playback.pending, request).await {
            Ok(_) => {
                session.change(|state| state.playback_mut(&playback.id).map(Progress::acknowledge));
                Ok(playback)
            }
            Err(error) => {
                let maybe_executed = error.maybe_executed();
                if !maybe_executed {
                    session.change(|state| state.playback_ended(&playback.id, PlaybackEnd::Failed));
                }
                Err(session.explain(error).await)
            }
        }
    }

    async fn stop(&self) {
        // Over already, or the channel is gone: either way it plays no more.
        let _ = self.session.context.ari.playback(&*self.id).stop().await;
    }

    /// Notes the end of a playback that Asterisk does not know any more.
    async fn look_up(&self) {
        if let Err(error) = self.session.context.ari.playback(&*self.id).get().await {
            let ended = |state: &State| end_of(state, &self.id);
            if error.is_not_found() && self.session.wait_for(IN_FLIGHT, ended).await.is_none() {
                self.session.change(|state| state.playback_ended(&self.id, PlaybackEnd::Failed));
            }
        }
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        let (session, context) = (&self.session, &self.session.context);
        let is_over = session.change(|state| {
            let is_over = state.end.is_some() || state.detached || end_of(state, &self.id).is_some();
            state.playbacks.retain(|(id, _)| *id != self.id);
            is_over
        });
        context.unroute(&self.id, session);
        if !is_over {
            let playback = context.ari.playback(&*self.id);
            let pending = self.pending.clone();
            context.spawn(async move {
                pending.over().await;
                // A failure means that it is over, or that Asterisk plays it to its end.
                let _ = playback.stop().await;
            });
        }
    }
}
