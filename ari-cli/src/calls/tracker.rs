//! Which channels are one call.
//!
//! Asterisk has no such thing in its events, but it shows what joins channels: a `Dial` has both sides, a bridge all that
//! are in it, the halves of a Local channel share a name, a snooping channel names whom it listens to, and a channel that
//! replaces another comes with it.

use std::collections::{HashMap, HashSet, VecDeque};

use super::event::Event;

/// How many channels are remembered; the oldest are forgotten first, which matters only for channels whose end is never
/// seen.
const MOST_CHANNELS: usize = 10_000;

/// How many channels are remembered beyond their end.
const MOST_ENDED: usize = 256;

/// The calls that events have shown and that are not over.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    next: u64,
    of_channel: HashMap<String, Member>,
    of_bridge: HashMap<String, u64>,
    /// The call of the name that the halves of a Local channel share.
    of_name: HashMap<String, u64>,
    members: HashMap<u64, HashSet<String>>,
    /// Channels in the order in which they appeared, and some that have ended since.
    oldest: VecDeque<String>,
    /// Channels that have ended: further events about them may come, for other applications or of their playbacks.
    ended: VecDeque<(String, u64)>,
}

/// A channel of a call.
#[derive(Debug)]
struct Member {
    call: u64,
    /// The application that it entered last.
    app: String,
    /// Whether it has left that. An application whose channels leave may receive nothing more about them.
    has_left: bool,
}

/// Where an event belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    /// The number of the call.
    pub(crate) call: u64,
    /// Calls that turn out to be the same: what belonged to them belongs to `call` from now on.
    pub(crate) joined: Vec<u64>,
    /// Whether all of its channels have ended, or have left their application.
    pub(crate) is_over: bool,
}

impl Calls {
    /// Says which call an event belongs to; `None` if to none, as that of a device.
    pub(crate) fn note(&mut self, event: &Event) -> Option<Noted> {
        let mut channels: Vec<String> = event.channels().map(|channel| channel.id().to_owned()).collect();
        channels.extend(event.target("channel").map(str::to_owned));
        channels.extend(company(event));
        if let Some(call) = self.without_ended(event, &mut channels) {
            return Some(Noted { call, joined: Vec::new(), is_over: self.is_over(call) });
        }
        let names: Vec<String> = event.channels().filter_map(|channel| local_name(channel.name())).collect();
        let found = self.find(event, &channels, &names);
        let call = match found.iter().min() {
            Some(call) => *call,
            None if channels.is_empty() => return None,
            None => self.fresh(),
        };
        let joined = self.join(call, found);
        for channel in channels {
            self.add(call, channel);
        }
        for name in names {
            self.of_name.insert(name, call);
        }
        if !is_waiting_room(event) {
            for bridge in event.bridges() {
                self.of_bridge.insert(bridge.to_owned(), call);
            }
        }
        self.note_end(event, call);
        Some(Noted { call, joined, is_over: self.is_over(call) })
    }

    /// Removes channels that have ended; returns their call if there are no others.
    fn without_ended(&mut self, event: &Event, channels: &mut Vec<String>) -> Option<u64> {
        if matches!(event.kind(), "ChannelCreated" | "StasisStart") {
            // A program may give the id of an ended channel to another one.
            self.ended.retain(|(ended, _)| !channels.contains(ended));
        }
        let ended = |channel: &String| self.ended.iter().find(|(ended, _)| ended == channel);
        let unknown = channels.iter().filter(|channel| !self.of_channel.contains_key(*channel));
        let late: Vec<(String, u64)> = unknown.filter_map(ended).cloned().collect();
        channels.retain(|channel| !late.iter().any(|(ended, _)| ended == channel));
        late.first().filter(|_| channels.is_empty()).map(|(_, call)| *call)
    }

    /// The calls that an event is about.
    fn find(&self, event: &Event, channels: &[String], names: &[String]) -> Vec<u64> {
        let mut found: Vec<u64> = channels.iter().filter_map(|channel| self.of_channel(channel)).collect();
        found.extend(names.iter().filter_map(|name| self.of_name.get(name)));
        found.extend(event.channels().filter_map(|channel| self.of_channel(snooped(channel.name())?)));
        if channels.is_empty() {
            found.extend(event.bridges().filter_map(|bridge| self.of_bridge.get(bridge)));
        }
        found
    }

    /// The call of a channel.
    pub(crate) fn of_channel(&self, id: &str) -> Option<u64> {
        self.of_channel.get(id).map(|member| member.call)
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, call: u64, channel: String) {
        if !self.of_channel.contains_key(&channel) {
            let member = Member { call, app: String::new(), has_left: false };
            self.of_channel.insert(channel.clone(), member);
            self.oldest.push_back(channel.clone());
        }
        self.members.entry(call).or_default().insert(channel);
        while self.of_channel.len() > MOST_CHANNELS {
            let Some(oldest) = self.oldest.pop_front() else { return };
            self.remove(&oldest);
        }
        if self.oldest.len() > 2 * MOST_CHANNELS {
            self.oldest.retain(|channel| self.of_channel.contains_key(channel));
        }
    }

    /// Notes that a channel enters or leaves an application, or ends.
    fn note_end(&mut self, event: &Event, call: u64) {
        let id = event.text("/channel/id");
        match (event.kind(), self.of_channel.get_mut(id)) {
            ("StasisStart", Some(member)) => {
                event.application().clone_into(&mut member.app);
                member.has_left = false;
            }
            // After a move, the end of the old application may follow the start of the new one.
            ("StasisEnd", Some(member)) if member.app.is_empty() || member.app == event.application() => {
                member.has_left = true;
            }
            ("ChannelDestroyed", Some(_)) => {
                if self.ended.len() == MOST_ENDED {
                    self.ended.pop_front();
                }
                self.ended.push_back((id.to_owned(), call));
                self.remove(id);
            }
            _ => {}
        }
    }

    fn is_over(&self, call: u64) -> bool {
        let has_left = |channel: &String| self.of_channel.get(channel).is_none_or(|member| member.has_left);
        self.members.get(&call).is_none_or(|members| members.iter().all(has_left))
    }

    /// Forgets a channel, and its call with the last one.
    fn remove(&mut self, channel: &str) {
        let Some(Member { call, .. }) = self.of_channel.remove(channel) else { return };
        let members = self.members.entry(call).or_default();
        members.remove(channel);
        if members.is_empty() {
            self.members.remove(&call);
            self.of_bridge.retain(|_, other| *other != call);
            self.of_name.retain(|_, other| *other != call);
        }
    }

    fn join(&mut self, call: u64, mut others: Vec<u64>) -> Vec<u64> {
        others.sort_unstable();
        others.dedup();
        others.retain(|other| *other != call);
        for other in &others {
            let channels = self.members.remove(other).unwrap_or_default();
            for channel in &channels {
                if let Some(member) = self.of_channel.get_mut(channel) {
                    member.call = call;
                }
            }
            self.members.entry(call).or_default().extend(channels);
            let rest = self.of_bridge.values_mut().chain(self.of_name.values_mut());
            rest.filter(|number| *number == other).for_each(|number| *number = call);
        }
        others
    }
}

/// The other channels of the bridge that a channel has entered, but not of a bridge where calls wait for each other.
fn company(event: &Event) -> Vec<String> {
    if event.kind() != "ChannelEnteredBridge" || is_waiting_room(event) {
        return Vec::new();
    }
    let channels = event.member("/bridge/channels").as_array();
    channels.into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}

fn is_waiting_room(event: &Event) -> bool {
    event.text("/bridge/bridge_type") == "holding"
}

/// What the names of both halves of a Local channel begin with.
fn local_name(name: &str) -> Option<String> {
    name.split_once(';').map(|(local, _)| local.to_owned())
}

/// The id in the name of a channel that listens to another: `Snoop/ID-NUMBER`.
fn snooped(name: &str) -> Option<&str> {
    name.strip_prefix("Snoop/")?.rsplit_once('-').map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn channel(id: &str, name: &str) -> Value {
        json!({ "id": id, "name": name, "dialplan": {} })
    }

    fn of(id: &str) -> Value {
        json!({ "type": "ChannelStateChange", "channel": channel(id, id) })
    }

    fn entered(id: &str, bridge: &str, bridge_type: &str, company: &[&str]) -> Value {
        let bridge = json!({ "id": bridge, "bridge_type": bridge_type, "channels": company });
        json!({ "type": "ChannelEnteredBridge", "bridge": bridge, "channel": channel(id, id) })
    }

    fn note(calls: &mut Calls, event: Value) -> Option<Noted> {
        calls.note(&Event::new(event).unwrap())
    }

    #[test]
    fn both_sides_of_a_dial_are_one_call() {
        let mut calls = Calls::default();
        let first = note(&mut calls, of("a")).unwrap().call;
        let second = note(&mut calls, of("b")).unwrap().call;
        assert_ne!(first, second);
        let dial = json!({ "type": "Dial", "caller": channel("a", "a"), "peer": channel("b", "b") });
        assert_eq!(note(&mut calls, dial), Some(Noted { call: first, joined: vec![second], is_over: false }));
        assert_eq!(calls.of_channel("b"), Some(first));
    }

    #[test]
    fn a_bridge_joins_calls_and_a_waiting_room_does_not() {
        let mut calls = Calls::default();
        let wait = |id| entered(id, "q", "holding", &["a", "b"]);
        let (first, second) = (note(&mut calls, wait("a")).unwrap().call, note(&mut calls, wait("b")).unwrap().call);
        assert_ne!(first, second);
        let joined = note(&mut calls, entered("b", "m", "mixing", &["a", "b"])).unwrap();
        assert_eq!((joined.call, joined.joined), (first, vec![second]));
        let on_bridge = json!({ "type": "PlaybackStarted", "playback": { "target_uri": "bridge:m" } });
        assert_eq!(note(&mut calls, on_bridge).unwrap().call, first);
    }

    #[test]
    fn a_room_that_empties_begins_another_call() {
        let mut calls = Calls::default();
        let first = note(&mut calls, entered("a", "m", "mixing", &["a"])).unwrap().call;
        let end = json!({ "type": "ChannelDestroyed", "channel": channel("a", "a") });
        assert!(note(&mut calls, end).unwrap().is_over);
        assert_ne!(note(&mut calls, entered("b", "m", "mixing", &["b"])).unwrap().call, first);
    }

    #[test]
    fn a_call_is_over_when_its_channels_have_left_their_applications() {
        let mut calls = Calls::default();
        let mut is_over = |kind: &str, app: &str| {
            let event = json!({ "type": kind, "application": app, "channel": channel("a", "a") });
            note(&mut calls, event).unwrap().is_over
        };
        assert!(!is_over("StasisStart", "x"));
        assert!(!is_over("StasisStart", "y"));
        assert!(!is_over("StasisEnd", "x"), "it has moved");
        assert!(is_over("StasisEnd", "y"));
        assert!(!is_over("StasisStart", "x"), "it is back");
    }

    #[test]
    fn halves_of_a_local_channel_are_one_call() {
        let mut calls = Calls::default();
        let of = |id: &str, name: &str| json!({ "type": "ChannelCreated", "channel": channel(id, name) });
        let first = note(&mut calls, of("a", "Local/x@y-00000001;1")).unwrap().call;
        assert_eq!(note(&mut calls, of("b", "Local/x@y-00000001;2")).unwrap().call, first);
        assert_ne!(note(&mut calls, of("c", "Local/x@y-00000002;1")).unwrap().call, first);
    }

    #[test]
    fn a_snooping_channel_belongs_to_whom_it_listens_to() {
        let mut calls = Calls::default();
        let first = note(&mut calls, of("a-1")).unwrap().call;
        let snoop = json!({ "type": "StasisStart", "channel": channel("s", "Snoop/a-1-00000007") });
        assert_eq!(note(&mut calls, snoop).unwrap().call, first);
    }

    #[test]
    fn events_after_the_end_begin_no_call() {
        let mut calls = Calls::default();
        let first = note(&mut calls, of("a")).unwrap().call;
        let end = json!({ "type": "ChannelDestroyed", "channel": channel("a", "a") });
        assert!(note(&mut calls, end.clone()).unwrap().is_over);
        let late = json!({ "type": "PlaybackFinished", "playback": { "target_uri": "channel:a" } });
        for late in [end, late] {
            assert_eq!(note(&mut calls, late), Some(Noted { call: first, joined: Vec::new(), is_over: true }));
        }
        let again = json!({ "type": "StasisStart", "channel": channel("a", "a") });
        assert_ne!(note(&mut calls, again).unwrap().call, first);
    }

    #[test]
    fn channels_whose_end_is_never_seen_are_forgotten() {
        let mut calls = Calls::default();
        for number in 0..MOST_CHANNELS + 10 {
            note(&mut calls, of(&number.to_string()));
        }
        assert_eq!((calls.of_channel.len(), calls.members.len()), (MOST_CHANNELS, MOST_CHANNELS));
        assert_eq!(calls.of_channel("0"), None);
    }
}
