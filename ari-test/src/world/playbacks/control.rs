//! The operations on playbacks.

use std::time::Duration;

use super::super::order::{STEP, STOP_PLAYBACK, step};
use super::super::sounds::Medium;
use super::super::{Answer, Ticket, World, refuse};
use super::Playback;
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(in super::super) fn playback_requests(
        &mut self,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let id = arguments.text("playbackId").unwrap_or_default();
        Some(match operation {
            "get" => self.playback(id).map(|playback| Some(Reply::json(200, &playback.model()))),
            "stop" => self.stop_playback(id, ticket),
            "control" => self.control_playback(id, arguments.text("operation").unwrap_or_default(), ticket),
            _ => return None,
        })
    }

    fn playback(&self, id: &str) -> Result<&Playback, Reply> {
        self.playbacks.get(id).ok_or_else(|| Reply::message(404, "Playback not found"))
    }

    fn stop_playback(&mut self, id: &str, ticket: Ticket) -> Answer {
        let playback = self.playback(id)?;
        if matches!(playback.state, "queued" | "done") {
            // The event follows when its turn comes.
            if let Some(playback) = self.playbacks.get_mut(id) {
                playback.state = "done";
            }
            return Ok(Some(Reply::empty(204)));
        }
        // Spoken digits go on: the position decides whether Asterisk reports that.
        if let Medium::Spoken(_) = self.medium(&playback.media[playback.index]) {
            let came_after_a_sound = playback.media[..playback.index].iter().any(|uri| uri.starts_with("sound:"));
            let failed = "Could not stop playback";
            return if came_after_a_sound { Ok(Some(Reply::empty(204))) } else { refuse(500, failed) };
        }
        let place = self.place(STOP_PLAYBACK);
        self.reply_after(place, ticket, Reply::empty(204));
        let id = id.to_owned();
        self.after(step(0), move |world| world.finish_playback(&id, "done"));
        Ok(None)
    }

    fn control_playback(&mut self, id: &str, operation: &str, ticket: Ticket) -> Answer {
        let playback = self.playback(id)?;
        let skip = playback.skip;
        match (playback.state, operation) {
            ("queued", "restart") | ("paused", "pause") | ("playing", "unpause") => {}
            ("playing" | "continuing", "pause") => self.pause(id),
            ("paused", "unpause") => {
                let playing = id.to_owned();
                self.after(step(0), move |world| world.unpause(&playing));
                self.reply_after(STEP, ticket, Reply::empty(204));
                return Ok(None);
            }
            ("playing" | "continuing", "restart") => self.seek(id, |_, length| length),
            ("playing" | "continuing", "forward") => self.seek(id, |left, _| left.saturating_sub(skip)),
            ("playing" | "continuing", "reverse") => self.seek(id, |left, length| (left + skip).min(length)),
            _ => return refuse(409, format!("Can only {operation} while media is playing")),
        }
        Ok(Some(Reply::empty(204)))
    }

    fn time_left(&self, id: &str) -> Option<(Duration, Duration)> {
        let playback = self.playbacks.get(id)?;
        let (Medium::Lasts(length) | Medium::Spoken(length)) = self.medium(&playback.media[playback.index]) else {
            return None;
        };
        let (due, _) = playback.timer?;
        Some((due.saturating_duration_since(self.clock.now()), length))
    }

    fn pause(&mut self, id: &str) {
        let left = self.time_left(id).map(|(left, _)| left);
        let Some(playback) = self.playbacks.get_mut(id) else { return };
        playback.state = "paused";
        playback.left = left;
        let timer = playback.timer.take();
        self.cancel(timer);
    }

    fn unpause(&mut self, id: &str) {
        let Some(left) =
            self.playbacks.get(id).filter(|playback| playback.state == "paused").map(|playback| playback.left)
        else {
            return;
        };
        self.playback_event(id, "PlaybackStarted", "playing");
        if let Some(left) = left {
            self.ends_after(id, left);
        }
    }

    /// Changes how much of the medium is left, given what is left and how long it is.
    fn seek(&mut self, id: &str, to: impl FnOnce(Duration, Duration) -> Duration) {
        let Some((left, length)) = self.time_left(id) else { return };
        let timer = self.playbacks.get_mut(id).and_then(|playback| playback.timer.take());
        self.cancel(timer);
        self.ends_after(id, to(left, length));
    }
}
