//! What is known of one call.

use std::collections::VecDeque;
use std::time::Instant;

use ari_bindings::{Event, events};

use crate::error::{End, EndReason};
use crate::progress::Media;

pub(crate) use crate::legs::{Early, Leg, LegStatus, Refusal};

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
    pub(crate) media: Media,
    /// The legs that exist or that a handle refers to.
    pub(crate) legs: Vec<Leg>,
    /// How many legs were ever dialled.
    pub(crate) dialled: usize,
    pub(crate) bridges: Vec<Bridge>,
    /// The bridge that the caller's channel has entered and not left.
    pub(crate) inside: Option<Box<str>>,
    /// The media that the caller is connected with, by the tokens of their channels.
    #[cfg(feature = "media")]
    pub(crate) connected_media: Vec<(Box<str>, ari_media::MediaWatch)>,
    /// Whether the handler has given the call away, or another process has, so that nothing is torn down.
    pub(crate) detached: bool,
    /// Whether it counts among the calls that a handler has.
    #[cfg(feature = "metrics")]
    pub(crate) is_counted: bool,
    pub(crate) transfers: Transfers,
    /// The channels of phones that have transferred their party, and have not hung up yet.
    pub(crate) replaced: Vec<Box<str>>,
}

/// What is done about the transfers that the call's phones ask for.
#[derive(Default)]
pub(crate) enum Transfers {
    /// Asterisk performs them, or the program by its own keys.
    #[default]
    Ignored,
    /// They are refused.
    Refused,
    /// A verb waits for one.
    Awaited,
    /// One that the verb is about to take.
    Requested(Box<events::ChannelTransfer>),
}

/// A bridge of the call.
pub(crate) struct Bridge {
    pub(crate) id: Box<str>,
    /// Whether it was destroyed or one of the call's channels has left it.
    pub(crate) is_disturbed: bool,
    pub(crate) parties: Parties,
    /// The legs that are meant to be in it, by their tokens.
    pub(crate) legs: Vec<Box<str>>,
    /// Whether it is about to be destroyed.
    pub(crate) is_ending: bool,
}

/// Who is in a bridge.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parties {
    /// The caller and what belongs to the call.
    Caller,
    /// Legs of the call alone.
    Legs,
    /// Other calls, too, so that it does not end with this one.
    Calls,
}

impl Bridge {
    pub(crate) fn new(id: Box<str>, parties: Parties) -> Self {
        Self { id, parties, legs: Vec::new(), is_disturbed: false, is_ending: false }
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
            media: Media::default(),
            legs: Vec::new(),
            dialled: 0,
            bridges: Vec::new(),
            inside: None,
            #[cfg(feature = "media")]
            connected_media: Vec::new(),
            detached: false,
            #[cfg(feature = "metrics")]
            is_counted: false,
            transfers: Transfers::default(),
            replaced: Vec::new(),
        }
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::StasisStart(start) => {
                if let Some(leg) = self.leg_mut(start.channel.id.as_str()) {
                    leg.entered();
                }
            }
            // The event with the cause follows.
            Event::StasisEnd(end) if self.leg_mut(end.channel.id.as_str()).is_some_and(|leg| leg.rings()) => {}
            Event::StasisEnd(end) => self.channel_ended(end.channel.id.as_str(), EndReason::Left, None),
            Event::ChannelHangupRequest(request) => {
                // The cause of a soft request is a fixed number; `ChannelDestroyed` has the real one.
                let cause = request.cause.filter(|cause| *cause != 0 && request.soft != Some(true));
                let channel = request.channel.id.as_str();
                // A leg that rings ends with the cause that says why it was not answered.
                if !self.leg_mut(channel).is_some_and(|leg| leg.rings()) {
                    self.channel_ended(channel, EndReason::HungUp, cause);
                }
            }
            Event::ChannelDestroyed(gone) => {
                self.replaced.retain(|channel| **channel != *gone.channel.id.as_str());
                self.channel_ended(gone.channel.id.as_str(), EndReason::HungUp, Some(gone.cause));
            }
            Event::ChannelStateChange(change) if change.channel.state.as_str() == "Up" => {
                self.channel_answered(change.channel.id.as_str());
            }
            Event::Dial(dial) => self.dialled(dial),
            Event::ChannelDtmfReceived(dtmf) => {
                if let Some(key) = dtmf.digit.chars().next() {
                    self.pressed(dtmf.channel.id.as_str(), key);
                }
            }
            Event::ChannelEnteredBridge(entered) => {
                if entered.channel.as_ref().is_some_and(|channel| *self.channel == *channel.id.as_str()) {
                    self.inside = Some(entered.bridge.id.as_str().into());
                }
            }
            Event::ChannelLeftBridge(left) => self.left(left.channel.id.as_str(), left.bridge.id.as_str()),
            Event::BridgeDestroyed(destroyed) => self.disturb(destroyed.bridge.id.as_str()),
            Event::ChannelTransfer(transfer) if transfer.state.is_none() => {
                if let Transfers::Awaited = self.transfers {
                    self.transfers = Transfers::Requested(transfer.clone());
                }
            }
            _ => self.media.apply(event, self.end.is_some()),
        }
    }

    fn channel_answered(&mut self, channel: &str) {
        if *self.channel == *channel {
            self.answered.get_or_insert_with(Instant::now);
        } else if let Some(leg) = self.leg_mut(channel).filter(|leg| leg.early.is_some() && leg.rings()) {
            leg.status = LegStatus::Answered;
        }
    }

    fn dialled(&mut self, dial: &events::Dial) {
        let Some(leg) = self.leg_mut(dial.peer.id.as_str()) else { return };
        leg.refusal = match dial.dialstatus.as_str() {
            "BUSY" => Some(Refusal::Busy),
            "CONGESTION" | "CHANUNAVAIL" => Some(Refusal::Congestion),
            _ => leg.refusal,
        };
    }

    fn pressed(&mut self, channel: &str, key: char) {
        let keys = if *self.channel == *channel {
            if self.media.take_key(key) {
                return;
            }
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

    /// Whether a channel is the caller's, or that of a leg, and has not ended.
    pub(crate) fn has(&self, channel: &str) -> bool {
        let is_caller = *self.channel == *channel && self.end.is_none();
        is_caller || self.legs.iter().any(|leg| *leg.channel == *channel && !leg.is_over())
    }

    /// Another channel takes the place of one of the call's: a transfer by the phone.
    pub(crate) fn replace(&mut self, replaced: &str, channel: &str) {
        self.replaced.push(replaced.into());
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

    /// A leg takes the place of the caller, whose channel until now is left to be hung up. Returns whether the leg is up.
    pub(crate) fn promote(&mut self, token: &str) -> bool {
        let Some(leg) = self.leg_by_token(token).filter(|leg| !leg.is_over()) else { return false };
        leg.status = LegStatus::Given;
        let channel = leg.channel.clone();
        self.replaced.push(std::mem::replace(&mut self.channel, channel));
        true
    }

    /// Gives a channel to another call. Returns whether it was one of this call's.
    pub(crate) fn give(&mut self, channel: &str) -> bool {
        if !self.has(channel) {
            return false;
        }
        match self.leg_mut(channel) {
            Some(leg) => leg.status = LegStatus::Given,
            None => self.set_end(End::new(EndReason::Left, None)),
        }
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

    /// The channels that are meant to be in a bridge and have not ended.
    pub(crate) fn members(&self, bridge: &Bridge) -> Vec<Box<str>> {
        let legs = bridge.legs.iter().filter_map(|token| self.leg(token)).filter(|leg| !leg.is_over());
        let caller = (bridge.parties == Parties::Caller && self.end.is_none()).then_some(&self.channel);
        legs.map(|leg| &leg.channel).chain(caller).cloned().collect()
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

    pub(crate) fn bridge_mut(&mut self, id: &str) -> Option<&mut Bridge> {
        self.bridges.iter_mut().find(|known| *known.id == *id)
    }

    fn left(&mut self, channel: &str, bridge: &str) {
        if *self.channel == *channel && self.inside.as_deref() == Some(bridge) {
            self.inside = None;
        }
        if self.has(channel) {
            self.disturb(bridge);
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
}

#[cfg(test)]
mod tests {
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
    fn early_leg_answers_with_its_state_and_ends_with_the_cause() {
        let mut state = State::new("1", None);
        let early = Some(Early::default());
        state.legs.push(Leg { early, ..Leg::new("2".into()) });
        state.legs.push(Leg { early, ..Leg::new("3".into()) });
        let mut start = events::StasisStart::default();
        start.channel.id = "2".into();
        state.apply(&Event::StasisStart(Box::new(start)));
        assert_eq!(
            (state.legs[0].status, state.legs[0].early),
            (LegStatus::Requested, Some(Early { has_entered: true }))
        );
        let mut change = events::ChannelStateChange::default();
        change.channel.id = "2".into();
        change.channel.state = "Up".into();
        state.apply(&Event::ChannelStateChange(Box::new(change)));
        assert_eq!(state.legs[0].status, LegStatus::Answered);
        let mut end = events::StasisEnd::default();
        end.channel.id = "3".into();
        state.apply(&Event::StasisEnd(Box::new(end)));
        assert!(!state.legs[1].is_over());
        state.apply(&destroyed("3", 21));
        assert_eq!(state.legs[1].status, LegStatus::Ended { cause: Some(21) });
    }

    #[test]
    fn promoted_leg_leaves_the_old_channel_to_the_end_of_the_call() {
        let mut state = State::new("1", None);
        assert!(!state.promote("2"));
        state.legs.push(Leg::new("2".into()));
        assert!(state.promote("2"));
        assert_eq!((&*state.channel, &*state.replaced), ("2", &["1".into()][..]));
        state.apply(&destroyed("1", 16));
        assert!(state.replaced.is_empty() && state.end.is_none());
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
