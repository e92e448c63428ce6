//! The events of calls, sorted by call.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use super::event::{Event, endpoint};
use super::tracker::Calls;

/// How many events are kept; the oldest call is forgotten first.
const MOST_EVENTS: usize = 100_000;

/// How many events of bridges without channels are kept.
const MOST_ORPHANS: usize = 1_000;

/// How many events back a copy is looked for: an event comes once for each application and each subscription.
const COPIES: usize = 16;

/// An item of a call.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Event(Box<Event>),
    /// Events are missing here, for this reason.
    Gap(String),
}

/// A call: what has happened in it, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) number: u64,
    pub(crate) items: Vec<(u64, Item)>,
    /// Whether all of its channels have ended, or left their applications.
    pub(crate) is_over: bool,
}

/// Sorts events by call.
#[derive(Debug, Default)]
pub(crate) struct Log {
    tracker: Calls,
    calls: BTreeMap<u64, Call>,
    /// The call that a bridge was last part of.
    bridges: HashMap<String, u64>,
    /// Events of bridges that nobody has entered yet.
    orphans: VecDeque<(String, u64, Event)>,
    next: u64,
    kept: usize,
}

impl Log {
    /// Adds an event; returns the number of its call, if it belongs to one.
    pub(crate) fn add(&mut self, event: Event) -> Option<u64> {
        self.next += 1;
        let bridge = event.bridges().next().map(str::to_owned);
        let noted = self.tracker.note(&event);
        let before = bridge.as_ref().and_then(|bridge| self.bridges.get(bridge).copied());
        let Some(number) = noted.as_ref().map(|noted| noted.call).or(before) else {
            self.keep_orphan(bridge?, event);
            return None;
        };
        for joined in noted.iter().flat_map(|noted| &noted.joined) {
            self.join(number, *joined);
        }
        if let Some(bridge) = bridge {
            self.adopt(number, &bridge);
            self.bridges.insert(bridge, number);
        }
        let call = self.calls.entry(number).or_insert_with(|| Call { number, ..Call::default() });
        call.is_over = noted.map_or(call.is_over, |noted| noted.is_over);
        if !call.has_copy(&event) {
            call.items.push((self.next, Item::Event(Box::new(event))));
            self.kept += 1;
        }
        self.forget();
        Some(number)
    }

    /// Notes in all calls that are not over that events are missing.
    pub(crate) fn gap(&mut self, reason: &str) {
        self.next += 1;
        for call in self.calls.values_mut().filter(|call| !call.is_over) {
            call.items.push((self.next, Item::Gap(reason.to_owned())));
            self.kept += 1;
        }
    }

    /// The calls, the oldest first.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// A call by its number.
    pub(crate) fn call(&self, number: u64) -> Option<&Call> {
        self.calls.get(&number)
    }

    /// Forgets a call.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(call) = self.calls.remove(&number) {
            self.kept -= call.items.len();
            self.bridges.retain(|_, call| *call != number);
        }
    }

    fn join(&mut self, number: u64, other: u64) {
        let Some(joined) = self.calls.remove(&other) else { return };
        let call = self.calls.entry(number).or_insert_with(|| Call { number, ..Call::default() });
        call.items.extend(joined.items);
        call.items.sort_by_key(|(order, _)| *order);
        self.bridges.values_mut().filter(|call| **call == other).for_each(|call| *call = number);
    }

    fn keep_orphan(&mut self, bridge: String, event: Event) {
        if self.orphans.len() == MOST_ORPHANS {
            self.orphans.pop_front();
        }
        self.orphans.push_back((bridge, self.next, event));
    }

    /// Gives a call what happened in a bridge before anybody entered it.
    fn adopt(&mut self, number: u64, bridge: &str) {
        if !self.orphans.iter().any(|(of, ..)| of == bridge) {
            return;
        }
        let call = self.calls.entry(number).or_insert_with(|| Call { number, ..Call::default() });
        for (of, order, event) in std::mem::take(&mut self.orphans) {
            if of != bridge {
                self.orphans.push_back((of, order, event));
            } else if !call.has_copy(&event) {
                call.items.push((order, Item::Event(Box::new(event))));
                self.kept += 1;
            }
        }
        call.items.sort_by_key(|(order, _)| *order);
    }

    fn forget(&mut self) {
        while self.kept > MOST_EVENTS {
            let Some(oldest) = self.calls.keys().next().copied() else { return };
            self.remove(oldest);
        }
    }
}

impl Call {
    /// Its events.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.items.iter().filter_map(|(_, item)| match item {
            Item::Event(event) => Some(&**event),
            Item::Gap(_) => None,
        })
    }

    /// Whether one of its channels has this id, name or endpoint, or its number is this; `*` stands for anything.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        let pattern = wildmatch::WildMatch::new(wanted);
        let channels = || self.events().flat_map(Event::channels);
        self.number.to_string() == wanted
            || channels().any(|channel| {
                pattern.matches(channel.id())
                    || pattern.matches(channel.name())
                    || pattern.matches(&endpoint(channel.name()))
            })
    }

    /// Its first channel and whom it called: `PJSIP/alice 100 → 1000`.
    pub(crate) fn title(&self) -> String {
        let Some(first) = self.events().find_map(|event| event.channels().next()) else { return String::new() };
        format!("{} {}", endpoint(first.name()), first.parties()).trim_end().to_owned()
    }

    fn has_copy(&self, event: &Event) -> bool {
        let recent = self.items.iter().rev().take(COPIES);
        recent.into_iter().any(|(_, item)| matches!(item, Item::Event(other) if is_copy(other, event)))
    }
}

/// Whether two events are the same, but for whom they were sent to.
fn is_copy(one: &Event, other: &Event) -> bool {
    let belongs_to_application = matches!(one.kind(), "StasisStart" | "StasisEnd");
    let members = |event: &Event| {
        let members = event.body().as_object().into_iter().flatten();
        let kept = members.filter(|(name, _)| belongs_to_application || *name != "application");
        kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<(String, Value)>>()
    };
    one.kind() == other.kind() && one.millis() == other.millis() && members(one) == members(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(log: &mut Log, event: Value) -> Option<u64> {
        log.add(Event::new(event).unwrap())
    }

    fn kinds(call: &Call) -> Vec<&str> {
        call.events().map(Event::kind).collect()
    }

    #[test]
    fn a_bridge_brings_what_happened_before_anybody_entered() {
        let mut log = Log::default();
        let bridge = json!({ "id": "b", "bridge_type": "mixing", "channels": ["a"] });
        assert_eq!(add(&mut log, json!({ "type": "BridgeCreated", "bridge": bridge })), None);
        let channel = json!({ "id": "a", "name": "PJSIP/a-00000001", "dialplan": {} });
        add(&mut log, json!({ "type": "ChannelCreated", "channel": channel }));
        let call = add(&mut log, json!({ "type": "ChannelEnteredBridge", "bridge": bridge, "channel": channel }));
        add(&mut log, json!({ "type": "ChannelDestroyed", "channel": channel }));
        assert_eq!(add(&mut log, json!({ "type": "BridgeDestroyed", "bridge": bridge })), call);
        let call = log.call(call.unwrap()).unwrap();
        assert!(call.is_over && call.is("PJSIP/a") && call.is("1") && !call.is("PJSIP/b"));
        assert_eq!(
            kinds(call),
            ["BridgeCreated", "ChannelCreated", "ChannelEnteredBridge", "ChannelDestroyed", "BridgeDestroyed"]
        );
    }

    #[test]
    fn an_event_for_two_applications_counts_once() {
        let mut log = Log::default();
        let channel = json!({ "id": "a", "name": "PJSIP/a-00000001", "dialplan": {} });
        for (kind, app) in [("Dial", "x"), ("Dial", "y"), ("StasisEnd", "x"), ("StasisEnd", "y")] {
            add(&mut log, json!({ "type": kind, "application": app, "channel": channel }));
        }
        assert_eq!(kinds(log.calls().next().unwrap()), ["Dial", "StasisEnd", "StasisEnd"]);
    }
}
