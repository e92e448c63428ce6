//! From the text of a frame to an event.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::unknown::{UndecodableEvent, UnknownEvent};
use crate::generated::events::{Event, decode};
use crate::value::Text;

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
        Self::from_text_of_kind(&kind, text)
    }

    /// Reads an event whose type is known already.
    pub(crate) fn from_text_of_kind(kind: &str, text: &str) -> Self {
        match decode(kind, text) {
            Some(Ok(event)) => event,
            Some(Err(error)) => undecodable(Some(kind), &error, text),
            None => unknown(kind, text),
        }
    }

    /// What a binary frame becomes, which no event comes in.
    #[cfg(feature = "websocket")]
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

/// The `type` of an event. It usually stands among the first members, where a glance finds it.
pub(crate) fn kind(text: &str) -> serde_json::Result<Cow<'_, str>> {
    if let Some(kind) = kind_at_a_glance(text) {
        return Ok(Cow::Borrowed(kind));
    }
    let mut found = None;
    let read = serde_json::Deserializer::from_str(text).deserialize_map(KindVisitor { found: &mut found });
    // The visitor stops as soon as it has the type, which the deserializer takes for a fault.
    match (found, read) {
        (Some(kind), _) => Ok(kind),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(serde::de::Error::missing_field("type")),
    }
}

/// Looks past members that are plain strings, numbers or words, without spaces, as Asterisk writes them.
fn kind_at_a_glance(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('{')?;
    loop {
        let (name, value) = plain_string(rest)?;
        let value = value.strip_prefix(':')?;
        if name == "type" {
            return plain_string(value).map(|(kind, _)| kind);
        }
        let after = match value.as_bytes().first()? {
            b'"' => plain_string(value)?.1,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => &value[value.bytes().position(|byte| byte == b',')?..],
            _ => return None,
        };
        rest = after.strip_prefix(',')?;
    }
}

/// A string without escapes at the beginning of a text, and what follows it.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let end = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    text.as_bytes()[end..].starts_with(b"\"").then(|| (&text[..end], &text[end + 1..]))
}

/// Finds the member `type` and looks no further.
struct KindVisitor<'found, 'de> {
    found: &'found mut Option<Cow<'de, str>>,
}

impl<'de> Visitor<'de> for KindVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = members.next_key()? {
            if name == "type" {
                let Text(kind) = members.next_value()?;
                *self.found = Some(kind);
                break;
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
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
