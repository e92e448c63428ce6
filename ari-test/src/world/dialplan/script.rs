//! What the person at the other end of a channel does.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::World;

/// One thing that a person with a phone does, or their phone does for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    Wait(Duration),
    Ring,
    /// Early media.
    Progress,
    Answer,
    /// Does not take the call: 17 is busy, 21 declined.
    Refuse(u32),
    Press(String),
    Talk(Duration),
    Hold,
    Resume,
    /// Transfers the other party to an extension.
    Transfer(String),
    HangUp,
}

/// What is left to do.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Program(VecDeque<Act>);

impl Program {
    pub(in super::super) fn new(acts: Vec<Act>) -> Self {
        Self(acts.into())
    }
}

impl World {
    /// Does what the program of a channel's other end says, up to the next wait.
    pub(in super::super) fn run_program(&mut self, id: &str) {
        while let Some(act) = self.next_act(id) {
            let wait = match act {
                Act::Wait(time) => Some(time),
                Act::Press(digits) => Some(self.presses(id, &digits)),
                Act::Talk(time) => {
                    self.talks(id, time);
                    Some(time)
                }
                act => {
                    self.act(id, act);
                    None
                }
            };
            if let Some(wait) = wait {
                return self.run_program_after(id, wait);
            }
        }
    }

    /// Does what takes no time.
    fn act(&mut self, id: &str, act: Act) {
        match act {
            Act::Ring => self.rings(id),
            Act::Progress => self.progresses(id),
            Act::Answer => self.picks_up(id),
            Act::Refuse(cause) => self.turns_down(id, cause),
            Act::Hold => self.holds(id, true),
            Act::Resume => self.holds(id, false),
            Act::Transfer(exten) => drop(self.transfers_blind(id, &exten)),
            Act::HangUp => {
                self.acts(id, "hangs up");
                self.far_hangs_up(id, super::super::channels::NORMAL);
            }
            Act::Wait(_) | Act::Press(_) | Act::Talk(_) => {}
        }
    }

    fn next_act(&mut self, id: &str) -> Option<Act> {
        self.channels.get_mut(id)?.program.as_mut()?.0.pop_front()
    }

    fn run_program_after(&mut self, id: &str, delay: Duration) {
        let next = id.to_owned();
        let job = self.after(delay, move |world| world.run_program(&next));
        if let Some(channel) = self.channels.get_mut(id) {
            channel.program_job = Some(job);
        }
    }

    /// The person presses keys, each for 100 ms with a pause of 100 ms. Returns how long it takes.
    pub(crate) fn presses(&mut self, id: &str, digits: &str) -> Duration {
        self.acts(id, format!("presses {digits}"));
        let mut at = Duration::ZERO;
        for digit in digits.chars() {
            at += Duration::from_millis(100);
            let id = id.to_owned();
            self.after(at, move |world| world.receives_digit(&id, digit, 100));
            at += Duration::from_millis(100);
        }
        at
    }

    /// The person talks for a while.
    pub(crate) fn talks(&mut self, id: &str, time: Duration) {
        self.acts(id, format!("talks for {time:?}"));
        self.set_talking(id, true);
        let id = id.to_owned();
        self.after(time, move |world| world.set_talking(&id, false));
    }

    fn set_talking(&mut self, id: &str, talks: bool) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.talks = talks;
        }
        self.update_sound();
    }
}
