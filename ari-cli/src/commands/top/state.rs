//! What there is on the server, by a first look and the events since.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};

use super::rates::Rates;
use crate::calls::{Calls, Channel, Event, subject, words};

/// How many events are kept for looking closer.
const MOST_EVENTS: usize = 5_000;

/// Everything that is shown.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The applications whose channels are shown; all channels if there is none. The end of a channel that has left them
    /// is not seen.
    only: Vec<String>,
    pub(super) channels: HashMap<String, Row>,
    pub(super) bridges: BTreeMap<String, BridgeRow>,
    pub(super) events: VecDeque<Entry>,
    pub(super) rates: Rates,
    calls: Calls,
}

/// A channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) app: String,
    /// Who calls whom.
    pub(super) parties: String,
    pub(super) connected: String,
    pub(super) since: Option<DateTime<FixedOffset>>,
    pub(super) bridge: Option<String>,
    pub(super) is_talking: bool,
    pub(super) is_held: bool,
    /// What is played to it or recorded of it.
    pub(super) activity: String,
    /// The number of its call.
    pub(super) call: Option<u64>,
    /// Whether the dialplan has it, as far as the channel says.
    is_in_dialplan: bool,
}

/// A bridge.
#[derive(Debug, Clone, Default)]
pub(super) struct BridgeRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) channels: Vec<String>,
    pub(super) activity: String,
}

/// An event in short.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) time: String,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) words: String,
    pub(super) call: Option<u64>,
    channels: Vec<String>,
}

impl State {
    /// Of the channels of these applications, or of all channels if there is none.
    pub(super) fn of(only: Vec<String>) -> Self {
        Self { only, ..Self::default() }
    }

    /// Takes over what the server has: its lists of channels, bridges and applications.
    pub(super) fn look(&mut self, channels: &Value, bridges: &Value, applications: &Value) {
        let mut before = std::mem::take(&mut self.channels);
        let only = self.only.clone();
        let is_ours = |id: &str| only.is_empty() || is_in(applications, &only, id);
        for channel in elements(channels).filter_map(Channel::of).filter(|channel| is_ours(channel.id())) {
            // What only events show is kept.
            let known = before.remove(channel.id()).unwrap_or_default();
            self.channels.insert(channel.id().to_owned(), known);
            self.update(channel);
        }
        self.bridges.clear();
        for bridge in elements(bridges) {
            self.update_bridge(bridge);
        }
        for application in elements(applications) {
            let name = application["name"].as_str().unwrap_or_default();
            for id in elements(&application["channel_ids"]).filter_map(Value::as_str) {
                self.put_into(name, id);
            }
        }
        self.note_calls(channels, bridges);
    }

    /// Notes the application that has subscribed to a channel as that which the channel is in, where the channel does not
    /// say so: one that was originated into an application is nowhere in the dialplan.
    fn put_into(&mut self, app: &str, id: &str) {
        if let Some(row) = self.channels.get_mut(id).filter(|row| row.app.is_empty() && !row.is_in_dialplan) {
            app.clone_into(&mut row.app);
        }
    }

    fn note_calls(&mut self, channels: &Value, bridges: &Value) {
        let of_channel = |channel: &Value| json!({ "type": "ChannelCreated", "channel": channel });
        let of_bridge = |bridge: &Value| json!({ "type": "ChannelEnteredBridge", "bridge": bridge });
        for seen in elements(channels).map(of_channel).chain(elements(bridges).map(of_bridge)) {
            if let Some(event) = Event::new(seen) {
                self.calls.note(&event);
            }
        }
        self.number_calls();
    }

    fn number_calls(&mut self) {
        for row in self.channels.values_mut() {
            row.call = self.calls.of_channel(&row.id).or(row.call);
        }
    }

    /// Takes over what an event shows, which arrived at this time.
    pub(super) fn apply(&mut self, event: &Event, now: DateTime<Utc>) {
        self.rates.count(event.kind(), now.timestamp());
        let noted = self.calls.note(event);
        for channel in event.channels() {
            self.update(channel);
        }
        if noted.as_ref().is_some_and(|noted| !noted.joined.is_empty()) {
            self.number_calls();
        }
        if let Some(row) = self.channels.get_mut(event.text("/channel/id")) {
            row.take(event);
        }
        let bridge = event.member("/bridge");
        if bridge.is_object() {
            self.update_bridge(bridge);
        }
        self.note_activity(event);
        self.remember(event, noted.map(|noted| noted.call));
        match event.kind() {
            "StasisEnd" if self.only.iter().any(|app| app == event.application()) => {
                self.channels.remove(event.text("/channel/id"));
            }
            "ChannelDestroyed" => drop(self.channels.remove(event.text("/channel/id"))),
            "BridgeDestroyed" => drop(self.bridges.remove(event.text("/bridge/id"))),
            "BridgeMerged" => drop(self.bridges.remove(event.text("/bridge_from/id"))),
            _ => {}
        }
    }

    /// The channels in the order in which they are shown: those of a call together, the oldest first.
    pub(super) fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.channels.values().collect();
        let mut begin: HashMap<u64, Option<DateTime<FixedOffset>>> = HashMap::new();
        for row in &rows {
            if let Some(call) = row.call {
                begin.entry(call).and_modify(|begin| *begin = row.since.min(*begin)).or_insert(row.since);
            }
        }
        let of_call = |row: &Row| row.call.and_then(|call| begin.get(&call).copied()).unwrap_or(row.since);
        rows.sort_by(|a, b| (of_call(a), a.call, a.since, &a.id).cmp(&(of_call(b), b.call, b.since, &b.id)));
        rows
    }

    /// What a bridge is called.
    pub(super) fn bridge_name(&self, id: &str) -> String {
        match self.bridges.get(id) {
            Some(bridge) if !bridge.name.is_empty() => bridge.name.clone(),
            _ => id.to_owned(),
        }
    }

    /// The events of a channel, the latest first.
    pub(super) fn events_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.events.iter().rev().filter(move |entry| entry.channels.iter().any(|channel| channel == id))
    }

    fn update(&mut self, channel: Channel<'_>) {
        let call = self.calls.of_channel(channel.id());
        let row = self.channels.entry(channel.id().to_owned()).or_default();
        channel.id().clone_into(&mut row.id);
        channel.name().clone_into(&mut row.name);
        channel.text("/state").clone_into(&mut row.state);
        row.parties = channel.parties();
        channel.text("/connected/number").clone_into(&mut row.connected);
        let since = DateTime::parse_from_str(channel.text("/creationtime"), "%Y-%m-%dT%H:%M:%S%.3f%z");
        row.since = since.ok().or(row.since);
        row.call = call.or(row.call);
        row.is_in_dialplan = !matches!(channel.text("/dialplan/app_name"), "" | "AppDial2");
        if let Some(app) = channel.application() {
            app.clone_into(&mut row.app);
        }
    }

    fn update_bridge(&mut self, bridge: &Value) {
        let text = |name: &str| bridge[name].as_str().unwrap_or_default().to_owned();
        let id = text("id");
        let channels: Vec<String> =
            elements(&bridge["channels"]).filter_map(|id| id.as_str().map(str::to_owned)).collect();
        for row in self.channels.values_mut() {
            if channels.contains(&row.id) {
                row.bridge = Some(id.clone());
            } else if row.bridge.as_ref() == Some(&id) {
                row.bridge = None;
            }
        }
        let row = self.bridges.entry(id.clone()).or_default();
        (row.id, row.name, row.kind, row.channels) = (id, text("name"), text("bridge_type"), channels);
    }

    fn note_activity(&mut self, event: &Event) {
        let activity = match event.kind() {
            "PlaybackStarted" => format!("plays {}", event.text("/playback/media_uri")),
            "PlaybackContinuing" => format!("plays {}", event.text("/playback/next_media_uri")),
            "RecordingStarted" => format!("records {}", event.text("/recording/name")),
            "PlaybackFinished" | "RecordingFinished" | "RecordingFailed" => String::new(),
            _ => return,
        };
        if let Some(row) = event.target("channel").and_then(|id| self.channels.get_mut(id)) {
            row.activity = activity;
        } else if let Some(row) = event.target("bridge").and_then(|id| self.bridges.get_mut(id)) {
            row.activity = activity;
        }
    }

    fn remember(&mut self, event: &Event, call: Option<u64>) {
        if self.events.len() == MOST_EVENTS {
            self.events.pop_front();
        }
        let channels = event.channels().map(|channel| channel.id().to_owned());
        self.events.push_back(Entry {
            time: event.at().map(|at| at.format("%H:%M:%S%.3f").to_string()).unwrap_or_default(),
            kind: event.kind().to_owned(),
            subject: subject(event),
            words: words(event),
            call,
            channels: channels.chain(event.target("channel").map(str::to_owned)).collect(),
        });
    }
}

impl Row {
    fn take(&mut self, event: &Event) {
        match event.kind() {
            "StasisStart" => event.application().clone_into(&mut self.app),
            "StasisEnd" => self.app.clear(),
            "ChannelTalkingStarted" => self.is_talking = true,
            "ChannelTalkingFinished" => self.is_talking = false,
            "ChannelHold" => self.is_held = true,
            "ChannelUnhold" => self.is_held = false,
            // The dialplan goes on behind an application.
            "ChannelDialplan" if event.text("/dialplan_app") != "Stasis" => self.app.clear(),
            _ => {}
        }
    }

    /// What goes on in it, in a word or two.
    pub(super) fn doing(&self) -> String {
        let signs = [(self.is_talking, "talks"), (self.is_held, "on hold")];
        let signs = signs.into_iter().filter_map(|(is_so, sign)| is_so.then_some(sign));
        let all: Vec<&str> = signs.chain(Some(self.activity.as_str()).filter(|text| !text.is_empty())).collect();
        all.join(", ")
    }

    /// How long it has existed, as `1:02:03` or `2:03`.
    pub(super) fn age(&self, now: DateTime<Utc>) -> String {
        let Some(since) = self.since else { return String::new() };
        let seconds = (now - since.to_utc()).num_seconds().max(0);
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
    }
}

/// Whether one of these applications has subscribed to a channel.
fn is_in(applications: &Value, only: &[String], channel: &str) -> bool {
    let ours = elements(applications).filter(|app| only.iter().any(|name| app["name"] == **name));
    ours.flat_map(|app| elements(&app["channel_ids"])).any(|id| id == channel)
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, state: &str) -> Value {
        json!({
            "id": id, "name": format!("PJSIP/{id}-00000001"), "state": state, "dialplan": { "exten": "1000" },
            "creationtime": "2026-11-28T20:00:00.000+0000", "caller": { "number": "100" },
        })
    }

    fn apply(state: &mut State, event: Value) {
        state.apply(&Event::new(event).unwrap(), DateTime::UNIX_EPOCH);
    }

    fn bridge(channels: &[&str]) -> Value {
        json!({ "id": "b", "name": "desk", "bridge_type": "mixing", "channels": channels })
    }

    #[test]
    fn a_first_look_and_events_make_the_same_rows() {
        let mut state = State::default();
        state.look(
            &json!([channel("a", "Up")]),
            &json!([bridge(&["a"])]),
            &json!([{ "name": "x", "channel_ids": ["a"] }]),
        );
        let row = &state.channels["a"];
        assert_eq!((row.app.as_str(), row.bridge.as_deref(), row.parties.as_str()), ("x", Some("b"), "100 → 1000"));
        apply(
            &mut state,
            json!({ "type": "ChannelEnteredBridge", "bridge": bridge(&["a", "b"]), "channel": channel("b", "Up") }),
        );
        assert_eq!(state.bridges["b"].channels, ["a", "b"]);
        assert_eq!(state.channels["b"].bridge.as_deref(), Some("b"));
        apply(&mut state, json!({ "type": "ChannelTalkingStarted", "channel": channel("b", "Up") }));
        apply(&mut state, json!({ "type": "ChannelHold", "channel": channel("b", "Up") }));
        assert_eq!(state.channels["b"].doing(), "talks, on hold");
        apply(
            &mut state,
            json!({ "type": "ChannelLeftBridge", "bridge": bridge(&["b"]), "channel": channel("a", "Up") }),
        );
        assert_eq!(state.channels["a"].bridge, None);
        apply(&mut state, json!({ "type": "ChannelDestroyed", "channel": channel("a", "Up") }));
        assert_eq!(state.channels.len(), 1);
        assert_eq!(state.events_of("a").count(), 2);
        apply(&mut state, json!({ "type": "BridgeDestroyed", "bridge": bridge(&[]) }));
        assert!(state.bridges.is_empty());
    }

    #[test]
    fn channels_that_leave_the_only_application_are_gone() {
        let mut state = State::of(vec!["x".to_owned()]);
        let channels = json!([channel("a", "Up"), channel("b", "Up")]);
        state.look(&channels, &json!([]), &json!([{ "name": "x", "channel_ids": ["a"] }]));
        assert_eq!(state.sorted().len(), 1);
        apply(&mut state, json!({ "type": "StasisEnd", "application": "x", "channel": channel("a", "Up") }));
        assert!(state.channels.is_empty());
    }

    #[test]
    fn what_has_gone_in_a_gap_is_gone() {
        let mut state = State::default();
        apply(&mut state, json!({ "type": "ChannelCreated", "channel": channel("a", "Ring") }));
        apply(&mut state, json!({ "type": "ChannelTalkingStarted", "channel": channel("b", "Up") }));
        state.look(&json!([channel("b", "Up")]), &json!([]), &json!([]));
        assert_eq!(state.sorted().iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert!(state.channels["b"].is_talking);
    }

    #[test]
    fn ages_are_never_negative() {
        let mut state = State::default();
        apply(&mut state, json!({ "type": "ChannelCreated", "channel": channel("a", "Ring") }));
        let row = &state.channels["a"];
        let at = |seconds| row.since.unwrap().to_utc() + chrono::TimeDelta::seconds(seconds);
        assert_eq!(
            (row.age(at(-5)), row.age(at(75)), row.age(at(3_661))),
            ("0:00".into(), "1:15".into(), "1:01:01".into())
        );
    }
}
