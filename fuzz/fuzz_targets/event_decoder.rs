//! Decodes any text as an event: decoding never panics, and decoded events survive serialization.
#![no_main]

use std::fmt;

use ari_bindings::Event;
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let event = Event::from_text(text);
    match &event {
        Event::Unknown(unknown) => assert_eq!(unknown.raw(), text),
        Event::Undecodable(undecodable) => assert_eq!(undecodable.raw(), text),
        known => check_round_trip(known, text),
    }
    check_kind(&event, text);
});

/// Serializing and decoding an event again yields the same event.
fn check_round_trip(event: &Event, text: &str) {
    let written = serde_json::to_string(event).expect("every event can be written");
    let again = Event::from_text(&written);
    let value = |event| serde_json::to_value(event).expect("every event can be written");
    assert_eq!(value(&again), value(event), "{written}");
    if !may_have_a_finer_date(text) {
        assert_eq!(again, *event, "{written}");
    }
}

/// Whether the text may contain a date finer than a millisecond, which serialization truncates, as Asterisk writes
/// milliseconds.
fn may_have_a_finer_date(text: &str) -> bool {
    let has_digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count() > 3;
    text.contains("\\u") || text.split('.').skip(1).any(has_digits)
}

/// The type matches that of a full JSON parse. If there are several, any of them is accepted.
fn check_kind(event: &Event, text: &str) {
    let Ok(Members(members)) = serde_json::from_str(text) else { return };
    let mut kinds = members.iter().filter(|(name, _)| name == "type").map(|(_, value)| value);
    let (kind, another) = (kinds.next(), kinds.next());
    match event {
        _ if another.is_some() => {}
        Event::Undecodable(undecodable) => assert_eq!(undecodable.kind(), kind.and_then(Value::as_str)),
        event => assert_eq!(Some(event.kind()), kind.and_then(Value::as_str)),
    }
}

/// All members of an object, including duplicate names.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
