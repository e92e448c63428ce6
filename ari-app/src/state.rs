//! What is known of one call.

use std::collections::VecDeque;
use std::time::Instant;

use ari_bindings::Event;

use crate::error::{End, EndReason};

/// How many digits a call keeps that no verb has taken.
const MOST_DIGITS: usize = 128;

/// The Q.850 extension of Asterisk that the dialled channel of a call that was picked up ends with.
const ANSWERED_ELSEWHERE: i64 = 26;

/// The state of a call.
pub(crate) struct State {
    /// The channel that is the caller's now.
    pub(crate) channel: Box<str>,
    pub(crate) answered: Option<Instant>,
    pub(crate) end: Option<End>,
    pub(crate) ended: Option<Instant>,
    pub(crate) digits: VecDeque<char>,
    pub(crate) playbacks: Vec<(Box<str>, Progress<PlaybackEnd>)>,
    pub(crate) recordings: Vec<(Box<str>, Progress<RecordingEnd>)>,
    /// The legs that exist or that a handle refers to.
    pub(crate) legs: Vec<Leg>,
    /// How many legs were ever dialled.
    pub(crate) dialled: usize,
    pub(crate) bridges: Vec<Bridge>,
    /// Whether the handler has given the call away, or another process has, so that nothing is torn down.
    pub(crate) detached: bool,
}

/// How far something has got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress<T> {
    /// The reply to the request is outstanding, so the server need not know it yet.
    Requested,
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

/// A bridge of the call.
pub(crate) struct Bridge {
    pub(crate) id: Box<str>,
    /// Whether it was destroyed or one of the call's channels has left it.
    pub(crate) is_disturbed: bool,
    /// Whether other calls are in it, too, so that it does not end with this one.
    pub(crate) is_shared: bool,
}

impl Bridge {
    pub(crate) fn new(id: Box<str>) -> Self {
        Self { id, is_disturbed: false, is_shared: false }
    }

    pub(crate) fn shared(id: Box<str>) -> Self {
        Self { is_shared: true, ..Self::new(id) }
    }
}

/// A channel that the call has dialled.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    /// The id that it was dialled with; a pickup gives it another channel.
    pub(crate) token: Box<str>,
    pub(crate) channel: Box<str>,
    pub(crate) status: LegStatus,
    pub(crate) busy: bool,
    /// Whether something refers to it, so that it is kept after its end.
    pub(crate) is_held: bool,
    /// What was pressed in a bridge.
    pub(crate) keys: VecDeque<char>,
}

/// How far a leg has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegStatus {
    /// The reply to the request is outstanding.
    Requested,
    Dialling,
    Answered,
    Ended {
        cause: Option<i64>,
    },
}

impl Leg {
    pub(crate) fn new(token: Box<str>) -> Self {
        Self {
            channel: token.clone(),
            token,
            status: LegStatus::Requested,
            busy: false,
            is_held: true,
            keys: VecDeque::new(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status, LegStatus::Ended { .. })
    }

    fn end(&mut self, cause: Option<i64>) {
        match &mut self.status {
            LegStatus::Ended { cause: known } => *known = known.or(cause),
            status => *status = LegStatus::Ended { cause },
        }
    }
}

impl State {
    pub(crate) fn new(channel: &str, answered: Option<Instant>) -> Self {
        Self {
            channel: channel.into(),
            answered,
            end: None,
            ended: None,
            digits: VecDeque::new(),
            playbacks: Vec::new(),
            recordings: Vec::new(),
            legs: Vec::new(),
            dialled: 0,
            bridges: Vec::new(),
            detached: false,
        }
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::StasisStart(start) => {
                if let Some(leg) = self.leg_mut(start.channel.id.as_str()) {
                    leg.status = LegStatus::Answered;
                }
            }
            Event::StasisEnd(end) => self.channel_ended(end.channel.id.as_str(), EndReason::Left, None),
            Event::ChannelHangupRequest(request) => {
                // The cause of a soft request is a fixed number; `ChannelDestroyed` has the real one.
                let cause = request.cause.filter(|cause| *cause != 0 && request.soft != Some(true));
                let channel = request.channel.id.as_str();
                let rings = |leg: &mut Leg| matches!(leg.status, LegStatus::Requested | LegStatus::Dialling);
                // A leg that rings ends with the cause that says why it was not answered.
                if !self.leg_mut(channel).is_some_and(rings) {
                    self.channel_ended(channel, EndReason::HungUp, cause);
                }
            }
            Event::ChannelDestroyed(gone) => {
                self.channel_ended(gone.channel.id.as_str(), EndReason::HungUp, Some(gone.cause));
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
            Event::ChannelDtmfReceived(dtmf) => {
                if let Some(key) = dtmf.digit.chars().next() {
                    self.pressed(dtmf.channel.id.as_str(), key);
                }
            }
            Event::ChannelLeftBridge(left) if self.has(left.channel.id.as_str()) => {
                self.disturb(left.bridge.id.as_str());
            }
            Event::BridgeDestroyed(destroyed) => self.disturb(destroyed.bridge.id.as_str()),
            Event::PlaybackFinished(_) | Event::RecordingFinished(_) | Event::RecordingFailed(_) => {
                self.media_ended(event);
            }
            _ => {}
        }
    }

    fn pressed(&mut self, channel: &str, key: char) {
        let keys = if *self.channel == *channel {
            &mut self.digits
        } else if let Some(leg) = self.leg_mut(channel) {
            &mut leg.keys
        } else {
            return;
        };
        if keys.len() == MOST_DIGITS {
            keys.pop_front();
        }
        keys.push_back(key);
    }

    fn media_ended(&mut self, event: &Event) {
        match event {
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

    /// Whether a channel is the caller's, or that of a leg, and has not ended.
    pub(crate) fn has(&self, channel: &str) -> bool {
        let is_caller = *self.channel == *channel && self.end.is_none();
        is_caller || self.legs.iter().any(|leg| *leg.channel == *channel && !leg.is_over())
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

    /// A channel that is not the one dialled answers in its place: a pickup. Returns whether there is such a leg.
    pub(crate) fn pick_up(&mut self, token: &str, channel: &str) -> bool {
        let Some(leg) = self.legs.iter_mut().find(|leg| *leg.token == *token) else { return false };
        leg.channel = channel.into();
        leg.status = LegStatus::Answered;
        true
    }

    /// The leg that was dialled with this token.
    pub(crate) fn leg(&self, token: &str) -> Option<&Leg> {
        self.legs.iter().find(|leg| *leg.token == *token)
    }

    pub(crate) fn leg_by_token(&mut self, token: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| *leg.token == *token)
    }

    /// The leg that has this channel now.
    pub(crate) fn leg_mut(&mut self, channel: &str) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| *leg.channel == *channel)
    }

    /// Removes the legs that have ended and that nothing refers to.
    pub(crate) fn take_finished_legs(&mut self) -> Vec<Leg> {
        let (over, rest) = std::mem::take(&mut self.legs).into_iter().partition(|leg| leg.is_over() && !leg.is_held);
        self.legs = rest;
        over
    }

    /// Ends the call, unless it has ended. A cause that comes later than the end is filled in.
    pub(crate) fn set_end(&mut self, end: End) {
        match &mut self.end {
            Some(known) if known.reason == EndReason::HungUp => known.cause = known.cause.or(end.cause),
            Some(_) => {}
            None => {
                self.end = Some(end);
                self.ended = Some(Instant::now());
            }
        }
    }

    fn channel_ended(&mut self, channel: &str, reason: EndReason, cause: Option<i64>) {
        if *self.channel == *channel {
            self.set_end(End::new(reason, cause));
        } else if let Some(leg) = self.leg_mut(channel) {
            // The channel that picked it up is about to take its place.
            let is_picked_up = leg.status != LegStatus::Answered && cause == Some(ANSWERED_ELSEWHERE);
            if !is_picked_up {
                leg.end(cause);
            }
        }
    }

    fn disturb(&mut self, bridge: &str) {
        if let Some(bridge) = self.bridges.iter_mut().find(|known| *known.id == *bridge) {
            bridge.is_disturbed = true;
        }
    }

    /// Whether something has happened to a bridge; see [`Bridge::is_disturbed`].
    pub(crate) fn is_disturbed(&self, bridge: &str) -> bool {
        self.bridges.iter().any(|known| *known.id == *bridge && known.is_disturbed)
    }

    /// Notes that what has happened to a bridge is about to be examined.
    pub(crate) fn calm(&mut self, bridge: &str) {
        for known in self.bridges.iter_mut().filter(|known| *known.id == *bridge) {
            known.is_disturbed = false;
        }
    }

    pub(crate) fn playback_mut(&mut self, id: &str) -> Option<&mut Progress<PlaybackEnd>> {
        self.playbacks.iter_mut().find(|(known, _)| **known == *id).map(|(_, progress)| progress)
    }

    pub(crate) fn recording_mut(&mut self, name: &str) -> Option<&mut Progress<RecordingEnd>> {
        self.recordings.iter_mut().find(|(known, _)| **known == *name).map(|(_, progress)| progress)
    }

    pub(crate) fn playback_ended(&mut self, id: &str, end: PlaybackEnd) {
        if let Some(progress) = self.playback_mut(id) {
            *progress = Progress::Over(end);
        }
    }

    pub(crate) fn recording_ended(&mut self, name: &str, end: RecordingEnd) {
        if let Some(progress) = self.recording_mut(name) {
            *progress = Progress::Over(end);
        }
    }
}

impl<T> Progress<T> {
    /// Notes that the reply to the request has come.
    pub(crate) fn acknowledge(&mut self) {
        if matches!(self, Self::Requested) {
            *self = Self::Pending;
        }
    }
}

#[cfg(test)]
mod tests {
    use ari_bindings::events;

    use super::*;

    fn hangup_request(channel: &str, cause: i64, soft: bool) -> Event {
        let mut request = events::ChannelHangupRequest::default();
        request.channel.id = channel.into();
        (request.cause, request.soft) = (Some(cause), Some(soft));
        Event::ChannelHangupRequest(Box::new(request))
    }

    fn destroyed(channel: &str, cause: i64) -> Event {
        let mut destroyed = events::ChannelDestroyed::default();
        destroyed.channel.id = channel.into();
        destroyed.cause = cause;
        Event::ChannelDestroyed(Box::new(destroyed))
    }

    #[test]
    fn cause_of_a_soft_hangup_comes_with_the_destroyed_channel() {
        let mut state = State::new("1", None);
        state.apply(&hangup_request("1", 32, true));
        assert_eq!(state.end, Some(End::new(EndReason::HungUp, None)));
        state.apply(&destroyed("1", 16));
        assert_eq!(state.end, Some(End::new(EndReason::HungUp, Some(16))));
    }

    #[test]
    fn ringing_leg_ends_with_the_destroyed_channel() {
        let mut state = State::new("1", None);
        state.legs.push(Leg::new("2".into()));
        state.apply(&hangup_request("2", 32, true));
        assert!(!state.legs[0].is_over());
        state.apply(&destroyed("2", 19));
        assert_eq!(state.legs[0].status, LegStatus::Ended { cause: Some(19) });
        assert!(state.take_finished_legs().is_empty(), "a handle refers to it");
        state.legs[0].is_held = false;
        assert_eq!(state.take_finished_legs().len(), 1);
    }

    #[test]
    fn leg_that_was_picked_up_waits_for_its_new_channel() {
        let mut state = State::new("1", None);
        state.legs.push(Leg::new("2".into()));
        state.apply(&destroyed("2", ANSWERED_ELSEWHERE));
        assert!(!state.legs[0].is_over());
        assert!(state.pick_up("2", "3"));
        assert_eq!(state.legs[0].status, LegStatus::Answered);
        state.apply(&destroyed("3", ANSWERED_ELSEWHERE));
        assert!(state.legs[0].is_over());
    }
}
