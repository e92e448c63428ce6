//! Early point releases: members added after the first release of a branch may be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ari_bindings::Event;
use serde_json::Value;

use crate::events::is_control_message;
use crate::models::{Answer, answer};
use crate::replies::operation;
use crate::{Recorded, read};

/// An event of Asterisk 18.10, which has no `protocol_id`.
const OF_18_10: &str = r#"{"application":"stt","timestamp":"2023-03-13T14:51:13.519+0100","type":"ChannelStateChange",
    "channel":{"accountcode":"","name":"SIP/x-00000060","language":"en","caller":{"name":"","number":""},
    "creationtime":"2023-03-13T14:51:06.294+0100","state":"Up","connected":{"name":"","number":"4900"},
    "dialplan":{"priority":1,"exten":"","app_data":"stt,outgoing","app_name":"Stasis","context":"x"},
    "id":"1678715466.488"},"asterisk_id":"02:00:00:00:00:01"}"#;

/// The properties in the availability record.
#[derive(Default)]
struct Properties {
    /// The properties of each model or event.
    declared: BTreeMap<String, BTreeSet<String>>,
    /// `Model.property` for each property that is newer than its model.
    later: BTreeSet<String>,
}

impl Properties {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/availability.txt");
        let record = std::fs::read_to_string(path).unwrap();
        let (mut since, mut since_of, mut properties) = ("", BTreeMap::new(), Vec::new());
        for line in record.lines() {
            match line.trim().split_once(' ') {
                Some(("since", releases)) => since = releases,
                Some(("model" | "event", name)) => {
                    since_of.insert(name, since);
                }
                Some(("property", name)) => properties.push((name.split_once('.').unwrap(), since)),
                _ => {}
            }
        }
        let mut known = Self::default();
        for ((model, property), since) in properties {
            known.declared.entry(model.to_owned()).or_default().insert(property.to_owned());
            if since_of.get(model).is_some_and(|first| *first != since) {
                known.later.insert(format!("{model}.{property}"));
            }
        }
        known
    }

    /// The model of an object: the smallest that declares all its members.
    fn model<'a>(&'a self, object: &'a serde_json::Map<String, Value>) -> Option<&'a str> {
        if let Some(kind) = object.get("type").and_then(Value::as_str).filter(|kind| self.declared.contains_key(*kind))
        {
            return Some(kind);
        }
        let fits = |names: &BTreeSet<String>| object.keys().all(|name| names.contains(name));
        let fitting = self.declared.iter().filter(|(_, names)| fits(names));
        fitting.min_by_key(|(_, names)| names.len()).map(|(model, _)| model.as_str())
    }

    /// Removes the newer members that `removed` selects, and adds the names of all newer members to `found`.
    fn remove(&self, value: &mut Value, removed: &dyn Fn(&str) -> bool, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.remove(item, removed, found)),
            Value::Object(object) => {
                if let Some(model) = self.model(object).map(str::to_owned) {
                    object.retain(|property, _| {
                        let name = format!("{model}.{property}");
                        let is_later = self.later.contains(&name);
                        let stays = !(is_later && removed(&name));
                        found.extend(is_later.then_some(name));
                        stays
                    });
                }
                object.values_mut().for_each(|value| self.remove(value, removed, found));
            }
            _ => {}
        }
    }

    /// Variants of the text without one newer member each, and without all of them, and the names of these members.
    fn without(&self, text: &str) -> (Vec<String>, BTreeSet<String>) {
        let sent: Value = serde_json::from_str(text).unwrap();
        let (mut least, mut found) = (sent.clone(), BTreeSet::new());
        self.remove(&mut least, &|_| true, &mut found);
        let mut texts = vec![least.to_string()];
        for name in &found {
            let mut value = sent.clone();
            self.remove(&mut value, &|it| it == name, &mut BTreeSet::new());
            texts.push(value.to_string());
        }
        (texts, found)
    }
}

fn assert_found(found: &BTreeSet<String>, names: &[&str]) {
    for name in names {
        assert!(found.contains(*name), "{name} was not removed from anything: {found:?}");
    }
}

#[test]
fn events_decode_without_later_members() {
    let properties = Properties::read();
    let mut found = BTreeSet::new();
    for line in read("events.jsonl").lines().filter(|line| !is_control_message(line)) {
        let (texts, names) = properties.without(line);
        found.extend(names);
        for text in texts {
            let event = Event::from_text(&text);
            assert!(!matches!(event, Event::Unknown(_) | Event::Undecodable(_)), "{event:?}");
        }
    }
    assert_found(&found, &["Channel.protocol_id", "DialplanCEP.app_name", "Bridge.creationtime"]);
}

/// Until 16.2, events may come without the time.
#[test]
fn events_decode_without_timestamp() {
    for line in read("events.jsonl").lines().filter(|line| !is_control_message(line)) {
        let mut sent: Value = serde_json::from_str(line).unwrap();
        sent.as_object_mut().unwrap().remove("timestamp").unwrap();
        let event = Event::from_text(&sent.to_string());
        assert!(!matches!(event, Event::Unknown(_) | Event::Undecodable(_)), "{event:?}");
        assert_eq!((event.timestamp(), serde_json::to_value(&event).unwrap()), (None, sent));
    }
}

#[test]
fn replies_decode_without_later_members() {
    let properties = Properties::read();
    let mut found = BTreeSet::new();
    for reply in Recorded::all().iter().filter(|reply| reply.is_success()) {
        let Some(operation) = operation(reply) else { continue };
        let Answer::Json(round_trip) = answer(operation) else { continue };
        let (texts, names) = properties.without(&reply.body);
        found.extend(names);
        for text in texts {
            round_trip(&text).unwrap_or_else(|error| panic!("{operation}: {error}: {text}"));
        }
    }
    assert_found(&found, &["Application.events_allowed", "Channel.protocol_id", "Bridge.creationtime"]);
}

#[test]
fn event_of_18_10_decodes() {
    let event = Event::from_text(OF_18_10);
    let Event::ChannelStateChange(change) = &event else { panic!("{event:?}") };
    assert_eq!((change.channel.id.as_str(), change.channel.protocol_id.as_str()), ("1678715466.488", ""));
    assert_eq!(event.channel().map(|channel| channel.state.as_str()), Some("Up"));
}
