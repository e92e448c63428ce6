//! How far the channel has played, as far as it says so.

use std::time::Duration;

use tokio::time::Instant;

use super::control::Command;
use crate::format::{FRAME, Format};
use crate::pipe::outbox::Mark;

/// How much sound there is between two marks, and how long the channel is not asked at most.
const INTERVAL: Duration = Duration::from_millis(100);

/// Asks the channel for its progress: by marks, or by its status where it has no marks, as in passthrough mode and before
/// 20.18, 22.8 and 23.2.
pub(super) struct Progress {
    format: Format,
    has_marks: bool,
    /// Up to where samples have been sent.
    sent: Option<Mark>,
    /// The last place that was marked.
    marked: Option<Mark>,
    /// The last place when the channel was asked for its status, until it answers.
    asked: Option<Mark>,
    due: Option<Instant>,
}

impl Progress {
    pub(super) fn new(format: Format, has_marks: bool) -> Self {
        Self { format, has_marks, sent: None, marked: None, asked: None, due: None }
    }

    /// Notes that samples were sent. Returns the command to send behind them.
    pub(super) fn sent(&mut self, mark: Mark) -> Option<Command> {
        self.sent = Some(mark);
        self.due.get_or_insert_with(|| Instant::now() + INTERVAL);
        let marked = self.marked.filter(|marked| marked.cuts == mark.cuts).map_or(0, |marked| marked.position);
        let is_far = self.format.duration(mark.position.saturating_sub(marked)) >= INTERVAL;
        if is_far && self.has_marks { self.mark(mark) } else { None }
    }

    /// Returns the command to send when a sound has been sent to its end.
    pub(super) fn complete(&mut self, end: Mark) -> Option<Command> {
        if self.has_marks { self.mark(end) } else { None }
    }

    /// When to ask.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns the command to send when it is time to ask.
    pub(super) fn ask(&mut self) -> Option<Command> {
        self.due = None;
        let sent = self.sent?;
        if self.has_marks {
            return self.mark(sent);
        }
        if self.asked.is_some() {
            return None;
        }
        self.asked = Some(sent);
        Some(Command::GetStatus)
    }

    /// Takes in how many frames wait in the channel. Returns how far it has played.
    pub(super) fn status(&mut self, frames: usize) -> Option<Mark> {
        let asked = self.asked.take()?;
        let waiting = (frames as u64).saturating_mul(self.format.frame_samples() as u64);
        if frames > 0 || self.sent != Some(asked) {
            // A short queue must not run out before it is known to be short.
            let half = FRAME.saturating_mul(u32::try_from(frames).unwrap_or(u32::MAX)) / 2;
            self.due = Some(Instant::now() + half.clamp(FRAME, INTERVAL));
        }
        Some(Mark { cuts: asked.cuts, position: asked.position.saturating_sub(waiting) })
    }

    /// The channel knows marks.
    pub(super) fn use_marks(&mut self) {
        self.has_marks = true;
    }

    fn mark(&mut self, mark: Mark) -> Option<Command> {
        if self.marked == Some(mark) {
            return None;
        }
        (self.marked, self.due) = (Some(mark), None);
        Some(Command::MarkMedia(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: u64) -> Mark {
        Mark { cuts: 0, position }
    }

    #[tokio::test(start_paused = true)]
    async fn marks_are_100_ms_apart_and_at_the_end() {
        let mut progress = Progress::new(Format::SLIN, true);
        assert_eq!(progress.sent(at(160)), None);
        assert_eq!(progress.sent(at(800)), Some(Command::MarkMedia(at(800))));
        assert_eq!((progress.due(), progress.complete(at(800))), (None, None));
        assert_eq!(progress.sent(at(960)), None);
        // A sound that neither goes on nor ends is marked when it is time.
        assert_eq!(progress.due(), Some(Instant::now() + INTERVAL));
        assert_eq!(progress.ask(), Some(Command::MarkMedia(at(960))));
        assert_eq!(progress.ask(), None);
        assert_eq!(progress.sent(at(1_000)), None);
        assert_eq!(progress.complete(at(1_000)), Some(Command::MarkMedia(at(1_000))));
        // A mark from before a cut does not count.
        assert_eq!(
            progress.sent(Mark { cuts: 1, position: 800 }),
            Some(Command::MarkMedia(Mark { cuts: 1, position: 800 }))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn status_takes_the_place_of_marks() {
        let mut progress = Progress::new(Format::SLIN, false);
        assert_eq!((progress.sent(at(8_000)), progress.complete(at(8_000))), (None, None));
        assert_eq!((progress.ask(), progress.ask()), (Some(Command::GetStatus), None));
        progress.sent(at(8_160));
        assert_eq!(progress.status(48), Some(at(320)));
        assert_eq!(progress.due(), Some(Instant::now() + INTERVAL));
        assert_eq!(progress.ask(), Some(Command::GetStatus));
        assert_eq!(progress.status(3), Some(at(7_680)));
        assert_eq!(progress.due(), Some(Instant::now() + FRAME * 3 / 2));
        assert_eq!(progress.ask(), Some(Command::GetStatus));
        assert_eq!(progress.status(0), Some(at(8_160)));
        // Nobody has asked for another one.
        assert_eq!((progress.due(), progress.status(usize::MAX)), (None, None));
    }
}
