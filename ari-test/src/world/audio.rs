//! Where sound flows, as far as programs notice it: talk detection and recordings.
//!
//! Nothing is mixed. Whether sound arrives on a channel follows from the state of the server alone, so it is looked up
//! after each change, for those channels on which somebody notices.

use std::collections::BTreeSet;

use super::World;
use super::channels::{Busy, Channel};
use super::events::Event;
use super::sounds::Medium;

/// Which frames of its target a snoop channel reads, or adds to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Directions {
    /// Those that arrive from the target's other end.
    pub(super) incoming: bool,
    /// Those that are sent to it.
    pub(super) outgoing: bool,
}

impl Directions {
    /// `both`, `in`, `out`, or anything else for neither.
    pub(super) fn read(text: &str) -> Self {
        Self { incoming: matches!(text, "both" | "in"), outgoing: matches!(text, "both" | "out") }
    }
}

/// What a snoop channel listens to.
#[derive(Debug, Clone)]
pub(super) struct Snooping {
    pub(super) target: String,
    pub(super) spy: Directions,
    pub(super) whisper: Directions,
}

/// The channels and directions that a search has come through: sound may go around in circles.
type Seen<'a> = BTreeSet<(&'a str, bool)>;

impl World {
    /// Has a channel's sound noticed from now on.
    pub(super) fn notice_sound(&mut self, id: &str) {
        self.noticed.insert(id.to_owned());
    }

    /// Reports the channels on which sound has begun to arrive, or has ended.
    pub(super) fn update_sound(&mut self) {
        if self.noticed.is_empty() {
            return;
        }
        let channels = &self.channels;
        self.noticed.retain(|id| channels.contains_key(id));
        let sounding: Vec<_> = self.noticed.iter().map(|id| (id.clone(), self.has_sound(id))).collect();
        for (id, is_sounding) in sounding {
            if is_sounding { self.talking_started(&id) } else { self.talking_finished(&id) }
        }
    }

    /// Whether sound arrives on a channel.
    pub(super) fn has_sound(&self, id: &str) -> bool {
        self.arrives(id, &mut Seen::new())
    }

    /// Whether the other end of a channel sends sound.
    fn arrives<'a>(&'a self, id: &'a str, seen: &mut Seen<'a>) -> bool {
        let Some(channel) = self.channels.get(id).filter(|_| seen.insert((id, true))) else { return false };
        let is_spied = |seen: &mut Seen<'a>| {
            channel.snooping.as_ref().is_some_and(|Snooping { target, spy, .. }| {
                (spy.incoming && self.arrives(target, seen)) || (spy.outgoing && self.is_sent(target, seen))
            })
        };
        let sounds = channel.talks
            || channel.peer.as_ref().is_some_and(|peer| self.is_sent(peer, seen))
            || is_spied(seen)
            || self.is_whispered(channel, |whisper| whisper.incoming, seen);
        sounds && !channel.muted.incoming
    }

    /// Whether sound is sent to the other end of a channel.
    fn is_sent<'a>(&'a self, id: &'a str, seen: &mut Seen<'a>) -> bool {
        let Some(channel) = self.channels.get(id).filter(|_| seen.insert((id, false))) else { return false };
        let is_echo = channel.app_name == "Echo" && channel.stasis().is_none();
        let playback = match &channel.busy {
            Some(Busy::Playback(playback)) => Some(playback),
            _ => None,
        };
        !channel.muted.outgoing
            && (channel.plays
                || channel.has_moh
                || channel.has_tone
                || playback.is_some_and(|playback| self.is_audible(playback))
                || (is_echo && self.arrives(id, seen))
                || self.sounds_in_bridge(channel, seen)
                || self.is_whispered(channel, |whisper| whisper.outgoing, seen))
    }

    fn sounds_in_bridge<'a>(&'a self, channel: &'a Channel, seen: &mut Seen<'a>) -> bool {
        let Some(bridge) = channel.bridge.as_ref().and_then(|bridge| self.bridges.get(bridge)) else { return false };
        let mut others = bridge.channels.iter().filter(|other| **other != channel.id);
        bridge.has_moh
            || bridge.playing.as_ref().is_some_and(|playback| self.is_audible(playback))
            || (!bridge.is_holding() && others.any(|other| self.arrives(other, seen)))
    }

    fn is_whispered<'a>(
        &'a self,
        channel: &'a Channel,
        whispers: impl Fn(Directions) -> bool,
        seen: &mut Seen<'a>,
    ) -> bool {
        channel.snoops.iter().any(|snoop| {
            let snooping = self.channels.get(snoop).and_then(|snoop| snoop.snooping.as_ref());
            snooping.is_some_and(|snooping| whispers(snooping.whisper)) && self.is_sent(snoop, seen)
        })
    }

    /// Whether a playback that has started makes a sound now.
    fn is_audible(&self, playback: &str) -> bool {
        let uri = self.playbacks.get(playback).and_then(|playback| playback.playing_uri());
        uri.is_some_and(|uri| {
            let is_sound = matches!(self.medium(uri), Medium::Lasts(_) | Medium::Spoken(_) | Medium::Endless);
            is_sound && !uri.starts_with("sound:silence/")
        })
    }

    fn talking_started(&mut self, id: &str) {
        let now = self.clock.now();
        let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.talks_since.is_none()) else { return };
        channel.talks_since = Some(now);
        if channel.detects_talking {
            self.channel_event(id, Event::new("ChannelTalkingStarted"));
        }
        self.talking_changed(id);
    }

    fn talking_finished(&mut self, id: &str) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        let Some(since) = channel.talks_since.take() else { return };
        if channel.detects_talking {
            let millis = u64::try_from(self.clock.since(since).as_millis()).unwrap_or(u64::MAX);
            self.channel_event(id, Event::new("ChannelTalkingFinished").first("duration", &millis));
        }
        self.talking_changed(id);
    }
}
