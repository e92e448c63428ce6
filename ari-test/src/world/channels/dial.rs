//! Outgoing calls, until they are answered or fail.

use std::time::Duration;

use super::super::World;
use super::super::agenda::JobId;
use super::super::events::{Event, Topic};
use super::super::order::{FAR_FIRST, STEP, step};
use super::hangup::{Hangup, NORMAL};
use super::{Channel, Location, Place, State};

/// A channel that is being dialled.
#[derive(Debug, Clone)]
pub(in super::super) struct Dialling {
    pub(super) caller: Option<String>,
    pub(super) dialstring: String,
    pub(super) then: Then,
    pub(super) timer: Option<JobId>,
    is_announced: bool,
}

/// Where a dialled channel goes when it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Then {
    Stasis {
        app: String,
        args: Vec<String>,
    },
    Dialplan(Location),
    /// It stays in its application.
    Stay,
}

/// What a failed call is called in its event.
pub(super) fn status(cause: u32) -> &'static str {
    match cause {
        17 => "BUSY",
        18 | 19 => "NOANSWER",
        21 | 34 | 38 | 41 | 42 => "CONGESTION",
        _ => "CHANUNAVAIL",
    }
}

impl World {
    /// Calls the other end of a channel.
    pub(super) fn dial(&mut self, id: &str, caller: Option<&str>, timeout: Option<Duration>, then: Then) {
        let delay = step(0);
        let timer = timeout.map(|timeout| {
            let id = id.to_owned();
            self.after(delay + timeout, move |world| world.not_answered(&id))
        });
        let Some(channel) = self.channels.get_mut(id) else { return };
        let dialstring = channel.dialled.clone();
        channel.dial =
            Some(Dialling { caller: caller.map(str::to_owned), dialstring, then, timer, is_announced: false });
        let (is_kept, peer) = (matches!(&channel.dial, Some(dial) if dial.then == Then::Stay), channel.peer.clone());
        let exten = peer.and_then(|peer| self.channels.get(&peer)).map(|peer| peer.location.exten.clone());
        if !is_kept && exten.is_some_and(|exten| !self.dialplan.has(&exten)) {
            let id = id.to_owned();
            self.after(delay, move |world| world.end_unreachable(&id));
            return;
        }
        // The other end starts in another thread, and may be faster.
        let far = if self.happens(FAR_FIRST) { delay } else { delay + STEP };
        let (announced, begun) = (id.to_owned(), id.to_owned());
        self.after(far, move |world| world.begin_far(&begun));
        self.after(delay, move |world| world.announce_dial(&announced));
    }

    /// Sends the first event of a dialled channel, before any other.
    fn announce_dial(&mut self, id: &str) {
        let dial = self.channels.get_mut(id).and_then(|channel| channel.dial.as_mut());
        if let Some(dial) = dial.filter(|dial| !dial.is_announced) {
            dial.is_announced = true;
            self.dialling_event(id, "");
        }
    }

    /// Sends the event of a dialled channel.
    pub(super) fn dialling_event(&mut self, id: &str, status: &str) {
        if let Some(dial) = self.channels.get(id).and_then(|channel| channel.dial.clone()) {
            self.dial_event(id, &dial, status);
        }
    }

    pub(super) fn dial_event(&mut self, id: &str, dial: &Dialling, status: &str) {
        let topic = Topic::Dial(id, dial.caller.as_deref());
        let Some(peer) = self.channels.get(id).filter(|_| self.is_wanted(topic)) else { return };
        let caller = dial.caller.as_ref().and_then(|caller| self.channels.get(caller));
        let model = caller.map(|caller| self.channel_model(caller));
        // A channel that was created before has it only in the first of its events.
        let has_dialstring = dial.then != Then::Stay || status.is_empty();
        let dialstring = if has_dialstring { dial.dialstring.as_str() } else { "" };
        let event = Event::new("Dial").with("dialstatus", status).with("forward", "").with("dialstring", dialstring);
        let event = event.with_some("caller", model.as_ref()).with("peer", &self.channel_model(peer));
        self.emit(topic, &event);
    }

    pub(super) fn stop_dialling(&mut self, id: &str) -> Option<Dialling> {
        let dial = self.channels.get_mut(id)?.dial.take()?;
        self.cancel(dial.timer);
        Some(dial)
    }

    /// The other end rings.
    pub(in super::super) fn rings(&mut self, id: &str) {
        self.announce_dial(id);
        if self.channels.get(id).is_some_and(|channel| channel.dial.is_some()) {
            self.set_state(id, State::Ringing);
            self.dialling_event(id, "RINGING");
        }
    }

    /// The other end sends early media.
    pub(in super::super) fn progresses(&mut self, id: &str) {
        self.announce_dial(id);
        self.dialling_event(id, "PROGRESS");
        // To people alone: through Local channels it might go around in circles.
        for caller in self.others_in_bridge(id) {
            if self.channels.get(&caller).is_some_and(|channel| channel.peer.is_none()) {
                self.indicate_progress(&caller);
            }
        }
    }

    /// The other end answers.
    pub(in super::super) fn answered(&mut self, id: &str) {
        self.announce_dial(id);
        let Some(dial) = self.stop_dialling(id) else { return };
        self.set_state(id, State::Up);
        let id = id.to_owned();
        self.after(STEP, move |world| world.connected(&id, dial));
    }

    pub(super) fn connected(&mut self, id: &str, dial: Dialling) {
        if self.channels.get(id).is_none_or(|channel| channel.is_hanging_up) {
            return;
        }
        self.dial_event(id, &dial, "ANSWER");
        let id = id.to_owned();
        match dial.then {
            Then::Stay => {}
            Then::Stasis { app, args } => {
                self.after(STEP, move |world| {
                    let is_there = world.channels.get(&id).is_some_and(|channel| !channel.is_hanging_up);
                    if is_there && !world.enter_stasis(&id, &app, &args) {
                        world.destroy(&id, NORMAL);
                    }
                });
            }
            Then::Dialplan(location) => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel.place = Place::Dialplan;
                    channel.location = location;
                }
                self.after(STEP, move |world| world.run_dialplan(&id));
            }
        }
    }

    /// Nobody has answered in time.
    fn not_answered(&mut self, id: &str) {
        if self.channels.get(id).and_then(Channel::stasis).is_some() {
            self.hang_up(id, Hangup::Soft(19));
        } else {
            self.stop_dialling(id);
            self.destroy(id, if self.traits.has_timeout_cause { 19 } else { 0 });
        }
    }

    /// The other end is busy, or cannot be reached.
    pub(in super::super) fn refused(&mut self, id: &str, cause: u32) {
        let is_controlled = self.channels.get(id).and_then(Channel::stasis).is_some();
        self.announce_dial(id);
        let Some(dial) = self.stop_dialling(id) else { return };
        self.dial_event(id, &dial, status(cause));
        if is_controlled {
            // The application has to hang it up.
            if let Some(channel) = self.channels.get_mut(id) {
                channel.refused = Some(19);
            }
        } else {
            let is_local = self.channels.get(id).is_some_and(Channel::is_local);
            self.destroy(id, if is_local { 0 } else { cause });
        }
    }
}
