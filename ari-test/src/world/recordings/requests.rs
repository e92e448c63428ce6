//! The operations on recordings.

use super::super::order::{STOP_RECORDING, step};
use super::super::{Answer, Ticket, World, refuse};
use super::Live;
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(in super::super) fn recording_requests(
        &mut self,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let name = arguments.text("recordingName").unwrap_or_default();
        Some(match operation {
            "getLive" => self.live(name).map(|live| Some(Reply::json(200, &live.model()))),
            "stop" => self.end_recording(name, false, ticket),
            "cancel" => self.end_recording(name, true, ticket),
            "pause" => self.pause_recording(name, "paused"),
            "unpause" => self.pause_recording(name, "recording"),
            "mute" => self.mute_recording(name, true),
            "unmute" => self.mute_recording(name, false),
            _ => return self.stored_requests(name, operation, arguments).map(|outcome| outcome.map(Some)),
        })
    }

    fn live(&self, name: &str) -> Result<&Live, Reply> {
        self.live.get(name).ok_or_else(|| Reply::message(404, "Recording not found"))
    }

    fn live_in_session(&self, name: &str) -> Result<&Live, Reply> {
        let live = self.live(name)?;
        match live.state {
            "queued" | "canceled" => refuse(409, "Recording not in session"),
            _ => Ok(live),
        }
    }

    fn end_recording(&mut self, name: &str, is_cancelled: bool, ticket: Ticket) -> Answer {
        let state = self.live(name)?.state;
        if state != "queued" {
            self.live_in_session(name)?;
        }
        let Some(live) = self.live.get_mut(name) else { return Ok(Some(Reply::empty(204))) };
        if state == "queued" {
            live.state = "canceled";
            return Ok(Some(Reply::empty(204)));
        }
        live.is_cancelled = is_cancelled;
        let place = self.place(STOP_RECORDING);
        self.reply_after(place, ticket, Reply::empty(204));
        let name = name.to_owned();
        self.after(step(0), move |world| world.finish_recording(&name));
        Ok(None)
    }

    fn mute_recording(&mut self, name: &str, is_muted: bool) -> Answer {
        self.live_in_session(name)?;
        if let Some(live) = self.live.get_mut(name) {
            live.is_muted = is_muted;
        }
        self.count_talk(name);
        Ok(Some(Reply::empty(204)))
    }

    fn pause_recording(&mut self, name: &str, state: &'static str) -> Answer {
        self.live_in_session(name)?;
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(name) else { return Ok(Some(Reply::empty(204))) };
        live.state = state;
        live.recorded = live.length(now);
        live.since = (state == "recording").then_some(now);
        let timer = live.timer.take();
        self.cancel(timer);
        self.count_talk(name);
        if state == "recording" {
            self.limit_recording(name);
        }
        Ok(Some(Reply::empty(204)))
    }
}
