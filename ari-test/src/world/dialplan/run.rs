//! The thread of a channel in the dialplan.

use std::time::Duration;

use super::super::World;
use super::super::channels::{Hangup, NORMAL, Place, State};
use super::App;

/// How long `Answer` waits for the first sound.
const ANSWER: Duration = Duration::from_millis(500);

/// What follows a step of the dialplan.
enum Next {
    After(Duration),
    /// The step lasts until something else ends it.
    Never,
}

impl World {
    /// Does what stands at a channel's place in the dialplan.
    pub(in super::super) fn run_dialplan(&mut self, id: &str) {
        let Some(channel) = self.channels.get_mut(id).filter(|channel| !channel.is_hanging_up) else { return };
        channel.place = Place::Dialplan;
        let location = &channel.location;
        let Some(app) = self.dialplan.step(&location.exten, location.priority) else {
            return self.hang_up(id, Hangup::Dialplan(NORMAL));
        };
        if let App::Goto(priority) = app {
            channel.location.priority = priority;
            return self.run_dialplan(id);
        }
        // A tone goes on behind what waits.
        if let Some(channel) = self.channels.get_mut(id).filter(|_| !matches!(app, App::Wait(_))) {
            channel.plays = matches!(app, App::Playback(..) | App::Tone);
        }
        let (name, data) = app.description();
        self.set_app(id, name, &data);
        if let Next::After(delay) = self.execute_app(id, app) {
            self.continue_after(id, delay);
        }
    }

    /// Goes on with the next priority after a while.
    pub(in super::super) fn continue_after(&mut self, id: &str, delay: Duration) {
        let next = id.to_owned();
        let job = self.after(delay, move |world| {
            if let Some(channel) = world.channels.get_mut(&next) {
                channel.location.priority += 1;
                world.run_dialplan(&next);
            }
        });
        if let Some(channel) = self.channels.get_mut(id) {
            channel.program_job = Some(job);
        }
    }

    fn execute_app(&mut self, id: &str, app: App) -> Next {
        match app {
            App::Answer => {
                let was_up = self.channels.get(id).is_some_and(|channel| channel.state == State::Up);
                self.answer_channel(id);
                return Next::After(if was_up { Duration::ZERO } else { ANSWER });
            }
            App::SendDtmf(digits) => return Next::After(self.send_digits(id, &digits, &DtmfTimes::default())),
            App::Wait(time) => return Next::After(time),
            App::Progress => self.indicate_progress(id),
            App::Ringing => self.indicate_ringing(id),
            App::Busy => {
                self.indicate_busy(id);
                return Next::Never;
            }
            App::Hangup(cause) => {
                self.hang_up(id, Hangup::Dialplan(if cause == 0 { NORMAL } else { cause }));
                return Next::Never;
            }
            App::Playback(file, time) => {
                self.plays(id, file);
                return Next::After(time);
            }
            App::Tone => self.plays(id, "tone"),
            App::Echo => return Next::Never,
            App::Stasis { app, args } => {
                if self.enter_stasis(id, &app, &args) {
                    return Next::Never;
                }
            }
            App::Broadcast { timeout, prefix } => {
                self.broadcast(id, timeout, &prefix);
                return Next::Never;
            }
            App::UserEvent { name, headers } => self.dialplan_user_event(id, &name, &headers),
            App::Pickup(channel) => {
                self.answer_channel(id);
                self.picks_up_after(id, channel);
                return Next::Never;
            }
            App::Goto(_) => {}
        }
        Next::After(Duration::ZERO)
    }

    /// Picks up once the answer has reached the other end, or else goes on.
    fn picks_up_after(&mut self, id: &str, prefix: &'static str) {
        let picker = id.to_owned();
        let job = self.after(ANSWER, move |world| {
            if !world.pick_up(&picker, prefix) {
                world.continue_after(&picker, Duration::ZERO);
            }
        });
        if let Some(channel) = self.channels.get_mut(id) {
            channel.program_job = Some(job);
        }
    }

    fn plays(&mut self, id: &str, file: &str) {
        if self.channels.get(id).is_some_and(|channel| channel.peer.is_none()) {
            self.hears(id, &format!("sound:{}", file.split(',').next().unwrap_or_default()));
        }
    }
}

/// How digits are sent.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct DtmfTimes {
    pub(in super::super) before: Duration,
    pub(in super::super) between: Duration,
    pub(in super::super) duration: Duration,
    pub(in super::super) after: Duration,
}

impl Default for DtmfTimes {
    fn default() -> Self {
        let short = Duration::from_millis(100);
        Self { before: Duration::ZERO, between: short, duration: short, after: Duration::ZERO }
    }
}

impl World {
    /// Sends digits to the other end. Returns how long it takes.
    pub(in super::super) fn send_digits(&mut self, id: &str, digits: &str, times: &DtmfTimes) -> Duration {
        let mut at = times.before;
        let millis = u64::try_from(times.duration.as_millis()).unwrap_or(u64::MAX);
        for digit in digits.chars() {
            at += times.duration;
            let id = id.to_owned();
            self.after(at, move |world| world.sends_digit(&id, digit, millis));
            at += times.between;
        }
        at + times.after
    }
}
