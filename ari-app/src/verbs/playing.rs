use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ari_bindings::values::ControlOperation;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::playback::is_started;
use super::say::{Said, Script};
use crate::Call;
use crate::error::CallError;
use crate::session::Session;

/// How long a request to a playback or recording waits for its beginning.
pub(super) const BEGIN: Duration = Duration::from_secs(2);

/// Media that are being played in the background; see [`Say::start`](crate::Say::start).
///
/// Dropping it stops them, unless it is [detached](Playing::detach). They end with the call in any case.
///
/// The requests to pause, resume and skip return whether Asterisk has carried them out: not if everything was played
/// already, or nothing was begun for 2 s because the channel is busy with what came before. It can do so with `sound:` and
/// `recording:`, within the one that is being played; one that is spelled out, such as `digits:`, is played as it is.
#[must_use = "dropping it stops what is being played"]
pub struct Playing {
    session: Arc<Session>,
    control: Arc<Control>,
    outcome: Outcome,
    driver: JoinHandle<()>,
    is_detached: bool,
}

type Outcome = watch::Receiver<Option<Result<Said, CallError>>>;

/// What the handle and the task share that plays.
#[derive(Default)]
pub(super) struct Control {
    is_stopped: AtomicBool,
    /// The id of the playback under way.
    current: Mutex<Option<Box<str>>>,
}

impl Control {
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Notes which playback is under way.
    pub(super) fn plays(&self, session: &Session, id: &str) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.into());
        session.change(|_| ());
    }

    fn current(&self) -> Option<Box<str>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Playing {
    /// Returns when Asterisk has accepted the first medium.
    pub(super) async fn start(call: &Call, script: Script) -> Result<Self, CallError> {
        let session = Arc::clone(&call.session);
        let (sender, outcome) = watch::channel(None);
        let control = Arc::new(Control::default());
        let (player, shared) = (Arc::clone(&session), Arc::clone(&control));
        let work = async move {
            let said = script.run(&player, &shared).await;
            sender.send_replace(Some(said));
            // The handle looks at both.
            player.change(|_| ());
        };
        let driver = session.context.spawn(work.in_current_span());
        let playing = Self { session, control, outcome, driver, is_detached: false };
        let begun = |playing: &Self| playing.is_over() || playing.control.current().is_some();
        playing.session.wait(|_| begun(&playing).then_some(())).await?;
        let failure = playing.outcome.borrow().as_ref().and_then(|said| said.as_ref().err().cloned());
        failure.map_or(Ok(playing), Err)
    }

    /// Waits until everything was played, or something has stopped it; returns how it ended.
    ///
    /// Fails with [`CallError::Ended`] if the call ended first. It may be called again.
    pub async fn finished(&self) -> Result<Said, CallError> {
        let mut outcome = self.outcome.clone();
        match outcome.wait_for(Option::is_some).await {
            Ok(said) => said.clone().unwrap_or(Ok(Said::Unknown)),
            // The runtime is shutting down.
            Err(_) => Ok(Said::Unknown),
        }
    }

    /// Whether [`Playing::finished`] would return at once.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }

    /// Stops it; returns how it ended, which may have been before.
    pub async fn stop(&self) -> Result<Said, CallError> {
        self.control.is_stopped.store(true, Ordering::Relaxed);
        self.session.change(|_| ());
        self.finished().await
    }

    /// Pauses at the current position.
    pub async fn pause(&self) -> Result<bool, CallError> {
        self.request(ControlOperation::Pause).await
    }

    /// Goes on after [`Playing::pause`].
    pub async fn resume(&self) -> Result<bool, CallError> {
        self.request(ControlOperation::Unpause).await
    }

    /// Skips ahead, as far as [`Say::skip`](crate::Say::skip) says. If less than that is left, it skips to that far before
    /// the end instead, as Asterisk does.
    pub async fn forward(&self) -> Result<bool, CallError> {
        self.request(ControlOperation::Forward).await
    }

    /// Skips back, as far as [`Say::skip`](crate::Say::skip) says.
    pub async fn reverse(&self) -> Result<bool, CallError> {
        self.request(ControlOperation::Reverse).await
    }

    /// Begins the current medium again.
    pub async fn restart(&self) -> Result<bool, CallError> {
        self.request(ControlOperation::Restart).await
    }

    /// Lets it go on without a handle, until its end or that of the call.
    pub fn detach(mut self) {
        self.is_detached = true;
    }

    async fn request(&self, operation: ControlOperation) -> Result<bool, CallError> {
        let session = &self.session;
        let mut over = None;
        loop {
            let current = session.wait(|state| {
                if self.is_over() {
                    return Some(None);
                }
                let current = self.control.current().filter(|id| Some(id) != over.as_ref());
                current.filter(|id| is_started(state, id)).map(Some)
            });
            let Some(id) = timeout(BEGIN, current).await.ok().transpose()?.flatten() else {
                return session.check().map(|()| false);
            };
            match session.context.ari.playback(&*id).control(operation.clone()).await {
                Ok(()) => return Ok(true),
                // The next one may be about to begin.
                Err(error) if error.is_not_found() => over = Some(id),
                Err(error) => return refused(session.explain(error).await),
            }
        }
    }
}

/// What it means that a playback or recording cannot be controlled: nothing, unless the call has ended.
pub(super) fn refused(error: CallError) -> Result<bool, CallError> {
    match error {
        CallError::Ari(error) if matches!(error.status(), Some(409 | 500)) => Ok(false),
        error => Err(error),
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if !self.is_detached {
            // The playback stops when it is dropped.
            self.driver.abort();
        }
    }
}

impl std::fmt::Debug for Playing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Playing").field("outcome", &*self.outcome.borrow()).finish_non_exhaustive()
    }
}
