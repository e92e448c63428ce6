//! The other end of a channel: the dialplan of a Local channel, or a person with a phone.

use std::time::Duration;

use super::super::World;
use super::super::dialplan::Program;
use super::super::events::Event;
use super::super::order::STEP;
use super::hangup::{Hangup, NORMAL};
use super::{Endpoint, Place, State};

/// How long the busy tone lasts.
const BUSY: Duration = Duration::from_secs(20);

impl World {
    /// The call arrives at the other end.
    pub(super) fn begin_far(&mut self, id: &str) {
        let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.dial.is_some()) else { return };
        if let Some(peer) = channel.peer.clone() {
            if let Some(peer) = self.channels.get_mut(&peer) {
                if !self.dialplan.has(&peer.location.exten) {
                    self.stop_dialling(id);
                    return self.end_undialled(id);
                }
                peer.place = Place::Dialplan;
            }
            return self.run_dialplan(&peer);
        }
        let program =
            channel.endpoint.clone().and_then(|Endpoint { tech, resource }| self.endpoints.call(&tech, &resource, id));
        if let Some(channel) = self.channels.get_mut(id) {
            channel.program = Some(Program::new(program.unwrap_or_default()));
        }
        self.run_program(id);
    }

    /// An originated channel whose extension does not exist.
    pub(super) fn end_unreachable(&mut self, id: &str) {
        let peer = self.channels.get_mut(id).and_then(|channel| channel.peer.take());
        for half in [Some(id.to_owned()), peer].into_iter().flatten() {
            if let Some(channel) = self.channels.get_mut(&half) {
                channel.peer = None;
            }
            self.destroy(&half, 0);
        }
    }

    /// A dialled channel whose extension does not exist.
    fn end_undialled(&mut self, id: &str) {
        self.end_stasis(id);
        self.destroy(id, NORMAL);
    }

    /// A digit arrives from the other end.
    pub(in super::super) fn receives_digit(&mut self, id: &str, digit: char, duration_ms: u64) {
        if self.channels.get(id).is_none_or(|channel| channel.is_hanging_up) {
            return;
        }
        if let Some(delay) = self.answers_for(id) {
            // `Answer` keeps what arrives for the next application.
            let id = id.to_owned();
            self.after(delay, move |world| world.receives_digit(&id, digit, duration_ms));
            return;
        }
        let event = Event::new("ChannelDtmfReceived").with("digit", &digit).with("duration_ms", &duration_ms);
        self.channel_event(id, event);
        self.digit_ends_recording(id, digit);
        for listener in self.digit_listeners(id) {
            // As long as it takes to press, since two echoes in a bridge never stop.
            let delay = Duration::from_millis(duration_ms.max(1));
            self.after(delay, move |world| world.sends_digit(&listener, digit, duration_ms));
        }
    }

    /// How long the dialplan of a channel still waits in `Answer`.
    fn answers_for(&self, id: &str) -> Option<Duration> {
        let channel = self.channels.get(id)?;
        let answers = channel.place == Place::Dialplan && channel.app_name == "Answer";
        let (due, _) = channel.program_job.filter(|_| answers)?;
        Some(due.saturating_duration_since(self.clock.now()) + STEP)
    }

    /// The channels that pass on a digit which arrives on this one: it comes back as an echo, or reaches the others in
    /// the bridge.
    fn digit_listeners(&self, id: &str) -> Vec<String> {
        let Some(channel) = self.channels.get(id) else { return Vec::new() };
        if channel.place == Place::Dialplan && channel.app_name == "Echo" {
            return vec![id.to_owned()];
        }
        self.others_in_bridge(id)
    }

    /// Sends a digit to the other end.
    pub(in super::super) fn sends_digit(&mut self, id: &str, digit: char, duration_ms: u64) {
        match self.channels.get(id).and_then(|channel| channel.peer.clone()) {
            Some(peer) => self.receives_digit(&peer, digit, duration_ms),
            None => self.hears(id, &format!("dtmf:{digit}")),
        }
    }

    /// The channel is answered from the server's side.
    pub(in super::super) fn answer_channel(&mut self, id: &str) {
        let Some(channel) = self.channels.get(id) else { return };
        if channel.state == State::Up {
            return;
        }
        let peer = channel.peer.clone();
        self.set_state(id, State::Up);
        if let Some(peer) = peer {
            self.answered(&peer);
        }
    }

    /// Tones of a channel that is not answered reach the caller.
    pub(in super::super) fn indicate_ringing(&mut self, id: &str) {
        self.set_tone(id, true);
        match self.channels.get(id).and_then(|channel| channel.peer.clone()) {
            Some(peer) => self.rings(&peer),
            None => self.hears(id, "ringing"),
        }
    }

    pub(super) fn set_tone(&mut self, id: &str, has_tone: bool) {
        if let Some(channel) = self.channels.get_mut(id) {
            // Of one that is not answered, the caller's telephone makes the tone.
            channel.has_tone = has_tone && channel.state == State::Up;
        }
    }

    pub(in super::super) fn indicate_progress(&mut self, id: &str) {
        match self.channels.get(id).and_then(|channel| channel.peer.clone()) {
            Some(peer) => self.progresses(&peer),
            None if self.is_up(id) => {}
            None => self.hears(id, "progress"),
        }
    }

    pub(in super::super) fn indicate_busy(&mut self, id: &str) {
        let Some(peer) = self.channels.get(id).and_then(|channel| channel.peer.clone()) else {
            return self.hears(id, "busy");
        };
        self.set_state(id, State::Busy);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.hangup_cause = 17;
        }
        self.refused(&peer, 17);
        let busy = id.to_owned();
        let job = self.after(BUSY, move |world| world.hang_up(&busy, Hangup::Dialplan(17)));
        match self.channels.get_mut(id) {
            Some(channel) => channel.program_job = Some(job),
            None => self.cancel(Some(job)),
        }
    }
}
