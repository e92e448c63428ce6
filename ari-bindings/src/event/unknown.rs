use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::Date;

/// An event of a type that this version of the crate does not know.
///
/// ```
/// use ari_bindings::Event;
///
/// let event = Event::from_text(r#"{"type":"ChannelSang","application":"choir","pitch":440}"#);
/// assert_eq!((event.kind(), event.application()), ("ChannelSang", Some("choir")));
/// let Event::Unknown(event) = event else { panic!("known?") };
/// assert!(event.raw().contains(r#""pitch":440"#));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownEvent {
    pub(super) kind: String,
    pub(super) application: Option<String>,
    pub(super) timestamp: Option<Date>,
    pub(super) asterisk_id: Option<String>,
    pub(super) raw: String,
}

impl UnknownEvent {
    /// The type of the event.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The application it was sent to.
    #[must_use]
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// When it happened.
    #[must_use]
    pub fn timestamp(&self) -> Option<&Date> {
        self.timestamp.as_ref()
    }

    /// Which server it comes from.
    #[must_use]
    pub fn asterisk_id(&self) -> Option<&str> {
        self.asterisk_id.as_deref()
    }

    /// The id of its `channel`, if it has one.
    #[must_use]
    pub fn channel_id(&self) -> Option<&str> {
        channel_id(&self.raw)
    }

    /// The event as it came: a JSON object.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// A received frame that cannot be decoded as an event.
///
/// It is an event of a known type that lacks a declared member or has one of another type, or not an
/// event at all. The connection is not affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndecodableEvent {
    pub(super) kind: Option<String>,
    pub(super) reason: String,
    pub(super) raw: String,
}

impl UndecodableEvent {
    /// The type of the event, if that much can be read.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The id of its `channel`, if that much can be read.
    #[must_use]
    pub fn channel_id(&self) -> Option<&str> {
        channel_id(&self.raw)
    }

    /// Why it cannot be decoded.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What came. Bytes that are not UTF-8 are shown as `U+FFFD`.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

/// What the events of a channel have.
#[derive(Deserialize)]
struct WithChannel<'a> {
    #[serde(borrow)]
    channel: Named<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    id: &'a str,
}

fn channel_id(raw: &str) -> Option<&str> {
    serde_json::from_str(raw).ok().map(|WithChannel { channel }| channel.id)
}

impl Serialize for UnknownEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw_json(&self.raw).serialize(serializer)
    }
}

/// As the JSON that it is, or else as a string.
impl Serialize for UndecodableEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw_json(&self.raw).serialize(serializer)
    }
}

fn raw_json(raw: &str) -> Value {
    serde_json::from_str(raw).unwrap_or_else(|_| Value::from(Cow::Borrowed(raw)))
}
