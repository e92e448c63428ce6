//! What an event says about which objects it concerns.

use std::borrow::Cow;

use serde::Deserialize;

/// The members of an event that routing needs. All else is passed on unread, so that events of any release are routed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Facts<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) application: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) args: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) channel: Option<Object<'a>>,
    #[serde(borrow)]
    pub(super) replace_channel: Option<Object<'a>>,
    #[serde(borrow)]
    pub(super) bridge: Option<Object<'a>>,
    #[serde(borrow)]
    playback: Option<Object<'a>>,
    #[serde(borrow)]
    recording: Option<Object<'a>>,
    #[serde(borrow)]
    caller: Option<Object<'a>>,
    #[serde(borrow)]
    peer: Option<Object<'a>>,
    #[serde(borrow)]
    forwarded: Option<Object<'a>>,
    #[serde(borrow)]
    bridge_from: Option<Object<'a>>,
    #[serde(borrow)]
    transferee: Option<Object<'a>>,
    #[serde(borrow)]
    transferer: Option<Object<'a>>,
    #[serde(borrow)]
    transferer_first_leg: Option<Object<'a>>,
    #[serde(borrow)]
    transferer_second_leg: Option<Object<'a>>,
    #[serde(borrow)]
    transfer_target: Option<Object<'a>>,
}

/// A channel, a bridge, a playback or a recording.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Object<'a> {
    #[serde(borrow, default)]
    pub(super) id: Cow<'a, str>,
    /// Of a recording.
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    /// Of a playback or recording: `channel:ID` or `bridge:ID`.
    #[serde(borrow, default)]
    target_uri: Cow<'a, str>,
}

/// A name of something of Asterisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Channel(&'a str),
    Bridge(&'a str),
    Playback(&'a str),
    Recording(&'a str),
}

impl<'a> Facts<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The channel's id.
    pub(super) fn channel_id(&self) -> Option<&str> {
        self.channel.as_ref().map(|channel| &*channel.id).filter(|id| !id.is_empty())
    }

    /// All that the event names, what it is about first. Everything named belongs to one call, as far as it belongs to any.
    pub(super) fn names(&self) -> Vec<Name<'_>> {
        let mut names = Vec::with_capacity(4);
        for (media, name) in [
            (&self.playback, self.playback.as_ref().map(|playback| Name::Playback(&playback.id))),
            (&self.recording, self.recording.as_ref().map(|recording| Name::Recording(&recording.name))),
        ] {
            names.extend(name);
            names.extend(media.as_ref().and_then(|media| target(&media.target_uri)));
        }
        let channels = [
            &self.channel,
            &self.replace_channel,
            &self.peer,
            &self.caller,
            &self.forwarded,
            &self.transferer,
            &self.transferer_first_leg,
            &self.transferer_second_leg,
            &self.transferee,
            &self.transfer_target,
        ];
        names.extend(channels.into_iter().flatten().map(|channel| Name::Channel(&channel.id)));
        names.extend([&self.bridge, &self.bridge_from].into_iter().flatten().map(|bridge| Name::Bridge(&bridge.id)));
        names.retain(|name| !name.text().is_empty());
        names
    }
}

impl<'a> Name<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Channel(name) | Self::Bridge(name) | Self::Playback(name) | Self::Recording(name) => name,
        }
    }
}

fn target(uri: &str) -> Option<Name<'_>> {
    match uri.split_once(':')? {
        ("channel", id) => Some(Name::Channel(id)),
        ("bridge", id) => Some(Name::Bridge(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_playback_are_its_id_and_its_target() {
        let text =
            r#"{"type":"PlaybackStarted","application":"a","playback":{"id":"p","target_uri":"channel:1.2","x":[1]}}"#;
        let facts = Facts::read(text).unwrap();
        assert_eq!((&*facts.kind, &*facts.application), ("PlaybackStarted", "a"));
        assert_eq!(facts.names(), [Name::Playback("p"), Name::Channel("1.2")]);
    }

    #[test]
    fn escaped_and_absent_names_are_read() {
        let facts = Facts::read(r#"{"type":"Dial","peer":{"id":"\u0061","name":"x"},"caller":null}"#).unwrap();
        assert_eq!(facts.names(), [Name::Channel("a")]);
        assert!(facts.channel_id().is_none() && facts.application.is_empty());
        assert!(Facts::read("no event").is_err());
    }
}
