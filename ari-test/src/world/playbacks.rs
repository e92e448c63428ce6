//! Playbacks.

mod control;

use std::time::Duration;

use super::agenda::JobId;
use super::channels::{Busy, Command};
use super::events::{Event, Topic};
use super::models::PlaybackModel;
use super::order::{AT_ONCE, PLAY, PLAY_BRIDGED, PLAY_ON_BRIDGE, step};
use super::sounds::Medium;
use super::{Answer, Ticket, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Channel(String),
    Bridge(String),
}

impl Target {
    pub(super) fn uri(&self) -> String {
        match self {
            Self::Channel(id) => format!("channel:{id}"),
            Self::Bridge(id) => format!("bridge:{id}"),
        }
    }

    pub(super) fn topic(&self) -> Topic<'_> {
        match self {
            Self::Channel(id) => Topic::Channel(id),
            Self::Bridge(id) => Topic::Bridge(id),
        }
    }
}

/// How far `forward` and `reverse` go unless the playback says otherwise.
const SKIP: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Playback {
    id: String,
    target: Target,
    media: Vec<String>,
    index: usize,
    language: String,
    /// How far `forward` and `reverse` go.
    skip: Duration,
    state: &'static str,
    /// When the medium that plays ends.
    timer: Option<JobId>,
    /// What is left of it while it is paused.
    left: Option<Duration>,
}

impl Playback {
    /// What it plays now, unless it waits or pauses.
    pub(super) fn playing_uri(&self) -> Option<&str> {
        self.media.get(self.index).filter(|_| self.state == "playing").map(String::as_str)
    }

    fn model(&self) -> PlaybackModel<'_> {
        PlaybackModel {
            id: &self.id,
            media_uri: self.media.get(self.index).map_or("", String::as_str),
            next_media_uri: self.media.get(self.index + 1).map(String::as_str),
            target_uri: self.target.uri(),
            language: &self.language,
            state: self.state,
        }
    }
}

impl World {
    pub(super) fn play_on_channel(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        let channel = self.usable(id)?;
        let is_waiting = channel.busy.is_some() || !channel.queue.is_empty();
        let is_bridged = channel.bridge.is_some();
        for name in ["skipms", "offsetms"] {
            if arguments.number(name).is_some_and(|millis| millis < 0) {
                return refuse(400, format!("{name} cannot be negative"));
            }
        }
        let playback = self.new_playback(Target::Channel(id.to_owned()), arguments)?;
        let places = if is_bridged { PLAY_BRIDGED } else { PLAY };
        self.reply_with_playback(&playback, if is_waiting { AT_ONCE } else { places }, ticket);
        self.enqueue(id, Command::Play(playback));
        Ok(None)
    }

    pub(super) fn play_on_bridge(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        let is_waiting = self.bridge(id)?.playing.is_some();
        if ["skipms", "offsetms"].iter().any(|name| arguments.number(name).is_some_and(|millis| millis < 0)) {
            return Err(Reply::allocation_failed());
        }
        let playback = self.new_playback(Target::Bridge(id.to_owned()), arguments)?;
        self.reply_with_playback(&playback, if is_waiting { AT_ONCE } else { PLAY_ON_BRIDGE }, ticket);
        if let Some(bridge) = self.bridges.get_mut(id) {
            bridge.queue.push_back(playback);
        }
        let id = id.to_owned();
        self.after(step(0), move |world| world.pump_bridge(&id));
        Ok(None)
    }

    fn pump_bridge(&mut self, id: &str) {
        while let Some(bridge) = self.bridges.get_mut(id).filter(|bridge| bridge.playing.is_none()) {
            let Some(playback) = bridge.queue.pop_front() else { break };
            self.start_playback(&playback);
        }
    }

    fn new_playback(&mut self, target: Target, arguments: &Arguments) -> Result<String, Reply> {
        let media: Vec<_> = arguments.texts("media").iter().map(ToString::to_string).collect();
        if media.iter().all(String::is_empty) {
            return refuse(500, "Failed to queue media for playback");
        }
        let given = arguments.text("playbackId").filter(|id| !id.is_empty()).map(str::to_owned);
        let id = given.unwrap_or_else(|| self.uuid());
        let language = arguments.text("lang").filter(|lang| !lang.is_empty()).unwrap_or("en").to_owned();
        let skip =
            arguments.number("skipms").and_then(|millis| u64::try_from(millis).ok()).filter(|millis| *millis > 0);
        let playback = Playback {
            id: id.clone(),
            target,
            media,
            index: 0,
            language,
            skip: skip.map_or(SKIP, Duration::from_millis),
            state: "queued",
            timer: None,
            left: None,
        };
        self.playbacks.insert(id.clone(), playback);
        Ok(id)
    }

    fn reply_with_playback(&mut self, id: &str, places: super::order::Places, ticket: Ticket) {
        let Some(playback) = self.playbacks.get(id) else { return };
        let location = Some(format!("/ari/playbacks/{}", super::recordings::encode(id)).into());
        let reply = Reply { location, ..Reply::json(201, &playback.model()) };
        let place = self.place(places);
        self.reply_after(place, ticket, reply);
    }

    fn playback_event(&mut self, id: &str, kind: &'static str, state: &'static str) {
        let Some(playback) = self.playbacks.get_mut(id) else { return };
        playback.state = state;
        let event = Event::new(kind).with("playback", &playback.model());
        let target = playback.target.clone();
        self.emit(target.topic(), &event);
    }

    /// Plays the first medium, unless the playback was stopped while it waited.
    pub(super) fn start_playback(&mut self, id: &str) {
        let Some(playback) = self.playbacks.get(id) else { return };
        if playback.state == "done" {
            return self.finish_playback(id, "done");
        }
        let busy = match &playback.target {
            Target::Channel(channel) => match self.channels.get_mut(channel) {
                Some(channel) => {
                    channel.busy = Some(Busy::Playback(id.to_owned()));
                    !channel.is_hanging_up
                }
                None => false,
            },
            Target::Bridge(bridge) => self.bridges.get_mut(bridge).is_some_and(|bridge| {
                bridge.playing = Some(id.to_owned());
                true
            }),
        };
        self.start_medium(id, busy);
    }

    /// Plays the medium at the playback's index.
    fn start_medium(&mut self, id: &str, can_play: bool) {
        self.playback_event(id, "PlaybackStarted", "playing");
        let Some(playback) = self.playbacks.get(id) else { return };
        let uri = playback.media[playback.index].clone();
        let is_last = playback.index + 1 == playback.media.len();
        let medium = if can_play { self.medium(&uri) } else { Medium::Missing };
        match medium {
            Medium::Ignored if is_last => self.over(id),
            Medium::Ignored => self.next_medium(id),
            Medium::Missing if is_last || !can_play => self.finish_playback(id, "failed"),
            Medium::Missing => {
                self.playback_event(id, "PlaybackContinuing", "continuing");
                self.next_medium(id);
            }
            Medium::Endless => self.note_heard(id, &uri),
            Medium::Lasts(time) | Medium::Spoken(time) => {
                self.note_heard(id, &uri);
                self.ends_after(id, time);
            }
        }
    }

    fn ends_after(&mut self, id: &str, time: Duration) {
        let ending = id.to_owned();
        let timer = self.after(time, move |world| world.medium_ended(&ending));
        if let Some(playback) = self.playbacks.get_mut(id) {
            playback.timer = Some(timer);
            playback.left = None;
        }
    }

    fn medium_ended(&mut self, id: &str) {
        let Some(playback) = self.playbacks.get(id) else { return };
        if playback.index + 1 == playback.media.len() {
            return self.finish_playback(id, "done");
        }
        self.playback_event(id, "PlaybackContinuing", "continuing");
        self.next_medium(id);
    }

    fn next_medium(&mut self, id: &str) {
        if let Some(playback) = self.playbacks.get_mut(id) {
            playback.index += 1;
            self.start_medium(id, true);
        }
    }

    /// Ends a playback as failed, or as done if it was stopped while it waited.
    pub(super) fn fail_playback(&mut self, id: &str) {
        let is_done = self.playbacks.get(id).is_some_and(|playback| playback.state == "done");
        self.finish_playback(id, if is_done { "done" } else { "failed" });
    }

    fn finish_playback(&mut self, id: &str, state: &'static str) {
        self.playback_event(id, "PlaybackFinished", state);
        self.over(id);
    }

    /// Forgets a playback, and goes on with what waits for it.
    fn over(&mut self, id: &str) {
        let Some(playback) = self.playbacks.remove(id) else { return };
        self.cancel(playback.timer);
        match playback.target {
            Target::Channel(channel) => {
                if self.channels.get(&channel).is_some_and(|channel| channel.busy == Some(Busy::Playback(playback.id)))
                {
                    self.release(&channel);
                }
            }
            Target::Bridge(bridge) => {
                if let Some(bridge) = self.bridges.get_mut(&bridge).filter(|bridge| bridge.playing == Some(playback.id))
                {
                    bridge.playing = None;
                }
                self.pump_bridge(&bridge);
            }
        }
    }

    fn note_heard(&mut self, id: &str, uri: &str) {
        let Some(playback) = self.playbacks.get(id) else { return };
        match playback.target.clone() {
            Target::Channel(channel) => self.hears(&channel, uri),
            Target::Bridge(bridge) => {
                let members = self.bridges.get(&bridge).map(|bridge| bridge.channels.clone()).unwrap_or_default();
                for channel in members {
                    self.hears(&channel, uri);
                }
            }
        }
    }
}
