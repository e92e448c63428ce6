use std::future::IntoFuture;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ari_bindings::Error;
use ari_bindings::handles::LiveRecordingHandle;
use ari_bindings::values::{IfExists, LiveRecordingState};
use tokio::time::timeout;

use super::playing::{BEGIN, refused};
use super::record::{Record, Recorded, Stopped};
use crate::context::{Pending, recording_key};
use crate::error::CallError;
use crate::progress::{self, Progress, RecordingEnd};
use crate::reconcile::reconcile_recording;
use crate::session::Session;
use crate::state::State;

/// How long Asterisk may take to report the end of a recording that is over.
const END_REPORT: Duration = Duration::from_secs(5);

/// A recording under way; see [`Record::start`].
///
/// Dropping it ends the recording, unless it is [detached](Recording::detach). The file is kept.
///
/// The requests to pause and mute return whether the recording was under way: not if it has ended, or has not begun for
/// 2 s because something is being played first.
#[must_use = "dropping it ends the recording"]
pub struct Recording {
    session: Arc<Session>,
    name: Box<str>,
    pending: Pending,
    max: Duration,
    is_stopped: AtomicBool,
    is_detached: bool,
    /// What was known at its end, once that was asked for.
    over: OnceLock<progress::Recording>,
    /// How often it was resumed, which may make it longer than its greatest length.
    resumed: AtomicUsize,
}

impl Recording {
    /// Returns when Asterisk has accepted it.
    pub(super) async fn start(session: &Arc<Session>, options: &Record<'_>) -> Result<Self, CallError> {
        session.check()?;
        session.out_of_bridges().await;
        let name: Box<str> = options.name.as_str().into();
        if !session.context.route_if_vacant(recording_key(&name), session) {
            let reason = format!("{name:?}: a recording of this name is under way");
            return Err(CallError::invalid("name", reason));
        }
        session.change(|state| state.media.recordings.push(progress::Recording::new(name.clone(), options.until)));
        let recording = Self {
            session: Arc::clone(session),
            name,
            pending: Pending::default(),
            max: options.max,
            is_stopped: AtomicBool::new(false),
            is_detached: false,
            over: OnceLock::new(),
            resumed: AtomicUsize::new(0),
        };
        match session.context.send(&recording.pending, request(session, options).into_future()).await {
            Ok(_) => {
                session.change(|state| state.media.recording_mut(&recording.name).map(|known| known.progress.accept()));
                Ok(recording)
            }
            Err(error) => {
                if !error.maybe_executed() {
                    let end = RecordingEnd::Failed { cause: "refused".into() };
                    session.change(|state| state.media.recording_ended(&recording.name, end));
                }
                Err(session.explain(error).await)
            }
        }
    }

    /// Waits until it has ended; returns how. If the caller hangs up, that is the outcome.
    pub async fn finished(&self) -> Result<Recorded, CallError> {
        let Some(mut known) = self.ended().await? else { return Err(self.failed("Asterisk has reported no end")) };
        let is_explained = known.is_key_pressed || self.is_stopped.load(Ordering::Relaxed) || self.over.get().is_some();
        if !is_explained {
            // The event that the call has ended may come after that of the recording.
            known.has_hung_up |= self.session.hangs_up_after(known.over).await;
        }
        if self.over.set(known.clone()).is_ok() {
            self.forget();
        }
        let (duration, talking) = match known.progress {
            Progress::Over(RecordingEnd::Failed { cause }) => {
                self.session.check()?;
                return Err(self.failed(cause));
            }
            Progress::Over(RecordingEnd::Finished { duration, talking }) => (duration, talking),
            _ => (None, None),
        };
        let stopped = match (known.until, known.progress) {
            (_, Progress::Over(RecordingEnd::Unknown)) => Stopped::Unknown,
            (Some(key), _) if known.is_key_pressed => Stopped::Key(key),
            _ if known.has_hung_up => Stopped::HungUp,
            _ if self.is_stopped.load(Ordering::Relaxed) => Stopped::Requested,
            _ => Stopped::Limit,
        };
        Ok(Recorded { name: self.name.to_string(), stopped, duration, talking })
    }

    /// Ends the recording; returns how it ended, which may have been before.
    pub async fn stop(&self) -> Result<Recorded, CallError> {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.send(LiveRecordingHandle::stop).await?;
        self.finished().await
    }

    /// Leaves out what follows until [`Recording::resume`]. The greatest length does not include pauses.
    pub async fn pause(&self) -> Result<bool, CallError> {
        self.request(LiveRecordingHandle::pause).await
    }

    /// Goes on after [`Recording::pause`].
    pub async fn resume(&self) -> Result<bool, CallError> {
        self.resumed.fetch_add(1, Ordering::Relaxed);
        self.request(LiveRecordingHandle::unpause).await
    }

    /// Records silence until [`Recording::unmute`].
    pub async fn mute(&self) -> Result<bool, CallError> {
        self.request(LiveRecordingHandle::mute).await
    }

    /// Goes on after [`Recording::mute`].
    pub async fn unmute(&self) -> Result<bool, CallError> {
        self.request(LiveRecordingHandle::unmute).await
    }

    /// Lets it go on without a handle, until its end or that of the call.
    pub fn detach(mut self) {
        self.is_detached = true;
    }

    async fn request<Reply>(&self, request: impl FnOnce(&LiveRecordingHandle) -> Reply) -> Result<bool, CallError>
    where
        Reply: IntoFuture<Output = Result<(), Error>>,
    {
        let has_begun = |state: &State| {
            let known = self.known(state)?;
            (known.progress != Progress::Accepted).then(|| known.progress.is_started())
        };
        match timeout(BEGIN, self.session.wait(has_begun)).await.ok().transpose()? {
            Some(true) => self.send(request).await,
            _ => Ok(false),
        }
    }

    async fn send<Reply>(&self, request: impl FnOnce(&LiveRecordingHandle) -> Reply) -> Result<bool, CallError>
    where
        Reply: IntoFuture<Output = Result<(), Error>>,
    {
        let session = &self.session;
        let handle = session.context.ari.live_recording(&*self.name);
        match request(&handle).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => refused(session.explain(error).await),
        }
    }

    /// What is known at its end; `None` if Asterisk reports none in time.
    async fn ended(&self) -> Result<Option<progress::Recording>, CallError> {
        let session = &self.session;
        let limit = self.max.saturating_add(END_REPORT).saturating_add(END_REPORT);
        let over = |state: &State| self.known(state).filter(|known| known.progress.ended().is_some());
        loop {
            let is_started = session.read(|state| self.known(state).is_some_and(|known| known.progress.is_started()));
            let resumed = self.resumed.load(Ordering::Relaxed);
            // The recording of a caller who hangs up ends, too, and its outcome is what the handler waits for.
            let ended =
                session.wait_for(limit, |state| over(state).map(Some).or_else(|| state.end.is_some().then_some(None)));
            match ended.await {
                Some(Some(known)) => return Ok(Some(known)),
                Some(None) => {
                    let known = session.wait_for(END_REPORT, over).await;
                    return known.map_or_else(|| session.check().map(|()| None), |known| Ok(Some(known)));
                }
                None => {}
            }
            let state = reconcile_recording(session, &self.name).await;
            let may_go_on = !is_started || resumed != self.resumed.load(Ordering::Relaxed);
            if state == Some(LiveRecordingState::Recording) && !may_go_on {
                return Ok(None);
            }
        }
    }

    fn known(&self, state: &State) -> Option<progress::Recording> {
        self.over.get().or_else(|| state.media.recording(&self.name)).cloned()
    }

    /// Gives the name free for another recording.
    fn forget(&self) {
        self.session.change(|state| state.media.recordings.retain(|known| known.name != self.name));
        self.session.context.unroute(&recording_key(&self.name), &self.session);
    }

    fn failed(&self, cause: impl Into<Box<str>>) -> CallError {
        CallError::Recording { name: self.name.clone(), cause: cause.into() }
    }
}

fn request(session: &Session, options: &Record<'_>) -> ari_bindings::operations::channels::Record {
    let mut request = session.channel().record(&*options.name, &*options.format).beep(options.beep);
    request = request.max_duration_seconds(seconds(options.max));
    if let Some(silence) = options.silence {
        request = request.max_silence_seconds(seconds(silence));
    }
    if let Some(key) = options.until {
        request = request.terminate_on(key.to_string().as_str());
    }
    if options.overwrite { request.if_exists(IfExists::Overwrite) } else { request }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.over.get().is_some() {
            return;
        }
        let is_over = self.session.read(|state| {
            let is_over = self.known(state).is_none_or(|known| known.progress.ended().is_some());
            is_over || self.is_detached || state.end.is_some() || state.detached
        });
        self.forget();
        let context = &self.session.context;
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

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("name", &self.name).finish_non_exhaustive()
    }
}
