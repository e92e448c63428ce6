//! The events.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ari_bindings::Event;
use serde_json::{Map, Value};

use crate::read;

/// Control messages of the media channel: lines of words, or JSON objects with `event` instead of `type`.
pub(crate) fn is_control_message(line: &str) -> bool {
    !line.starts_with('{') || line.contains(r#""event":"#) && !line.contains(r#""type":"#)
}

#[test]
fn every_event_is_known_and_round_trips() {
    let mut kinds = BTreeSet::new();
    let mut events = 0;
    for line in read("events.jsonl").lines().filter(|line| !is_control_message(line)) {
        let event = assert_lossless(line);
        kinds.insert(event.kind().to_owned());
        events += 1;
    }
    assert_eq!((events, kinds.len()), (684, 31), "{kinds:?}");
}

#[test]
fn recorded_events_round_trip() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/data");
    let mut releases = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let text = fs::read_to_string(path.join("events.jsonl")).unwrap();
            let kinds: BTreeSet<_> = text.lines().map(|line| assert_lossless(line).kind().to_owned()).collect();
            assert!(kinds.len() > 35, "{}: {kinds:?}", path.display());
            releases += 1;
        }
    }
    assert!(releases >= 2, "{releases}");
}

#[test]
fn type_may_be_the_last_member() {
    for line in read("events.jsonl").lines().filter(|line| !is_control_message(line)) {
        let mut members: Map<String, Value> = serde_json::from_str(line).unwrap();
        let kind = members.remove("type").unwrap();
        let others = Value::from(members).to_string();
        let turned = format!(r#"{},"type":{kind}}}"#, others.strip_suffix('}').unwrap());
        let event = assert_lossless(&turned);
        assert_eq!(event, Event::from_text(line));
    }
}

#[test]
fn control_messages_of_media_are_no_events_and_not_lost() {
    let text = read("events.jsonl");
    let lines: Vec<_> = text.lines().filter(|line| is_control_message(line)).collect();
    assert_eq!(lines.len(), 16);
    for line in lines {
        match Event::from_text(line) {
            Event::Undecodable(event) => assert_eq!((event.kind(), event.raw()), (None, line)),
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn methods_return_members_of_all_events() {
    for line in read("events.jsonl").lines().filter(|line| !is_control_message(line)) {
        let (event, json) = (Event::from_text(line), serde_json::from_str::<Value>(line).unwrap());
        let text = |name: &str| json[name].as_str();
        assert_eq!(Some(event.kind()), text("type"));
        assert_eq!(event.application(), text("application"));
        assert_eq!(event.asterisk_id(), text("asterisk_id"));
        assert_eq!(event.timestamp().map(ari_bindings::date::format).as_deref(), text("timestamp"));
        let id = |name: &str| json[name]["id"].as_str();
        assert_eq!(event.channel().map(|channel| channel.id.as_str()), id("channel"));
        assert_eq!(event.bridge().map(|bridge| bridge.id.as_str()), id("bridge"));
        assert_eq!(event.playback().map(|playback| playback.id.as_str()), id("playback"));
        assert_eq!(event.recording().map(|it| it.name.as_str()), json["recording"]["name"].as_str());
    }
}

/// Decodes an event and encodes it again; numbers must stay the same.
fn assert_lossless(line: &str) -> Event {
    let event = Event::from_text(line);
    assert!(!matches!(event, Event::Unknown(_) | Event::Undecodable(_)), "{event:?}");
    let sent: Value = serde_json::from_str(line).unwrap();
    assert_eq!(serde_json::to_value(&event).unwrap(), sent);
    event
}
