//! From the text of a frame to an event.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::unknown::{UndecodableEvent, UnknownEvent};
use crate::generated::events::{Event, decode};

impl Event {
    /// Reads an event as Asterisk sends it.
    ///
    /// This never fails: an event of an unknown type becomes [`Event::Unknown`], and anything else
    /// that cannot be read [`Event::Undecodable`].
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let kind = match kind(text) {
            Ok(kind) => kind,
            Err(error) => return undecodable(None, &error, text),
        };
        match decode(&kind, text) {
            Some(Ok(event)) => event,
            Some(Err(error)) => undecodable(Some(&kind), &error, text),
            None => unknown(&kind, text),
        }
    }

    /// What a binary frame becomes, which no event comes in.
    pub(crate) fn from_binary(bytes: &[u8]) -> Self {
        Self::Undecodable(Box::new(UndecodableEvent {
            kind: None,
            reason: "a binary frame, where every event is a text frame".to_owned(),
            raw: String::from_utf8_lossy(bytes).into_owned(),
        }))
    }
}

/// One event of a known type, on the heap: the events differ in size too much for one enum.
pub(crate) fn boxed<T: DeserializeOwned>(text: &str) -> serde_json::Result<Box<T>> {
    serde_json::from_str(text).map(Box::new)
}

/// The `type` of an event. It usually stands at the beginning, where a glance finds it.
fn kind(text: &str) -> serde_json::Result<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
    }

    if let Some(kind) = kind_at_start(text) {
        return Ok(Cow::Borrowed(kind));
    }
    serde_json::from_str::<Tag<'_>>(text).map(|tag| tag.kind)
}

fn kind_at_start(text: &str) -> Option<&str> {
    let (kind, _) = text.strip_prefix(r#"{"type":""#)?.split_once('"')?;
    kind.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(kind)
}

fn unknown(kind: &str, text: &str) -> Event {
    let object: serde_json::Map<String, Value> = match serde_json::from_str(text) {
        Ok(object) => object,
        Err(error) => return undecodable(Some(kind), &error, text),
    };
    let member = |name| object.get(name).and_then(Value::as_str);
    Event::Unknown(Box::new(UnknownEvent {
        kind: kind.to_owned(),
        application: member("application").map(str::to_owned),
        timestamp: member("timestamp").and_then(|text| crate::date::parse(text).ok()),
        asterisk_id: member("asterisk_id").map(str::to_owned),
        raw: text.to_owned(),
    }))
}

fn undecodable(kind: Option<&str>, error: &serde_json::Error, text: &str) -> Event {
    Event::Undecodable(Box::new(UndecodableEvent {
        kind: kind.map(str::to_owned),
        reason: error.to_string(),
        raw: text.to_owned(),
    }))
}
