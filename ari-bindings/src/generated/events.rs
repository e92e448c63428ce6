//! Events.
use crate::models::Channel;
use crate::event::{UndecodableEvent, UnknownEvent};
use crate::Date;
/// A channel has entered.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub struct StasisStart {
    /// Application.
    pub application: String,
    /// When.
    #[serde(default, with = "crate::date::option", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Date>,
    /// Args.
    pub args: Vec<String>,
    /// Channel.
    pub channel: Channel,
}
/// A digit.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub struct ChannelDtmfReceived {
    /// Application.
    pub application: String,
    /// When.
    #[serde(default, with = "crate::date::option", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Date>,
    /// Digit.
    pub digit: String,
    /// Duration.
    pub duration_ms: i64,
    /// Channel.
    pub channel: Channel,
}
/// Any event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A channel has entered.
    StasisStart(Box<StasisStart>),
    /// A digit.
    ChannelDtmfReceived(Box<ChannelDtmfReceived>),
    /// Unknown.
    Unknown(Box<UnknownEvent>),
    /// Undecodable.
    Undecodable(Box<UndecodableEvent>),
}
impl Event {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::StasisStart(_) => "StasisStart",
            Self::ChannelDtmfReceived(_) => "ChannelDtmfReceived",
            Self::Unknown(event) => event.kind(),
            Self::Undecodable(event) => event.kind().unwrap_or_default(),
        }
    }
    /// The application.
    #[must_use]
    pub fn application(&self) -> Option<&str> {
        match self {
            Self::StasisStart(event) => Some(&event.application),
            Self::ChannelDtmfReceived(event) => Some(&event.application),
            Self::Unknown(event) => event.application(),
            Self::Undecodable(_) => None,
        }
    }
}
impl serde::Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::StasisStart(event) => event.serialize(serializer),
            Self::ChannelDtmfReceived(event) => event.serialize(serializer),
            Self::Unknown(event) => event.serialize(serializer),
            Self::Undecodable(event) => event.serialize(serializer),
        }
    }
}
pub(crate) fn decode(kind: &str, text: &str) -> Option<serde_json::Result<Event>> {
    Some(match kind {
        "StasisStart" => crate::event::boxed(text).map(Event::StasisStart),
        "ChannelDtmfReceived" => crate::event::boxed(text).map(Event::ChannelDtmfReceived),
        _ => return None,
    })
}
