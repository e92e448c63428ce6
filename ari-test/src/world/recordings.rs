//! Live and stored recordings.

mod requests;
mod stored;

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use super::agenda::JobId;
use super::channels::{Busy, Command};
use super::events::Event;
use super::models::RecordingModel;
use super::order::{RECORD, RECORDING_IN_REPLY};
use super::playbacks::Target;
use super::{Answer, Ticket, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

pub(super) use stored::Stored;

/// How long a recording waits for sound at all.
const NO_AUDIO: Duration = Duration::from_secs(5);

const FORMATS: &[&str] =
    &["wav", "wav49", "gsm", "ulaw", "alaw", "sln", "sln16", "g722", "slin", "ogg", "pcm", "al", "ul"];

/// What a name in a path is encoded by.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

pub(super) fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

#[derive(Debug)]
pub(super) struct Live {
    name: String,
    format: String,
    target: Target,
    state: &'static str,
    cause: Option<&'static str>,
    terminate_on: Terminators,
    max_duration: Option<Duration>,
    max_silence: Option<Duration>,
    is_cancelled: bool,
    timer: Option<JobId>,
    /// How long it has recorded before the current stretch, and since when that lasts.
    recorded: Duration,
    since: Option<Instant>,
    had_audio: bool,
    /// How long somebody has talked, and since when somebody talks.
    talked: Duration,
    talks_since: Option<Instant>,
    is_muted: bool,
}

/// Which digits end a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminators {
    None,
    Any,
    One(char),
}

impl Live {
    fn model(&self) -> RecordingModel<'_> {
        RecordingModel {
            name: &self.name,
            format: &self.format,
            state: self.state,
            target_uri: self.target.uri(),
            cause: self.cause,
            duration: None,
            talking_duration: None,
            silence_duration: None,
        }
    }

    fn length(&self, now: Instant) -> Duration {
        if !self.had_audio {
            return Duration::ZERO;
        }
        self.recorded + self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Begins or ends to count a talk.
    fn count_talk(&mut self, is_talking: bool, now: Instant) {
        if let Some(since) = self.talks_since.take() {
            self.talked += now.saturating_duration_since(since);
        }
        self.talks_since = (is_talking && self.state == "recording" && !self.is_muted).then_some(now);
    }
}

impl World {
    pub(super) fn record_channel(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        let channel = self.controlled(id)?;
        let is_waiting = channel.busy.is_some() || !channel.queue.is_empty();
        let name = self.new_recording(Target::Channel(id.to_owned()), arguments)?;
        self.reply_with_recording(&name, is_waiting, ticket);
        self.enqueue(id, Command::Record(name));
        Ok(None)
    }

    pub(super) fn record_bridge(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        self.bridge(id)?;
        let name = self.new_recording(Target::Bridge(id.to_owned()), arguments)?;
        self.reply_with_recording(&name, false, ticket);
        if let Some(bridge) = self.bridges.get_mut(id) {
            bridge.recordings.insert(name.clone());
        }
        self.after(super::order::step(0), move |world| world.start_recording(&name));
        Ok(None)
    }

    fn reply_with_recording(&mut self, name: &str, is_waiting: bool, ticket: Ticket) {
        let is_started = !is_waiting && self.happens(RECORDING_IN_REPLY);
        let place = if is_waiting { Duration::ZERO } else { self.place(RECORD) };
        let Some(live) = self.live.get(name) else { return };
        let model = RecordingModel { state: if is_started { "recording" } else { live.state }, ..live.model() };
        let location = Some(format!("/ari/recordings/live/{}", encode(name)).into());
        let reply = Reply { location, ..Reply::json(201, &model) };
        self.reply_after(place, ticket, reply);
    }

    fn new_recording(&mut self, target: Target, arguments: &Arguments) -> Result<String, Reply> {
        let text = |name: &str| arguments.text(name).unwrap_or_default();
        let (name, format) = (text("name").to_owned(), text("format").to_owned());
        let seconds = |name: &str| arguments.number(name).unwrap_or_default();
        if name.is_empty() || name.split('/').any(|part| part == "..") {
            return refuse(500, "Error parsing request");
        }
        if !matches!(text("ifExists"), "" | "fail" | "overwrite" | "append") {
            return refuse(400, "ifExists invalid");
        }
        if !matches!(text("terminateOn"), "" | "none" | "any" | "*" | "#") {
            return refuse(400, "terminateOn invalid");
        }
        if seconds("maxDurationSeconds") < 0 || seconds("maxSilenceSeconds") < 0 {
            return refuse(500, "Error parsing request");
        }
        if !FORMATS.contains(&&*format) {
            return refuse(422, "specified format is unknown on this system");
        }
        let is_kept = self.stored.contains_key(&name) && !matches!(text("ifExists"), "overwrite" | "append");
        if is_kept || self.live.contains_key(&name) {
            return refuse(409, format!("Recording '{name}' already exists and can not be overwritten"));
        }
        let limit =
            |name: &str| u64::try_from(seconds(name)).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
        let live = Live {
            name: name.clone(),
            format,
            target,
            state: "queued",
            cause: None,
            terminate_on: match text("terminateOn") {
                "any" => Terminators::Any,
                digit @ ("*" | "#") => Terminators::One(digit.chars().next().unwrap_or('#')),
                _ => Terminators::None,
            },
            max_duration: limit("maxDurationSeconds"),
            max_silence: limit("maxSilenceSeconds"),
            is_cancelled: false,
            timer: None,
            recorded: Duration::ZERO,
            since: None,
            had_audio: false,
            talked: Duration::ZERO,
            talks_since: None,
            is_muted: false,
        };
        self.live.insert(name.clone(), live);
        Ok(name)
    }

    /// Begins to record, even if the recording was stopped while it waited: Asterisk forgets that.
    pub(super) fn start_recording(&mut self, name: &str) {
        let Some(live) = self.live.get(name) else { return };
        let target = live.target.clone();
        let mut had_audio = true;
        if let Target::Channel(id) = &target {
            let Some(channel) = self.channels.get_mut(id) else { return };
            if channel.bridge.is_some() || channel.was_dialled {
                return self.fail_recording(name, "Cannot record channel while in bridge");
            }
            channel.busy = Some(Busy::Recording(name.to_owned()));
            // The halves of Local channels get frames only from what plays.
            had_audio = !channel.is_local();
            had_audio = had_audio || self.has_sound(id);
            self.notice_sound(id);
        }
        let now = self.clock.now();
        if let Some(live) = self.live.get_mut(name) {
            live.state = "recording";
            live.since = Some(now);
            live.had_audio = had_audio;
        }
        self.recording_event(name, "RecordingStarted");
        self.count_talk(name);
        self.limit_recording(name);
        if let Target::Channel(id) = &target {
            if self.channels.get(id).is_some_and(|channel| channel.is_hanging_up) {
                self.finish_recording(name);
            }
        }
    }

    /// Ends a recording that gets too long, or a caller's silence.
    fn limit_recording(&mut self, name: &str) {
        let Some(live) = self.live.get(name) else { return };
        let is_talking = match &live.target {
            Target::Channel(id) => self.has_sound(id),
            Target::Bridge(_) => true,
        };
        let length = live.length(self.clock.now());
        let left = live.max_duration.filter(|_| live.had_audio).map(|limit| limit.saturating_sub(length));
        let silence = live.max_silence.filter(|_| !is_talking);
        let silence = if live.had_audio { silence } else { Some(NO_AUDIO) };
        let Some(delay) = left.into_iter().chain(silence).min() else { return };
        let ending = name.to_owned();
        let timer = self.after(delay, move |world| world.finish_recording(&ending));
        let old = self.live.get_mut(name).and_then(|live| live.timer.replace(timer));
        self.cancel(old);
    }

    /// The other end of a channel has begun or ceased to talk, which moves the limit of silence.
    pub(super) fn talking_changed(&mut self, id: &str) {
        let Some(Busy::Recording(name)) = self.channels.get(id).and_then(|channel| channel.busy.clone()) else {
            return;
        };
        if let Some(live) = self.live.get_mut(&name) {
            live.had_audio = true;
            let name = name.clone();
            self.count_talk(&name);
            let Some(live) = self.live.get_mut(&name) else { return };
            if live.state == "recording" {
                let timer = live.timer.take();
                self.cancel(timer);
                self.limit_recording(&name);
            }
        }
    }

    /// Notes whether somebody talks now.
    fn count_talk(&mut self, name: &str) {
        let now = self.clock.now();
        let Some(live) = self.live.get(name) else { return };
        let is_talking = matches!(&live.target, Target::Channel(id) if self.has_sound(id));
        if let Some(live) = self.live.get_mut(name) {
            live.count_talk(is_talking, now);
        }
    }

    pub(super) fn digit_ends_recording(&mut self, id: &str, digit: char) {
        let Some(Busy::Recording(name)) = self.channels.get(id).and_then(|channel| channel.busy.clone()) else {
            return;
        };
        let ends = self.live.get(&name).is_some_and(|live| match live.terminate_on {
            Terminators::None => false,
            Terminators::Any => true,
            Terminators::One(terminator) => terminator == digit,
        });
        if ends {
            self.finish_recording(&name);
        }
    }

    fn recording_event(&mut self, name: &str, kind: &'static str) {
        let Some(live) = self.live.get(name) else { return };
        let mut model = live.model();
        if kind == "RecordingFinished" {
            let length = live.length(self.clock.now()).as_secs();
            model.duration = Some(length);
            if live.max_silence.is_some() {
                let talked = live.talked.as_secs().min(length);
                (model.talking_duration, model.silence_duration) = (Some(talked), Some(length - talked));
            }
        }
        let event = Event::new(kind).with("recording", &model);
        let target = live.target.clone();
        self.emit(target.topic(), &event);
    }

    fn fail_recording(&mut self, name: &str, cause: &'static str) {
        if let Some(live) = self.live.get_mut(name) {
            live.state = "failed";
            live.cause = Some(cause);
            self.recording_event(name, "RecordingFailed");
            self.live.remove(name);
        }
    }

    /// Ends a recording, and stores it unless it was cancelled.
    pub(super) fn finish_recording(&mut self, name: &str) {
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(name) else { return };
        live.count_talk(false, now);
        live.state = "done";
        let timer = live.timer.take();
        self.cancel(timer);
        self.recording_event(name, "RecordingFinished");
        let Some(live) = self.remove_recording(name) else { return };
        if !live.is_cancelled {
            let length = live.length(self.clock.now());
            self.stored.insert(name.to_owned(), Stored { format: live.format, length, talked: live.talked });
        }
        if let Target::Channel(id) = live.target {
            self.release(&id);
        }
    }

    fn remove_recording(&mut self, name: &str) -> Option<Live> {
        let live = self.live.remove(name)?;
        if let Target::Bridge(id) = &live.target {
            if let Some(bridge) = self.bridges.get_mut(id) {
                bridge.recordings.remove(name);
            }
        }
        Some(live)
    }
}
