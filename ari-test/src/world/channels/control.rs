//! Requests that a channel in an application carries out.

use std::time::Duration;

use serde_json::json;

use super::super::audio::Directions;
use super::super::dialplan::DtmfTimes;
use super::super::order::{DIAL, HANG_UP, STEP};
use super::super::{Answer, Outcome, Ticket, World, refuse};
use super::dial::Then;
use super::hangup::{Hangup, NORMAL};
use super::leave::Leave;
use super::{Channel, Command, Location, State, create};
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
            "mute" => return Some(self.mute(id, arguments, true)),
            "unmute" => return Some(self.mute(id, arguments, false)),
            "sendDTMF" => return Some(self.dtmf_request(id, arguments)),
            "transfer_progress" => return Some(self.transfer_progress(id, arguments)),
            "ring" => Self::indicate_ringing,
            "progress" => Self::indicate_progress,
            "ringStop" => |world, id| world.set_tone(id, false),
            "startMoh" => |world, id| world.set_moh(id, true),
            "stopMoh" => |world, id| world.set_moh(id, false),
            // Of the half of a Local channel, the hold reaches the other half.
            "hold" => |world, id| world.set_moh(id, world.channels.get(id).is_some_and(|channel| !channel.is_local())),
            "unhold" => |world, id| world.set_moh(id, false),
            "startSilence" | "stopSilence" => |_, _| {},
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

    fn mute(&mut self, id: &str, arguments: &Arguments, is_muted: bool) -> Answer {
        self.usable(id)?;
        // Declared as optional, and required.
        let directions = match arguments.text("direction").unwrap_or_default() {
            known @ ("both" | "in" | "out") => Directions::read(known),
            "" => return refuse(400, "Direction is required"),
            _ => return refuse(400, "Invalid direction specified"),
        };
        if let Some(channel) = self.channels.get_mut(id) {
            if directions.incoming {
                channel.muted.incoming = is_muted;
            }
            if directions.outgoing {
                channel.muted.outgoing = is_muted;
            }
        }
        Ok(Some(Reply::empty(204)))
    }

    fn set_moh(&mut self, id: &str, has_moh: bool) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.has_moh = has_moh;
        }
        if has_moh {
            self.hears(id, "moh");
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
        self.enqueue(id, Command::Press { digits, times });
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
        self.present_caller(id, caller);
        self.dial(id, caller, timeout, Then::Stay);
        let place = self.place(DIAL);
        self.reply_after(place, ticket, Reply::empty(204));
        DONE
    }

    /// The other end of a dialled channel sees the caller, or else what the program has set.
    fn present_caller(&mut self, id: &str, caller: Option<&str>) {
        let caller = caller.and_then(|caller| self.channels.get(caller)).map(|caller| caller.caller.clone());
        let Some(channel) = self.channels.get_mut(id) else { return };
        if let Some(caller) = caller.filter(|_| channel.connected.number.is_empty()) {
            channel.connected = caller;
        }
        let (connected, peer) = (channel.connected.clone(), channel.peer.clone());
        if let Some(peer) = peer.and_then(|peer| self.channels.get_mut(&peer)) {
            peer.caller = connected;
        }
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
        match &channel.endpoint {
            Some(endpoint) if endpoint.tech == "PJSIP" && channel.state == State::Up => Ok(statistics(channel)),
            _ if channel.is_local() => refuse(403, "Unsupported channel type"),
            _ => refuse(404, "RTP info not found"),
        }
    }
}

/// The statistics of a call without any packets.
fn statistics(channel: &Channel) -> Reply {
    let statistics = json!({
        "txcount": 0, "rxcount": 0, "txjitter": 0.0, "rxjitter": 0.0, "txploss": 0, "rxploss": 0,
        "local_ssrc": 1, "remote_ssrc": 0, "txoctetcount": 0, "rxoctetcount": 0, "channel_uniqueid": channel.id,
    });
    Reply::json(200, &statistics)
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
