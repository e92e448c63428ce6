//! What is known of one call: written by the dispatcher, awaited by the verbs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Error, Event};
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use crate::context::Context;
use crate::error::{CallError, End, EndReason};

/// How many digits a call keeps that no verb has taken.
const MOST_DIGITS: usize = 128;

/// How many events [`Call::events`](crate::Call::events) keeps for a slow reader.
const MOST_EVENTS: usize = 256;

/// How long a refused request waits for the event that explains it: the end of the call.
const PATIENCE: Duration = Duration::from_millis(500);

/// One call. It outlives its channels: after a transfer another channel takes its place.
pub(crate) struct Session {
    pub(crate) context: Arc<Context>,
    /// The id of the first channel, which stays the id of the call.
    pub(crate) id: Box<str>,
    pub(crate) started: Instant,
    state: watch::Sender<State>,
    events: OnceLock<broadcast::Sender<Arc<Event>>>,
    /// Under which keys the context routes events here.
    keys: Mutex<Vec<Box<str>>>,
}

/// The state of a call.
pub(crate) struct State {
    /// The channel that is the caller's now.
    pub(crate) channel: Box<str>,
    pub(crate) answered: Option<Instant>,
    pub(crate) end: Option<End>,
    pub(crate) digits: VecDeque<char>,
    pub(crate) playbacks: Vec<(Box<str>, Progress<PlaybackEnd>)>,
    pub(crate) recordings: Vec<(Box<str>, Progress<RecordingEnd>)>,
    pub(crate) legs: Vec<Leg>,
    pub(crate) bridges: Vec<Box<str>>,
    /// Whether the handler has given the call away, so that nothing is torn down.
    pub(crate) detached: bool,
}

/// How far something has got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress<T> {
    Pending,
    Over(T),
}

/// How a playback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaybackEnd {
    Finished,
    Failed,
}

/// How a recording ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RecordingEnd {
    Finished { duration: Option<i64>, talking: Option<i64> },
    Failed { cause: Box<str> },
}

/// A channel that the call has dialled.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// The id that it was dialled with; a pickup gives it another channel.
    pub(crate) token: Box<str>,
    pub(crate) channel: Box<str>,
    pub(crate) status: LegStatus,
    pub(crate) busy: bool,
}

/// How far a leg has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegStatus {
    Dialling,
    Answered,
    Ended { cause: Option<i64> },
}

impl Leg {
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status, LegStatus::Ended { .. })
    }
}

impl Session {
    pub(crate) fn new(context: Arc<Context>, channel: &str, is_up: bool) -> Arc<Self> {
        let started = Instant::now();
        let state = State {
            channel: channel.into(),
            answered: is_up.then_some(started),
            end: None,
            digits: VecDeque::new(),
            playbacks: Vec::new(),
            recordings: Vec::new(),
            legs: Vec::new(),
            bridges: Vec::new(),
            detached: false,
        };
        let state = watch::Sender::new(state);
        Arc::new(Self { context, id: channel.into(), started, state, events: OnceLock::new(), keys: Mutex::default() })
    }

    pub(crate) fn remember_key(&self, key: Box<str>) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
    }

    pub(crate) fn forget_key(&self, key: &str) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| **known != *key);
    }

    pub(crate) fn take_keys(&self) -> Vec<Box<str>> {
        std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the state.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.borrow())
    }

    /// Changes the state and wakes the verbs that wait for it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut result = None;
        self.state.send_modify(|state| result = Some(change(state)));
        // `send_modify` always runs the closure.
        result.unwrap_or_else(|| unreachable!("the state was changed"))
    }

    /// Waits until `find` returns something.
    ///
    /// Fails once the call has ended; what `find` returns takes precedence.
    pub(crate) async fn wait<T>(&self, mut find: impl FnMut(&State) -> Option<T>) -> Result<T, CallError> {
        let mut changes = self.state.subscribe();
        loop {
            {
                let state = changes.borrow_and_update();
                if let Some(found) = find(&state) {
                    return Ok(found);
                }
                if let Some(end) = &state.end {
                    return Err(CallError::Ended(end.clone()));
                }
            }
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// As [`Session::wait`], whether or not the call has ended, for so long at most.
    pub(crate) async fn wait_for<T>(&self, limit: Duration, mut find: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let mut changes = self.state.subscribe();
        let mut found = None;
        let waited = changes.wait_for(|state| {
            found = find(state);
            found.is_some()
        });
        let _ = timeout(limit, waited).await;
        found
    }

    /// The error that a failed request means for the handler.
    ///
    /// A channel that hangs up makes requests fail before the event says so.
    pub(crate) async fn explain(&self, error: Error) -> CallError {
        let may_be_the_end = matches!(error.status(), Some(404 | 409 | 412 | 422 | 500));
        let limit = if may_be_the_end { PATIENCE } else { Duration::ZERO };
        match self.wait_for(limit, |state| state.end.clone()).await {
            Some(end) => CallError::Ended(end),
            None => CallError::Ari(error),
        }
    }

    /// The caller's channel.
    pub(crate) fn channel(&self) -> ChannelHandle {
        self.read(|state| self.context.ari.channel(&*state.channel))
    }

    /// Fails if the call has ended.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        self.read(|state| state.end.clone()).map_or(Ok(()), |end| Err(CallError::Ended(end)))
    }

    pub(crate) fn end(&self, end: End) {
        self.change(|state| state.end.get_or_insert(end).clone());
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.get_or_init(|| broadcast::channel(MOST_EVENTS).0).subscribe()
    }

    /// Takes in an event of the call.
    pub(crate) fn apply(&self, event: &Event) {
        self.change(|state| state.apply(event, &self.context.app));
        if let Some(events) = self.events.get() {
            // Nobody may be listening any more.
            let _ = events.send(Arc::new(event.clone()));
        }
    }
}

impl State {
    fn apply(&mut self, event: &Event, app: &str) {
        match event {
            Event::StasisStart(start) => {
                if let Some(leg) = self.leg_mut(start.channel.id.as_str()) {
                    leg.status = LegStatus::Answered;
                }
            }
            Event::StasisEnd(end) if end.application.as_str() == app => {
                self.channel_ended(end.channel.id.as_str(), EndReason::Left, None);
            }
            Event::ChannelHangupRequest(request) => {
                self.channel_ended(request.channel.id.as_str(), EndReason::HungUp, request.cause);
            }
            Event::ChannelDestroyed(destroyed) => {
                self.channel_ended(destroyed.channel.id.as_str(), EndReason::HungUp, Some(destroyed.cause));
            }
            Event::ChannelStateChange(change)
                if *change.channel.id.as_str() == *self.channel && change.channel.state.as_str() == "Up" =>
            {
                self.answered.get_or_insert_with(Instant::now);
            }
            Event::Dial(dial) if dial.dialstatus == "BUSY" => {
                if let Some(leg) = self.leg_mut(dial.peer.id.as_str()) {
                    leg.busy = true;
                }
            }
            Event::ChannelDtmfReceived(dtmf) if *dtmf.channel.id.as_str() == *self.channel => {
                if self.digits.len() == MOST_DIGITS {
                    self.digits.pop_front();
                }
                self.digits.extend(dtmf.digit.chars().next());
            }
            Event::PlaybackFinished(finished) => {
                let failed = finished.playback.state.as_str() == "failed";
                let end = if failed { PlaybackEnd::Failed } else { PlaybackEnd::Finished };
                self.playback_ended(finished.playback.id.as_str(), end);
            }
            Event::RecordingFinished(finished) => {
                let recording = &finished.recording;
                let end = RecordingEnd::Finished { duration: recording.duration, talking: recording.talking_duration };
                self.recording_ended(recording.name.as_str(), end);
            }
            Event::RecordingFailed(failed) => {
                let cause = failed.recording.cause.as_deref().unwrap_or("no cause given").into();
                self.recording_ended(failed.recording.name.as_str(), RecordingEnd::Failed { cause });
            }
            _ => {}
        }
    }

    /// Another channel takes the place of one of the call's: a transfer by the phone.
    pub(crate) fn replace(&mut self, replaced: &str, channel: &str) {
        if *self.channel == *replaced {
            self.channel = channel.into();
        } else if let Some(leg) = self.leg_mut(replaced) {
            leg.channel = channel.into();
            leg.status = LegStatus::Answered;
        }
    }

    /// A channel that is not the one dialled answers in its place: a pickup.
    pub(crate) fn pick_up(&mut self, token: &str, channel: &str) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| *leg.token == *token) {
            leg.channel = channel.into();
            leg.status = LegStatus::Answered;
        }
    }

    /// The leg that was dialled with this token.
    pub(crate) fn leg(&self, token: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| *leg.token == *token)
    }

    pub(crate) fn set_leg_status(&mut self, channel: &str, status: LegStatus) {
        if let Some(leg) = self.leg_mut(channel) {
            leg.status = status;
        }
    }

    fn leg_mut(&mut self, channel: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| *leg.channel == *channel)
    }

    fn channel_ended(&mut self, channel: &str, reason: EndReason, cause: Option<i64>) {
        if *self.channel == *channel {
            self.end.get_or_insert(End::new(reason, cause));
        } else if let Some(leg) = self.leg_mut(channel) {
            if !matches!(leg.status, LegStatus::Ended { .. }) {
                leg.status = LegStatus::Ended { cause };
            }
        }
    }

    pub(crate) fn playback_ended(&mut self, id: &str, end: PlaybackEnd) {
        if let Some((_, progress)) = self.playbacks.iter_mut().find(|(known, _)| **known == *id) {
            *progress = Progress::Over(end);
        }
    }

    pub(crate) fn recording_ended(&mut self, name: &str, end: RecordingEnd) {
        if let Some((_, progress)) = self.recordings.iter_mut().find(|(known, _)| **known == *name) {
            *progress = Progress::Over(end);
        }
    }
}
