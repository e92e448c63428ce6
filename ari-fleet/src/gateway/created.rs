//! What a command creates, and for which call.

use ari_bindings::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::facts::Name;

/// A kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Channel,
    Bridge,
    Playback,
    Recording,
}

/// Something that a command creates.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Created {
    kind: Kind,
    /// Absent if Asterisk gives it one.
    name: Option<String>,
    /// What it belongs to.
    of: Option<(Kind, String)>,
}

impl Created {
    pub(super) fn name(&self) -> Option<Name<'_>> {
        self.name.as_deref().map(|name| self.kind.name(name))
    }

    pub(super) fn of(&self) -> Option<Name<'_>> {
        self.of.as_ref().map(|(kind, name)| kind.name(name))
    }

    /// Takes the name from the reply; returns whether it is there.
    pub(super) fn take_name(&mut self, reply: &[u8]) -> bool {
        let member = if self.kind == Kind::Recording { "name" } else { "id" };
        let reply: Option<Value> = serde_json::from_slice(reply).ok();
        self.name = reply.as_ref().and_then(|reply| reply.get(member)?.as_str()).map(str::to_owned);
        self.name.is_some()
    }
}

impl Kind {
    fn name(self, name: &str) -> Name<'_> {
        match self {
            Self::Channel => Name::Channel(name),
            Self::Bridge => Name::Bridge(name),
            Self::Playback => Name::Playback(name),
            Self::Recording => Name::Recording(name),
        }
    }
}

/// What a command creates.
pub(super) fn by(method: Method, path: &str, query: &[(String, String)], body: Option<&Value>) -> Vec<Created> {
    if method != Method::Post {
        return Vec::new();
    }
    let segments = segments(path);
    let segments: Vec<_> = segments.iter().map(String::as_str).collect();
    let given = |name: &str| {
        let member = || body?.get(name)?.as_str().map(str::to_owned);
        let value = query.iter().find(|(present, _)| present == name).map(|(_, value)| value.clone());
        value.or_else(member).filter(|value| !value.is_empty())
    };
    let one = |kind, name, of| vec![Created { kind, name, of }];
    let originated = |name: Option<String>| {
        if given("app").is_none() {
            // It goes into the dialplan: no application gets its events.
            return Vec::new();
        }
        let of = given("originator").map(|id| (Kind::Channel, id));
        let first = name.clone();
        let mut created = one(Kind::Channel, name, of.clone());
        if let Some(other) = given("otherChannelId") {
            created.push(Created {
                kind: Kind::Channel,
                name: Some(other),
                of: of.or(first.map(|id| (Kind::Channel, id))),
            });
        }
        created
    };
    match *segments {
        ["channels"] | ["channels", "create"] => originated(given("channelId")),
        ["channels", "externalMedia"] => one(Kind::Channel, given("channelId"), None),
        ["channels", id] => originated(Some(id.to_owned())),
        ["channels", id, "snoop"] => one(Kind::Channel, given("snoopId"), Some((Kind::Channel, id.to_owned()))),
        ["channels", id, "snoop", snoop] => {
            one(Kind::Channel, Some(snoop.to_owned()), Some((Kind::Channel, id.to_owned())))
        }
        ["bridges"] => one(Kind::Bridge, given("bridgeId"), None),
        ["bridges", id] => one(Kind::Bridge, Some(id.to_owned()), None),
        [of, id, "play"] => one(Kind::Playback, given("playbackId"), target(of, id)),
        [of, id, "play", playback] => one(Kind::Playback, Some(playback.to_owned()), target(of, id)),
        [of, id, "record"] => one(Kind::Recording, given("name"), target(of, id)),
        _ => Vec::new(),
    }
}

/// The bridge that a command destroys.
pub(super) fn destroyed(method: Method, path: &str) -> Option<String> {
    match &*segments(path) {
        [bridges, id] if method == Method::Delete && bridges == "bridges" => Some(id.clone()),
        _ => None,
    }
}

/// The bridge and the channels that a command puts into it.
pub(super) fn joined(
    method: Method,
    path: &str,
    query: &[(String, String)],
    body: Option<&Value>,
) -> Vec<(String, String)> {
    let segments = segments(path);
    let [bridges, bridge, add] = &*segments else { return Vec::new() };
    if method != Method::Post || bridges != "bridges" || add != "addChannel" {
        return Vec::new();
    }
    let named = query.iter().filter(|(name, _)| name == "channel").flat_map(|(_, value)| value.split(','));
    let listed = match body.and_then(|body| body.get("channel")) {
        Some(Value::Array(channels)) => channels.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(channels)) => channels.split(',').collect(),
        _ => Vec::new(),
    };
    named.chain(listed).map(|channel| (bridge.clone(), channel.to_owned())).collect()
}

fn target(resource: &str, id: &str) -> Option<(Kind, String)> {
    match resource {
        "channels" => Some((Kind::Channel, id.to_owned())),
        "bridges" => Some((Kind::Bridge, id.to_owned())),
        _ => None,
    }
}

pub(super) fn segments(path: &str) -> Vec<String> {
    let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    path.trim_matches('/').split('/').map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Vec<Created> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        by(Method::Post, path, &query, body)
    }

    #[test]
    fn by_finds_what_commands_create() {
        let query = [("app", "a"), ("channelId", "l"), ("originator", "1.2"), ("otherChannelId", "m")];
        let leg = one("/channels/create", &query, None);
        let names: Vec<_> = leg.iter().map(|created| (created.name(), created.of())).collect();
        let caller = Some(Name::Channel("1.2"));
        assert_eq!(names, [(Some(Name::Channel("l")), caller), (Some(Name::Channel("m")), caller)]);
        let playback = one("/bridges/b%2F1/play/p", &[], None);
        assert_eq!((playback[0].name(), playback[0].of()), (Some(Name::Playback("p")), Some(Name::Bridge("b/1"))));
        let recording = one("/channels/1.2/record", &[], Some(&json!({ "name": "r" })));
        assert_eq!((recording[0].name(), recording[0].of()), (Some(Name::Recording("r")), caller));
        assert_eq!(one("/bridges", &[("bridgeId", "b")], None)[0].name(), Some(Name::Bridge("b")));
        assert_eq!(one("/channels/1.2/snoop", &[("snoopId", "s")], None)[0].name(), Some(Name::Channel("s")));
        assert!(one("/channels/1.2/answer", &[], None).is_empty());
        assert!(one("/channels", &[("channelId", "l"), ("extension", "100")], None).is_empty(), "in the dialplan");
        assert!(by(Method::Get, "/channels", &[], None).is_empty());
    }

    #[test]
    fn names_that_asterisk_gives_are_in_the_reply() {
        let mut created = one("/channels/1.2/play", &[], None);
        assert_eq!(created[0].name(), None);
        assert!(created[0].take_name(br#"{"id":"p"}"#));
        assert_eq!(created[0].name(), Some(Name::Playback("p")));
        assert!(!created[0].take_name(b"no JSON"));
    }

    #[test]
    fn joined_finds_channels_in_query_and_body() {
        let query = [("channel".to_owned(), "1,2".to_owned())];
        let body = json!({ "channel": ["3"] });
        let joined = joined(Method::Post, "/bridges/b/addChannel", &query, Some(&body));
        let channels: Vec<_> = joined.iter().map(|(_, channel)| channel.as_str()).collect();
        assert_eq!(channels, ["1", "2", "3"]);
        assert_eq!(destroyed(Method::Delete, "/bridges/b").as_deref(), Some("b"));
        assert_eq!(destroyed(Method::Delete, "/channels/b"), None);
    }
}
