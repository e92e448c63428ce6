//! An event as JSON, with what all of them have in common.

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

/// What an event that has no such member has in its place.
static NOTHING: Value = Value::Null;

/// An event: a JSON object with a type.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    body: Value,
    at: Option<DateTime<FixedOffset>>,
}

impl Event {
    /// Reads an event as Asterisk sends it. `None` if it is no object with a type.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().and_then(Self::new)
    }

    /// An event from its JSON. `None` if it is no object with a type.
    pub(crate) fn new(body: Value) -> Option<Self> {
        body["type"].as_str()?;
        let at = body["timestamp"].as_str();
        let at = at.and_then(|stamp| DateTime::parse_from_str(stamp, "%Y-%m-%dT%H:%M:%S%.3f%z").ok());
        Some(Self { body, at })
    }

    /// Its type, such as `StasisStart`.
    pub(crate) fn kind(&self) -> &str {
        self.text("/type")
    }

    /// The application that it was sent to.
    pub(crate) fn application(&self) -> &str {
        self.text("/application")
    }

    /// When it happened, by the server's clock.
    pub(crate) fn at(&self) -> Option<DateTime<FixedOffset>> {
        self.at
    }

    /// When it happened, in milliseconds since 1970.
    pub(crate) fn millis(&self) -> Option<i64> {
        self.at.map(|at| at.timestamp_millis())
    }

    /// The member at this JSON pointer, or null.
    pub(crate) fn member(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&NOTHING)
    }

    /// The text at this JSON pointer, or "".
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.member(pointer).as_str().unwrap_or_default()
    }

    /// The whole event.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }

    /// The channel at this JSON pointer.
    pub(crate) fn channel(&self, pointer: &str) -> Option<Channel<'_>> {
        Channel::of(self.member(pointer))
    }

    /// The channels that it mentions, whatever the members are called.
    pub(crate) fn channels(&self) -> impl Iterator<Item = Channel<'_>> {
        self.body.as_object().into_iter().flat_map(|members| members.values()).filter_map(Channel::of)
    }

    /// The ids of the bridges that it mentions.
    pub(crate) fn bridges(&self) -> impl Iterator<Item = &str> {
        let members = self.body.as_object().into_iter().flat_map(|members| members.values());
        let bridges = members.filter(|member| member["bridge_type"].is_string());
        bridges.filter_map(|bridge| bridge["id"].as_str()).chain(self.target("bridge"))
    }

    /// The id of the `channel` or `bridge` that a playback or a recording is on.
    pub(crate) fn target(&self, kind: &str) -> Option<&str> {
        let uri = ["/playback/target_uri", "/recording/target_uri"].map(|pointer| self.text(pointer));
        uri.into_iter().find_map(|uri| uri.strip_prefix(kind)?.strip_prefix(':'))
    }
}

/// A channel as an event shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel<'a> {
    body: &'a Value,
}

impl<'a> Channel<'a> {
    /// `None` if this is no channel.
    pub(crate) fn of(body: &'a Value) -> Option<Self> {
        let is_channel = body["dialplan"].is_object() && body["id"].is_string();
        is_channel.then_some(Self { body })
    }

    pub(crate) fn id(self) -> &'a str {
        self.text("/id")
    }

    /// Such as `PJSIP/alice-00000001`.
    pub(crate) fn name(self) -> &'a str {
        self.text("/name")
    }

    pub(crate) fn text(self, pointer: &str) -> &'a str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Who calls whom: `"Alice" <100> → 1000`, as far as it is known.
    pub(crate) fn parties(self) -> String {
        let caller = caller(self.text("/caller/name"), self.text("/caller/number"));
        let exten = self.text("/dialplan/exten");
        match (caller.is_empty(), exten.is_empty()) {
            (true, true) => String::new(),
            (false, true) => caller,
            (true, false) => format!("→ {exten}"),
            (false, false) => format!("{caller} → {exten}"),
        }
    }

    /// The application that the channel is in, by where it is in the dialplan.
    pub(crate) fn application(self) -> Option<&'a str> {
        let is_in_stasis = self.text("/dialplan/app_name") == "Stasis";
        is_in_stasis.then(|| self.text("/dialplan/app_data").split(',').next().unwrap_or_default())
    }
}

fn caller(name: &str, number: &str) -> String {
    match (name, number) {
        ("", number) => number.to_owned(),
        (name, "") => format!("\"{name}\""),
        (name, number) => format!("\"{name}\" <{number}>"),
    }
}

/// A channel's name without the number that makes it unique: `PJSIP/alice` of `PJSIP/alice-00000001`. The halves of a
/// Local channel keep their `;1` and `;2`.
pub(crate) fn endpoint(name: &str) -> String {
    let (base, half) = name.split_once(';').map_or((name, ""), |(base, half)| (base, half));
    let base = match base.rsplit_once('-') {
        Some((base, number)) if number.len() >= 8 && is_number(number) => base,
        _ => base,
    };
    if half.is_empty() { base.to_owned() } else { format!("{base};{half}") }
}

fn is_number(text: &str) -> bool {
    text.trim_start_matches("0x").chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_lose_their_number_alone() {
        for (name, expected) in [
            ("PJSIP/alice-00000001", "PJSIP/alice"),
            ("PJSIP/sales-team", "PJSIP/sales-team"),
            ("Local/echo@default-0000000a;2", "Local/echo@default;2"),
            ("UnicastRTP/127.0.0.1:4000-0x7f6be4028960", "UnicastRTP/127.0.0.1:4000"),
            ("", ""),
        ] {
            assert_eq!(endpoint(name), expected);
        }
    }

    #[test]
    fn what_is_no_event_is_none() {
        for text in ["", "[1]", "{}", r#"{"type": 1}"#, "{"] {
            assert!(Event::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn bridges_are_found_in_members_and_targets() {
        let event = Event::parse(r#"{"type": "X", "playback": {"target_uri": "bridge:b1"}}"#).unwrap();
        assert_eq!((event.bridges().collect::<Vec<_>>(), event.target("channel")), (vec!["b1"], None));
        let event = Event::parse(r#"{"type": "X", "to": {"id": "b2", "bridge_type": "mixing"}}"#).unwrap();
        assert_eq!(event.bridges().collect::<Vec<_>>(), ["b2"]);
    }
}
