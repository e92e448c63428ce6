//! Requests that a channel in an application carries out.

use std::time::Duration;

use super::super::dialplan::DtmfTimes;
use super::super::order::{DIAL, HANG_UP, STEP};
use super::super::{Answer, Outcome, Ticket, World, refuse};
use super::dial::Then;
use super::hangup::{Hangup, NORMAL};
use super::leave::Leave;
use super::{Command, Location, State, create};
use crate::exchange::Reply;
use crate::surface::Arguments;

const DONE: Answer = Ok(None);

impl World {
    /// Operations that need a channel which is in an application and not down.
    pub(super) fn control(
        &mut self,
        id: &str,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let turn: fn(&mut Self, &str) = match operation {
            "answer" => return Some(self.answer_request(id, ticket)),
            "mute" | "unmute" => return Some(self.mute(id, arguments)),
            "sendDTMF" => return Some(self.dtmf_request(id, arguments)),
            "transfer_progress" => return Some(self.transfer_progress(id, arguments)),
            "ring" => Self::indicate_ringing,
            "progress" => Self::indicate_progress,
            "startMoh" => |world, id| world.hears(id, "moh"),
            "ringStop" | "hold" | "unhold" | "stopMoh" | "startSilence" | "stopSilence" => |_, _| {},
            _ => return None,
        };
        if let Err(refusal) = self.usable(id) {
            return Some(Err(refusal));
        }
        Some(Ok(Some(self.in_turn(id, turn))))
    }

    /// Has a channel do something later, which the reply does not wait for.
    fn in_turn(&mut self, id: &str, job: impl FnOnce(&mut Self, &str) + Send + 'static) -> Reply {
        let channel = id.to_owned();
        self.enqueue(id, Command::run(move |world| job(world, &channel)));
        Reply::empty(204)
    }

    fn answer_request(&mut self, id: &str, ticket: Ticket) -> Answer {
        self.usable(id)?;
        let channel = id.to_owned();
        let job = move |world: &mut Self| {
            world.answer_channel(&channel);
            world.reply_after(STEP / 2, ticket, Reply::empty(204));
        };
        self.enqueue(id, Command::run(job));
        DONE
    }

    fn mute(&mut self, id: &str, arguments: &Arguments) -> Answer {
        self.usable(id)?;
        // Declared as optional, and required.
        match arguments.text("direction").unwrap_or_default() {
            "both" | "in" | "out" => Ok(Some(Reply::empty(204))),
            "" => refuse(400, "Direction is required"),
            _ => refuse(400, "Invalid direction specified"),
        }
    }

    fn dtmf_request(&mut self, id: &str, arguments: &Arguments) -> Answer {
        self.usable(id)?;
        let digits = arguments.text("dtmf").unwrap_or_default().to_owned();
        if digits.is_empty() {
            return refuse(400, "DTMF is required");
        }
        let time = |name: &str, default: u64| {
            let given = arguments.number(name).and_then(|millis| u64::try_from(millis).ok());
            Duration::from_millis(given.unwrap_or(default))
        };
        let times = DtmfTimes {
            before: time("before", 0),
            between: time("between", 100),
            duration: time("duration", 100),
            after: time("after", 0),
        };
        self.send_digits(id, &digits, &times);
        Ok(Some(Reply::empty(204)))
    }

    fn transfer_progress(&mut self, id: &str, arguments: &Arguments) -> Answer {
        self.controlled(id)?;
        match arguments.text("states").unwrap_or_default() {
            "" => refuse(400, "states must not be empty"),
            "channel_progress" | "channel_answered" | "channel_unavailable" | "channel_declined" => {
                Ok(Some(Reply::empty(204)))
            }
            _ => refuse(400, "Invalid states value"),
        }
    }

    pub(super) fn hang_up_request(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        self.channel(id)?;
        let reason = arguments.text("reason").filter(|reason| !reason.is_empty());
        let code = arguments.text("reason_code").filter(|code| !code.is_empty());
        let cause = match (reason, code) {
            (Some(_), Some(_)) => return refuse(400, "The reason and reason_code can't both be specified"),
            (Some(reason), None) => cause_of(reason).ok_or_else(|| {
                let text = if self.traits.has_reason_code { "hangup reason" } else { "hangup" };
                let text = format!("Invalid reason for {text} provided");
                Reply { reason: Some("Invalid Reason"), ..Reply::message(400, text) }
            })?,
            (None, Some(code)) => code.parse().ok().filter(|code| *code <= 127).ok_or_else(|| {
                let refusal = Reply::message(400, "Invalid reason for hangup reason code provided");
                Reply { reason: Some("Invalid Reason Code"), ..refusal }
            })?,
            (None, None) => NORMAL,
        };
        self.hang_up(id, Hangup::Soft(cause));
        let place = self.place(HANG_UP);
        self.reply_after(place, ticket, Reply::empty(204));
        DONE
    }

    pub(super) fn dial_request(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        let channel = self.controlled(id)?;
        if channel.state != State::Down || channel.dial.is_some() {
            return refuse(409, "Channel is not in the 'Down' state");
        }
        let caller = arguments.text("caller").filter(|caller| !caller.is_empty());
        if caller.is_some_and(|caller| !self.channels.contains_key(caller)) {
            return refuse(404, "Caller channel not found");
        }
        let timeout = arguments.number("timeout").and_then(|seconds| u64::try_from(seconds).ok());
        let timeout = timeout.filter(|seconds| *seconds > 0).map(Duration::from_secs);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.was_dialled = true;
        }
        self.dial(id, caller, timeout, Then::Stay);
        let place = self.place(DIAL);
        self.reply_after(place, ticket, Reply::empty(204));
        DONE
    }

    pub(super) fn continue_request(&mut self, id: &str, arguments: &Arguments) -> Answer {
        let channel = self.usable(id)?;
        let text = |name: &str| arguments.text(name).filter(|text| !text.is_empty());
        if text("label").is_some() {
            return refuse(404, "Requested label can not be found");
        }
        let priority =
            arguments.number("priority").and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
        let is_given = text("context").is_some() || text("extension").is_some() || priority.is_some();
        let location = is_given.then(|| Location {
            context: text("context").unwrap_or(&channel.location.context).to_owned(),
            exten: text("extension").unwrap_or(&channel.location.exten).to_owned(),
            priority: priority.unwrap_or(1),
        });
        Ok(Some(self.in_turn(id, move |world, id| world.leave_later(id, Leave::Continue(location)))))
    }

    pub(super) fn move_request(&mut self, id: &str, arguments: &Arguments) -> Answer {
        self.controlled(id)?;
        let app = arguments.text("app").unwrap_or_default().to_owned();
        let args = create::app_args(arguments);
        Ok(Some(self.in_turn(id, move |world, id| world.leave_later(id, Leave::Move { app, args }))))
    }

    pub(super) fn rtp_statistics(&self, id: &str) -> Outcome {
        let channel = self.channel(id)?;
        if channel.is_local() { refuse(403, "Unsupported channel type") } else { refuse(404, "RTP info not found") }
    }
}

/// The cause that a reason stands for.
fn cause_of(reason: &str) -> Option<u32> {
    Some(match reason {
        "normal" => 16,
        "busy" => 17,
        "congestion" => 34,
        "no_answer" => 19,
        "timeout" => 102,
        "rejected" => 21,
        "unallocated" => 1,
        "normal_unspecified" => 31,
        "number_incomplete" => 28,
        "codec_mismatch" => 58,
        "interworking" => 127,
        "failure" => 38,
        "answered_elsewhere" => 26,
        _ => return None,
    })
}
