//! What an event stream has shown so far of what there is now.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fetch::{Listed, Reach, Running};
use super::report::{Differences, Resync};
use crate::Event;
use crate::ids::{BridgeId, ChannelId, PlaybackId, RecordingName};
use crate::models::{Bridge, Channel};

/// The maximum number of objects of one kind that are remembered. The end of some is never reported: Asterisk does not
/// report the end of a bridge that all channels of the application have left.
const MOST_REMEMBERED: usize = 10_000;

/// The things whose beginning or change was shown, and not their end.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    now: Moment,
    channels: Known<ChannelId, ChannelShown>,
    bridges: Known<BridgeId, Vec<ChannelId>>,
    playbacks: Known<PlaybackId, State>,
    recordings: Known<RecordingName, State>,
}

/// A state as Asterisk spells it.
type State = Box<str>;

/// How things of one kind were shown last, and when.
type Known<Id, Shown> = HashMap<Id, (Shown, Moment)>;

/// When something was shown: after how many gaps, and after how many events.
#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    gaps: u32,
    events: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct ChannelShown {
    state: State,
    /// It has entered an application, and leaves it with an event.
    entered: bool,
}

/// The part of an event about a playback that is remembered. It is read from the text, because the generated fields
/// differ with the releases that the bindings are generated from, and converting a whole event costs more.
#[derive(Deserialize)]
struct AboutPlayback {
    playback: PlaybackShown,
}

/// The part of an event about a recording that is remembered.
#[derive(Deserialize)]
struct AboutRecording {
    recording: RecordingShown,
}

#[derive(Deserialize)]
struct PlaybackShown {
    id: PlaybackId,
    #[serde(default)]
    state: State,
}

#[derive(Deserialize)]
struct RecordingShown {
    name: RecordingName,
    #[serde(default)]
    state: State,
}

impl Snapshot {
    /// Updates the snapshot by an event; `text` is the text of the event.
    pub(crate) fn note(&mut self, event: &Event, text: &str) {
        self.now.events += 1;
        match event.kind() {
            "ChannelDestroyed" | "StasisEnd" => {
                if let Some(id) = event.channel_id() {
                    self.channels.remove(id);
                }
            }
            "BridgeDestroyed" => {
                if let Some(bridge) = event.bridge() {
                    self.bridges.remove(&bridge.id);
                }
            }
            "PlaybackContinuing" | "PlaybackFinished" | "PlaybackStarted" => self.note_playback(event, text),
            "RecordingFailed" | "RecordingFinished" | "RecordingStarted" => self.note_recording(event, text),
            // These may follow the end of a channel.
            "ChannelVarset" | "ChannelUserevent" => {}
            kind => self.note_present(event, kind == "StasisStart"),
        }
    }

    fn note_present(&mut self, event: &Event, entered: bool) {
        if let Some(channel) = event.channel() {
            self.channel(channel, entered);
        }
        if let Some(bridge) = event.bridge() {
            self.bridge(bridge);
        }
    }

    fn note_playback(&mut self, event: &Event, text: &str) {
        match serde_json::from_str(text) {
            Ok(AboutPlayback { playback: it }) if event.kind() == "PlaybackFinished" => {
                self.playbacks.remove(&it.id);
            }
            Ok(AboutPlayback { playback: it }) => show(&mut self.playbacks, &it.id, &it.state, self.now),
            Err(_) => {}
        }
    }

    fn note_recording(&mut self, event: &Event, text: &str) {
        match serde_json::from_str(text) {
            Ok(AboutRecording { recording: it }) if event.kind() == "RecordingStarted" => {
                show(&mut self.recordings, &it.name, &it.state, self.now);
            }
            Ok(AboutRecording { recording: it }) => {
                self.recordings.remove(&it.name);
            }
            Err(_) => {}
        }
    }

    fn channel(&mut self, channel: &Channel, entered: bool) {
        let state = channel.state.as_str();
        let Some((shown, moment)) = self.channels.get_mut(&channel.id) else {
            let shown = ChannelShown { state: state.into(), entered };
            return remember(&mut self.channels, channel.id.clone(), shown, self.now);
        };
        shown.entered |= entered;
        *moment = self.now;
        if *shown.state != *state {
            shown.state = state.into();
        }
    }

    fn bridge(&mut self, bridge: &Bridge) {
        let channels = || bridge.channels.iter().map(AsRef::<str>::as_ref);
        match self.bridges.get_mut(&bridge.id) {
            // Most events about a bridge do not change who is in it.
            Some((shown, moment)) if shown.iter().map(AsRef::<str>::as_ref).eq(channels()) => *moment = self.now,
            _ => remember(&mut self.bridges, bridge.id.clone(), channels().map(ChannelId::from).collect(), self.now),
        }
    }

    /// A gap has ended. What was not shown since the gap before, nor listed, is forgotten: its end may have been
    /// missed then.
    pub(crate) fn begin_anew(&mut self) {
        let before = self.now.gaps;
        self.now.gaps += 1;
        self.channels.retain(|_, (_, shown)| shown.gaps >= before);
        self.bridges.retain(|_, (_, shown)| shown.gaps >= before);
        self.playbacks.retain(|_, (_, shown)| shown.gaps >= before);
        self.recordings.retain(|_, (_, shown)| shown.gaps >= before);
    }

    /// What has begun, and cannot be listed.
    pub(crate) fn running(&self) -> Running {
        Running {
            playbacks: self.playbacks.keys().cloned().collect(),
            recordings: self.recordings.keys().cloned().collect(),
        }
    }

    /// Returns where a list differs from what was shown, and remembers the list as shown.
    pub(crate) fn compare(&mut self, listed: Listed) -> Resync {
        let Listed { channels, bridges, playbacks, recordings, reach } = listed;
        let now = self.now;
        Resync {
            channels: self.compare_channels(channels, &reach),
            bridges: self.compare_bridges(bridges, &reach),
            playbacks: differences(&mut self.playbacks, now, playbacks, |it: PlaybackShown| (it.id, it.state)),
            recordings: differences(&mut self.recordings, now, recordings, |it: RecordingShown| (it.name, it.state)),
            failure: None,
        }
    }

    fn compare_channels(&mut self, channels: Vec<Channel>, reach: &Reach) -> Differences<ChannelId, Channel> {
        let mut differences = Differences { existing: ids(&channels, |it| &it.id), ..Differences::default() };
        let mut present = HashSet::new();
        for channel in channels {
            let shown = self.channels.get(&channel.id).map(|(shown, _)| shown);
            let in_reach = reach.has_channel(channel.id.as_str());
            let entered = shown.is_some_and(|shown| shown.entered);
            if !in_reach && (entered || shown.is_none()) {
                continue;
            }
            let state = shown.map(|shown| shown.state.clone());
            present.insert(channel.id.clone());
            self.channel(&channel, false);
            match state {
                None => differences.appeared.push(channel),
                Some(state) if *state != *channel.state.as_str() => differences.changed.push(channel),
                Some(_) => {}
            }
        }
        differences.vanished = vanished(&mut self.channels, &present);
        differences
    }

    fn compare_bridges(&mut self, bridges: Vec<Bridge>, reach: &Reach) -> Differences<BridgeId, Bridge> {
        let mut differences = Differences { existing: ids(&bridges, |it| &it.id), ..Differences::default() };
        let mut present = HashSet::new();
        for bridge in bridges {
            let shown = self.bridges.get(&bridge.id).map(|(channels, _)| sorted(channels));
            if shown.is_none() && !reach.has_bridge(bridge.id.as_str()) {
                continue;
            }
            present.insert(bridge.id.clone());
            self.bridge(&bridge);
            let is_changed = self.bridges.get(&bridge.id).map(|(channels, _)| sorted(channels)) != shown;
            match shown {
                None => differences.appeared.push(bridge),
                Some(_) if is_changed => differences.changed.push(bridge),
                Some(_) => {}
            }
        }
        differences.vanished = vanished(&mut self.bridges, &present);
        differences
    }
}

fn show<Id: Clone + Eq + Hash, Shown: Clone>(known: &mut Known<Id, Shown>, id: &Id, shown: &Shown, now: Moment) {
    match known.get_mut(id) {
        Some((present, moment)) => {
            present.clone_from(shown);
            *moment = now;
        }
        None => remember(known, id.clone(), shown.clone(), now),
    }
}

/// Remembers something new. Beyond the limit, what was shown longest ago is forgotten.
fn remember<Id: Eq + Hash, Shown>(known: &mut Known<Id, Shown>, id: Id, shown: Shown, now: Moment) {
    known.insert(id, (shown, now));
    if known.len() > MOST_REMEMBERED {
        let mut moments: Vec<u64> = known.values().map(|(_, moment)| moment.events).collect();
        let (_, oldest, _) = moments.select_nth_unstable(MOST_REMEMBERED / 8);
        let oldest = *oldest;
        known.retain(|_, (_, moment)| moment.events > oldest);
    }
}

/// Removes everything that is not present, and returns it.
fn vanished<Id: Clone + Eq + Hash + Ord, Shown>(known: &mut Known<Id, Shown>, present: &HashSet<Id>) -> Vec<Id> {
    let mut vanished: Vec<Id> = known.keys().filter(|id| !present.contains(*id)).cloned().collect();
    vanished.sort();
    for id in &vanished {
        known.remove(id);
    }
    vanished
}

/// Compares things that were asked for one by one.
fn differences<Id, Shown, Thing>(
    known: &mut Known<Id, State>,
    now: Moment,
    things: Vec<Thing>,
    key: impl Fn(Shown) -> (Id, State),
) -> Differences<Id, Thing>
where
    Id: Clone + Eq + Hash + Ord,
    Shown: DeserializeOwned,
    Thing: Serialize,
{
    let mut differences = Differences::default();
    for thing in things {
        let Some((id, state)) = members(&thing).map(&key) else { continue };
        let is_changed = known.get(&id).is_some_and(|(shown, _)| *shown != state);
        show(known, &id, &state, now);
        differences.existing.push(id);
        if is_changed {
            differences.changed.push(thing);
        }
    }
    differences.existing.sort();
    differences.vanished = vanished(known, &differences.existing.iter().cloned().collect());
    differences
}

/// Reads members by name, because the generated fields depend on the releases that the bindings are generated from.
fn members<T: DeserializeOwned>(thing: &impl Serialize) -> Option<T> {
    serde_json::from_value(serde_json::to_value(thing).ok()?).ok()
}

/// The ids of things, sorted.
fn ids<Id: Clone + Ord, Thing>(things: &[Thing], id: impl Fn(&Thing) -> &Id) -> Vec<Id> {
    let mut ids: Vec<Id> = things.iter().map(|thing| id(thing).clone()).collect();
    ids.sort();
    ids
}

/// The channels in a bridge, for a comparison: their order means nothing.
fn sorted(channels: &[ChannelId]) -> Vec<ChannelId> {
    let mut sorted = channels.to_vec();
    sorted.sort();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an application receives of a bridge: its end is not part of it.
    fn bridge_left(number: usize) -> Event {
        let channel = r#"{"id":"c","name":"Local/c","state":"Up","protocol_id":"","accountcode":"","language":"en",
            "creationtime":"2026-11-23T11:49:38.950+0000","caller":{"name":"","number":""},
            "connected":{"name":"","number":""},"dialplan":{"context":"default","exten":"1","priority":1,
            "app_name":"Stasis","app_data":"x"}}"#;
        Event::from_text(&format!(
            r#"{{"type":"ChannelLeftBridge","application":"x","timestamp":"2026-11-23T11:49:38.950+0000",
            "channel":{channel},"bridge":{{"id":"b-{number}","technology":"simple_bridge","bridge_type":"mixing",
            "bridge_class":"stasis","creator":"Stasis","name":"","channels":[],"video_mode":"none",
            "creationtime":"2026-11-23T11:49:38.950+0000"}}}}"#
        ))
    }

    #[test]
    fn things_without_a_shown_end_are_forgotten_oldest_first() {
        let mut snapshot = Snapshot::default();
        for number in 0..3 * MOST_REMEMBERED {
            let event = bridge_left(number);
            assert!(event.bridge().is_some(), "{event:?}");
            snapshot.note(&event, "");
            assert!(snapshot.bridges.len() <= MOST_REMEMBERED);
        }
        assert!(snapshot.bridges.len() >= MOST_REMEMBERED / 2);
        let last = BridgeId::from(format!("b-{}", 3 * MOST_REMEMBERED - 1));
        assert!(snapshot.bridges.contains_key(&last) && !snapshot.bridges.contains_key(&BridgeId::from("b-0")));
        assert_eq!(snapshot.channels.len(), 1);
    }
}
