//! The subjects, streams, consumers and buckets of a fleet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::token::{escape, unescape};

/// The token of what belongs to no lane or no call.
const NONE: &str = "_";

/// The names that a fleet uses, below its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    prefix: String,
}

/// What calls of an application are assigned to. One worker at a time owns it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lane {
    /// The application.
    pub app: String,
    /// Counted from 0.
    pub number: u16,
}

/// What the subject of an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSubject {
    /// The lane; `None` for what belongs to no call.
    pub lane: Option<Lane>,
    /// The node; `None` for what a worker says.
    pub node: Option<String>,
    /// The call; `None` for what belongs to no call.
    pub call: Option<String>,
    /// The type of the event.
    pub kind: String,
}

impl Lane {
    /// As one token of a subject: `APP-NUMBER`.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{}-{}", escape(&self.app), self.number)
    }

    /// What [`Lane::token`] has written.
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        let (app, number) = token.rsplit_once('-')?;
        Some(Self { app: unescape(app)?, number: number.parse().ok()? })
    }

    /// The name of its durable consumer.
    #[must_use]
    pub fn consumer(&self) -> String {
        format!("lane-{}", self.token())
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.app, self.number)
    }
}

impl Default for Subjects {
    fn default() -> Self {
        Self { prefix: "ari".to_owned() }
    }
}

impl Subjects {
    /// Those of a prefix, which may contain letters, digits, `-` and `_`.
    #[must_use]
    pub fn new(prefix: &str) -> Option<Self> {
        let is_valid = !prefix.is_empty() && escape(prefix) == prefix;
        is_valid.then(|| Self { prefix: prefix.to_owned() })
    }

    /// The name of the stream of events.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("{}_events", self.prefix)
    }

    /// The subjects of that stream.
    #[must_use]
    pub fn all_events(&self) -> String {
        format!("{}.ev.>", self.prefix)
    }

    /// The subject of an event.
    #[must_use]
    pub fn event(&self, event: &EventSubject) -> String {
        let lane = event.lane.as_ref().map_or_else(|| NONE.to_owned(), Lane::token);
        let or_none = |name: &Option<String>| name.as_deref().map_or_else(|| NONE.to_owned(), escape);
        let (node, call) = (or_none(&event.node), or_none(&event.call));
        format!("{}.ev.{lane}.{node}.{call}.{}", self.prefix, escape(&event.kind))
    }

    /// What the subject of an event says; `None` if it is none.
    #[must_use]
    pub fn parse_event(&self, subject: &str) -> Option<EventSubject> {
        let rest = subject.strip_prefix(&self.prefix)?.strip_prefix(".ev.")?;
        let mut tokens = rest.split('.');
        let (lane, node, call, kind) = (tokens.next()?, tokens.next()?, tokens.next()?, tokens.next()?);
        let name = |token: &str| if token == NONE { Some(None) } else { unescape(token).map(Some) };
        let lane = if lane == NONE { None } else { Some(Lane::from_token(lane)?) };
        let event = EventSubject { lane, node: name(node)?, call: name(call)?, kind: unescape(kind)? };
        tokens.next().is_none().then_some(event)
    }

    /// The subjects of a call's events of this type, in whatever lane.
    #[must_use]
    pub fn call_events(&self, node: &str, call: &str, kind: &str) -> String {
        format!("{}.ev.*.{}.{}.{}", self.prefix, escape(node), escape(call), escape(kind))
    }

    /// The subjects of all events of a lane.
    #[must_use]
    pub fn lane_events(&self, lane: &Lane) -> String {
        format!("{}.ev.{}.>", self.prefix, lane.token())
    }

    /// The subject of a node's commands.
    #[must_use]
    pub fn commands(&self, node: &str) -> String {
        format!("{}.cmd.{}", self.prefix, escape(node))
    }

    /// The subject of requests to a node's gateway.
    #[must_use]
    pub fn control(&self, node: &str) -> String {
        format!("{}.ctl.{}", self.prefix, escape(node))
    }

    /// The bucket of the announcements of gateways.
    #[must_use]
    pub fn nodes(&self) -> String {
        format!("{}_nodes", self.prefix)
    }

    /// The key of a node in [`Subjects::nodes`].
    #[must_use]
    pub fn node_key(&self, node: &str) -> String {
        escape(node)
    }

    /// The bucket of the announcements of the owners of lanes.
    #[must_use]
    pub fn lanes(&self) -> String {
        format!("{}_lanes", self.prefix)
    }

    /// The key of a lane in [`Subjects::lanes`].
    #[must_use]
    pub fn lane_key(&self, lane: &Lane) -> String {
        format!("{}.{}", escape(&lane.app), lane.number)
    }

    /// What [`Subjects::lane_key`] has written.
    #[must_use]
    pub fn parse_lane_key(&self, key: &str) -> Option<Lane> {
        let (app, number) = key.split_once('.')?;
        Some(Lane { app: unescape(app)?, number: number.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_events_are_read_back() {
        let subjects = Subjects::default();
        let lane = Lane { app: "sales-1 eu".to_owned(), number: 12 };
        let event = EventSubject {
            lane: Some(lane.clone()),
            node: Some("pbx.example".to_owned()),
            call: Some("1700000000.12".to_owned()),
            kind: "StasisStart".to_owned(),
        };
        let subject = subjects.event(&event);
        assert_eq!(subject, "ari.ev.sales-1=20eu-12.pbx=2Eexample.1700000000=2E12.StasisStart");
        assert_eq!(subjects.parse_event(&subject), Some(event));
        assert_eq!(subjects.lane_events(&lane), "ari.ev.sales-1=20eu-12.>");
        assert_eq!(subjects.parse_lane_key(&subjects.lane_key(&lane)), Some(lane));
        let none = EventSubject { lane: None, node: None, call: None, kind: "Claim".to_owned() };
        assert_eq!(subjects.parse_event(&subjects.event(&none)), Some(none));
        assert_eq!(subjects.parse_event("ari.ev.a.b"), None);
        assert_eq!(subjects.call_events("pbx", "1.2", "Dial"), "ari.ev.*.pbx.1=2E2.Dial");
    }

    #[test]
    fn prefix_is_one_token() {
        assert!(Subjects::new("ari-test_1").is_some());
        assert!(Subjects::new("a.b").is_none() && Subjects::new("").is_none());
    }
}
