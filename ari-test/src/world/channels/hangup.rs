//! The end of channels.

use std::time::Duration;

use super::super::World;
use super::super::applications::Kind;
use super::super::events::Event;
use super::super::order::STEP;
use super::{Busy, Place};

/// The cause that every soft hangup has in its event.
const EXPLICIT: u32 = 32;
/// Normal clearing.
pub(in super::super) const NORMAL: u32 = 16;

/// How long a snoop channel takes to see that its target is gone.
const FRAME: Duration = Duration::from_millis(20);

/// Why a channel ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Hangup {
    /// A request, a limit of the application, or the end of the dialplan.
    Soft(u32),
    /// The dialplan's end, whose cause stands in the event.
    Dialplan(u32),
    /// The other end.
    Far(u32),
}

impl World {
    pub(in super::super) fn hang_up(&mut self, id: &str, why: Hangup) {
        let Some(channel) = self.channels.get_mut(id).filter(|channel| !channel.is_hanging_up) else { return };
        channel.is_hanging_up = true;
        let event = Event::new("ChannelHangupRequest");
        let (event, cause) = match why {
            Hangup::Soft(cause) => (event.first("cause", &EXPLICIT).first("soft", &true), cause),
            Hangup::Dialplan(cause) => (event.first("cause", &NORMAL).first("soft", &true), cause),
            Hangup::Far(cause) => (event.first("cause", &cause), cause),
        };
        // A half that is already refusing the call keeps its own cause.
        channel.hangup_cause = match why {
            Hangup::Far(0) => channel.hangup_cause,
            Hangup::Far(_) => channel.refused.unwrap_or(cause),
            Hangup::Soft(_) | Hangup::Dialplan(_) => cause,
        };
        let job = channel.program_job.take();
        self.cancel(job);
        self.channel_event(id, event);
        let dial = self.stop_dialling(id);
        if let (Some(dial), Hangup::Far(cause)) = (&dial, why) {
            self.dial_event(id, dial, super::dial::status(cause));
        }
        let id = id.to_owned();
        self.after(STEP, move |world| world.wind_up(&id));
    }

    /// Ends what the channel is in, as its thread does when it sees the hangup.
    fn wind_up(&mut self, id: &str) {
        self.leave_bridge(id);
        match self.channels.get(id).and_then(|channel| channel.busy.clone()) {
            Some(Busy::Playback(playback)) => self.fail_playback(&playback),
            Some(Busy::Recording(name)) => self.finish_recording(&name),
            Some(Busy::Digits) => self.release(id),
            None => self.pump(id),
        }
        self.end_stasis(id);
        let is_pbx = self.channels.get(id).is_some_and(|channel| channel.place == Place::Dialplan);
        let is_far = self.channels.get(id).is_some_and(|channel| channel.far_hung_up);
        if is_pbx && is_far {
            let event = Event::new("ChannelHangupRequest").first("cause", &NORMAL).first("soft", &true);
            self.channel_event(id, event);
        }
        let Some(channel) = self.channels.get(id) else { return };
        let (cause, is_outgoing) = (channel.hangup_cause, channel.is_outgoing());
        if is_pbx && is_outgoing {
            self.set_status(id, "SUCCESS");
        }
        let id = id.to_owned();
        self.after(STEP, move |world| world.destroy(&id, cause));
    }

    /// Removes a channel, whose other half ends with it.
    pub(in super::super) fn destroy(&mut self, id: &str, cause: u32) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        channel.is_hanging_up = true;
        let (name, data) = channel.idle_app;
        (channel.app_name, channel.app_data) = (name.to_owned(), data.to_owned());
        let (peer, snoops) = (channel.peer.take(), std::mem::take(&mut channel.snoops));
        let job = channel.program_job.take();
        self.cancel(job);
        self.stop_dialling(id);
        if let Some(peer) = &peer {
            self.far_hangs_up(peer, cause);
        }
        let text = cause_text(cause);
        let event = Event::new("ChannelDestroyed").first("cause", &cause).first("cause_txt", text);
        self.channel_event(id, event);
        self.channels.remove(id);
        self.part(id, cause);
        self.forget(Kind::Channel, id);
        for snoop in snoops {
            self.after(FRAME, move |world| world.hang_up(&snoop, Hangup::Soft(NORMAL)));
        }
    }

    /// The other end of a channel is gone.
    pub(crate) fn far_hangs_up(&mut self, id: &str, cause: u32) {
        if let Some(channel) = self.channels.get_mut(id).filter(|channel| !channel.is_hanging_up) {
            channel.far_hung_up = true;
            channel.peer = None;
            self.hang_up(id, Hangup::Far(cause));
        }
    }
}

/// The text of a cause, as Asterisk writes it.
pub(in super::super) fn cause_text(cause: u32) -> &'static str {
    match cause {
        1 => "Unallocated (unassigned) number",
        3 => "No route to destination",
        16 => "Normal Clearing",
        17 => "User busy",
        18 => "No user responding",
        19 => "User alerting, no answer",
        20 => "Subscriber absent",
        21 => "Call Rejected",
        22 => "Number changed",
        26 => "Answered elsewhere",
        27 => "Destination out of order",
        28 => "Invalid number format",
        31 => "Normal, unspecified",
        34 => "Circuit/channel congestion",
        38 => "Network out of order",
        41 => "Temporary failure",
        42 => "Switching equipment congestion",
        58 => "Bearer capability not available",
        63 => "Service or option not available",
        127 => "Interworking, unspecified",
        _ => "Unknown",
    }
}
