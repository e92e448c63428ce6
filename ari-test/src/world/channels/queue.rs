//! The one command queue of a channel.

use std::fmt;

use super::super::World;
use super::super::dialplan::DtmfTimes;
use super::super::order::step;

type Job = Box<dyn FnOnce(&mut World) + Send>;

/// What a channel in an application does next.
pub(in super::super) enum Command {
    Play(String),
    Record(String),
    Press {
        digits: String,
        times: DtmfTimes,
    },
    /// Anything that takes no time.
    Do(Job),
}

impl Command {
    pub(in super::super) fn run(job: impl FnOnce(&mut World) + Send + 'static) -> Self {
        Self::Do(Box::new(job))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Play(id) => write!(f, "Play({id})"),
            Self::Record(name) => write!(f, "Record({name})"),
            Self::Press { digits, .. } => write!(f, "Press({digits})"),
            Self::Do(_) => f.write_str("Do"),
        }
    }
}

/// What holds the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Busy {
    Playback(String),
    Recording(String),
    Digits,
}

impl World {
    /// Has a channel do something once it has done what it was asked before.
    pub(in super::super) fn enqueue(&mut self, id: &str, command: Command) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        channel.queue.push_back(command);
        if !channel.is_pump_due && channel.busy.is_none() {
            channel.is_pump_due = true;
            let id = id.to_owned();
            self.after(step(0), move |world| world.pump(&id));
        }
    }

    /// Does what is queued, up to something that takes time.
    pub(in super::super) fn pump(&mut self, id: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.is_pump_due = false;
        }
        while let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.busy.is_none()) {
            match channel.queue.pop_front() {
                Some(Command::Play(playback)) => self.start_playback(&playback),
                Some(Command::Record(name)) => self.start_recording(&name),
                Some(Command::Press { digits, times }) => self.press_in_turn(id, &digits, &times),
                Some(Command::Do(job)) => job(self),
                None => break,
            }
        }
        self.leave_if_done(id);
    }

    /// Sends digits, each as long as it takes.
    fn press_in_turn(&mut self, id: &str, digits: &str, times: &DtmfTimes) {
        let time = self.send_digits(id, digits, times);
        if let Some(channel) = self.channels.get_mut(id).filter(|channel| !channel.is_hanging_up) {
            channel.busy = Some(Busy::Digits);
            let id = id.to_owned();
            self.after(time, move |world| {
                if world.channels.get(&id).is_some_and(|channel| channel.busy == Some(Busy::Digits)) {
                    world.release(&id);
                }
            });
        }
    }

    /// Frees the queue of a channel.
    pub(in super::super) fn release(&mut self, id: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.busy = None;
            self.pump(id);
        }
    }
}
