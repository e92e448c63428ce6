//! One playback, as every verb uses it that plays something.

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::context::Pending;
use crate::error::CallError;
use crate::ids::Kind;
use crate::progress::{self, PlaybackEnd};
use crate::reconcile::reconcile_playback;
use crate::session::Session;
use crate::state::State;

/// How often a playback that reports nothing is looked up on the server.
const LOOK_UP: Duration = Duration::from_secs(60);

/// When a playback that ends with a recording is looked up first. Asterisk reports no end if the recording does not exist.
const RECORDING: Duration = Duration::from_secs(5);

/// What is played.
#[derive(Clone, Copy)]
pub(crate) struct Prompt<'a> {
    pub(crate) target: Target<'a>,
    pub(crate) media: &'a [String],
    pub(crate) lang: Option<&'a str>,
    /// How far [`Playing::forward`](crate::Playing::forward) skips.
    pub(crate) skip: Option<Duration>,
}

/// Who hears a playback.
#[derive(Clone, Copy)]
pub(crate) enum Target<'id> {
    Caller,
    /// All in the bridge of this id.
    Bridge(&'id str),
}

/// What became of a playback.
pub(crate) enum Played<T> {
    Over(PlaybackEnd),
    /// The condition for stopping it held.
    Stopped(T),
}

/// Plays media until their end, or until `stop` returns something.
pub(crate) async fn play<T>(
    session: &Arc<Session>,
    target: Target<'_>,
    media: &[String],
    mut stop: impl FnMut(&State) -> Option<T>,
) -> Result<Played<T>, CallError> {
    session.check()?;
    // What was pressed ahead needs no playback.
    if let Some(stopped) = session.read(&mut stop) {
        return Ok(Played::Stopped(stopped));
    }
    let prompt = Prompt { target, media, lang: None, skip: None };
    Playback::start(session, prompt).await?.until(stop).await
}

/// A playback that is stopped when it is dropped before its end.
pub(crate) struct Playback {
    session: Arc<Session>,
    pub(crate) id: Box<str>,
    pending: Pending,
    first_look_up: Duration,
}

impl Playback {
    pub(crate) async fn start(session: &Arc<Session>, prompt: Prompt<'_>) -> Result<Self, CallError> {
        let is_in_channel = matches!(prompt.target, Target::Caller);
        if is_in_channel {
            session.out_of_bridges().await;
        }
        let id = session.context.ids.next(Kind::Playback);
        session.context.route(id.clone(), session);
        let known = progress::Playback::new(id.clone(), prompt.media, is_in_channel);
        let first_look_up = first_look_up(&known);
        session.change(|state| state.media.playbacks.push(known));
        let playback = Self { session: Arc::clone(session), id, pending: Pending::default(), first_look_up };
        let request = match prompt.target {
            Target::Caller => {
                let mut request = session.channel().play_with_id(&*playback.id, prompt.media);
                if let Some(lang) = prompt.lang {
                    request = request.lang(lang);
                }
                if let Some(skip) = prompt.skip {
                    request = request.skipms(i64::try_from(skip.as_millis()).unwrap_or(i64::MAX));
                }
                request.into_future()
            }
            Target::Bridge(id) => {
                session.context.ari.bridge(id).play_with_id(&*playback.id, prompt.media).into_future()
            }
        };
        match session.context.send(&playback.pending, request).await {
            Ok(_) => {
                session.change(|state| state.media.playback_mut(&playback.id).map(|known| known.progress.accept()));
                Ok(playback)
            }
            Err(error) => {
                let maybe_executed = error.maybe_executed();
                if !maybe_executed {
                    session.change(|state| state.media.playback_ended(&playback.id, PlaybackEnd::Failed));
                }
                Err(session.explain(error).await)
            }
        }
    }

    /// Waits until its end, or until `stop` returns something.
    pub(crate) async fn until<T>(self, mut stop: impl FnMut(&State) -> Option<T>) -> Result<Played<T>, CallError> {
        let session = &self.session;
        let mut interval = self.first_look_up;
        loop {
            let found = session.wait(|state| match stop(state) {
                Some(stopped) => Some(Played::Stopped(stopped)),
                None => end_of(state, &self.id).map(Played::Over),
            });
            match timeout(interval, found).await {
                // A playback fails when its channel hangs up: the end of the call is what matters then.
                Ok(Ok(Played::Over(PlaybackEnd::Failed))) => {
                    return match Box::pin(session.hangs_up()).await {
                        Some(end) => Err(CallError::Ended(end)),
                        None => Ok(Played::Over(PlaybackEnd::Failed)),
                    };
                }
                Ok(Ok(Played::Stopped(stopped))) => {
                    self.stop().await;
                    return Ok(Played::Stopped(stopped));
                }
                Ok(result) => return result,
                // Boxed like all that is rarely needed, so that what waits takes little memory.
                Err(_) => Box::pin(reconcile_playback(session, &self.id)).await,
            }
            interval = LOOK_UP;
        }
    }

    async fn stop(&self) {
        let stopped = self.session.context.ari.playback(&*self.id).stop().await;
        // Over already, or the channel is gone: either way it plays no more.
        if stopped.is_ok() || stopped.is_err_and(|error| error.is_not_found()) {
            self.session.change(|state| state.media.playback_ended(&self.id, PlaybackEnd::Finished));
        }
    }
}

fn first_look_up(playback: &progress::Playback) -> Duration {
    if playback.last_recording.is_some() { RECORDING } else { LOOK_UP }
}

fn end_of(state: &State, id: &str) -> Option<PlaybackEnd> {
    state.media.playback(id)?.progress.ended().copied()
}

/// Whether a playback can be controlled.
pub(crate) fn is_started(state: &State, id: &str) -> bool {
    state.media.playback(id).is_some_and(|playback| playback.progress.is_started())
}

impl Drop for Playback {
    fn drop(&mut self) {
        let (session, context) = (&self.session, &self.session.context);
        let is_over = session.change(|state| {
            let is_over = state.end.is_some() || state.detached || end_of(state, &self.id).is_some();
            state.media.playbacks.retain(|playback| playback.id != self.id);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playback_is_looked_up_early_only_if_its_end_may_not_be_reported() {
        let first = |media: &[&str]| {
            let media: Vec<String> = media.iter().map(ToString::to_string).collect();
            first_look_up(&progress::Playback::new("a".into(), &media, true))
        };
        assert_eq!(first(&["sound:a", "recording:b"]), RECORDING);
        assert_eq!(first(&["recording:b", "sound:a"]), LOOK_UP);
    }
}
