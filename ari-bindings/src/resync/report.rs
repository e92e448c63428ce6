use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::json;

use crate::Error;
use crate::ids::{BridgeId, ChannelId, PlaybackId, RecordingName};
use crate::models::{Bridge, Channel, LiveRecording, Playback};

/// How what there is on the server differs from what the stream has shown.
///
/// [`Events::resync`](crate::Events::resync) makes one, and so does [`Event::Resynced`](crate::Event::Resynced).
///
/// It covers the channels and bridges that the connection's applications receive events of (all of the server with
/// `subscribe_all`), and the playbacks and recordings whose beginning the stream has shown.
///
/// # Limits
///
/// - Asterisk does not list playbacks and live recordings: those that began in the gap are not found.
/// - Things that both appeared and vanished in the gap leave no trace.
/// - The 10,000 things of each kind shown last are remembered.
/// - Playbacks and recordings are fetched one by one, 16 at a time: a report about thousands takes a while.
/// - The lists are fetched while calls continue: an event that arrives soon after may repeat what is reported here, such
///   as the end of a vanished channel.
/// - What the stream has shown is what this subscriber has taken from it, and what an event filter held back was not
///   shown.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Resync {
    /// Channels. Vanished are those that have hung up, or left the applications; changed are those in another state.
    pub channels: Differences<ChannelId, Channel>,
    /// Bridges. Changed are those with other channels in them.
    pub bridges: Differences<BridgeId, Bridge>,
    /// Playbacks: vanished are those that have ended, changed those in another state.
    pub playbacks: Differences<PlaybackId, Playback>,
    /// Live recordings: vanished are those that have ended, changed those in another state.
    pub recordings: Differences<RecordingName, LiveRecording>,
    /// Why the server could not be queried; everything else is empty then.
    pub failure: Option<Box<str>>,
}

/// What has vanished, appeared and changed of one kind of thing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Differences<Id, Thing> {
    /// The stream has shown them, and they are not there any more.
    pub vanished: Vec<Id>,
    /// They are there, and the stream has not shown them.
    pub appeared: Vec<Thing>,
    /// The stream has shown them otherwise; this is how they are now.
    pub changed: Vec<Thing>,
    /// All that exist on the server, sorted: channels and bridges whether or not the applications receive their events,
    /// playbacks and recordings as far as the stream has shown them.
    pub existing: Vec<Id>,
}

impl Resync {
    pub(crate) fn failed(error: &Error) -> Self {
        tracing::warn!("what a gap in the events has changed cannot be found out: {}", error.with_causes());
        Self { failure: Some(error.with_causes().into()), ..Self::default() }
    }

    /// Whether nothing differs, as far as could be found out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.bridges.is_empty() && self.playbacks.is_empty() && self.recordings.is_empty()
    }
}

impl<Id, Thing> Differences<Id, Thing> {
    /// Whether nothing has vanished, appeared or changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vanished.is_empty() && self.appeared.is_empty() && self.changed.is_empty()
    }
}

impl<Id, Thing> Default for Differences<Id, Thing> {
    fn default() -> Self {
        Self { vanished: Vec::new(), appeared: Vec::new(), changed: Vec::new(), existing: Vec::new() }
    }
}

impl<Id, Thing> fmt::Display for Differences<Id, Thing> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vanished, appeared, changed, .. } = self;
        write!(f, "{} vanished, {} appeared, {} changed", vanished.len(), appeared.len(), changed.len())
    }
}

impl fmt::Display for Resync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failure) = &self.failure {
            return write!(f, "what has changed is not known: {failure}");
        }
        let Self { channels, bridges, playbacks, recordings, .. } = self;
        write!(f, "channels: {channels}; bridges: {bridges}; playbacks: {playbacks}; recordings: {recordings}")
    }
}

impl Serialize for Resync {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "type": "Resynced",
            "channels": self.channels,
            "bridges": self.bridges,
            "playbacks": self.playbacks,
            "recordings": self.recordings,
            "failure": self.failure,
        })
        .serialize(serializer)
    }
}

impl<Id: Serialize, Thing: Serialize> Serialize for Differences<Id, Thing> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "vanished": self.vanished, "appeared": self.appeared, "changed": self.changed }).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_difference_makes_a_report_not_empty() {
        let empty = Resync::default;
        assert!(empty().is_empty());
        let with = |change: fn(&mut Resync)| {
            let mut resync = empty();
            change(&mut resync);
            resync
        };
        for resync in [
            with(|resync| resync.channels.vanished.push("c".into())),
            with(|resync| resync.bridges.vanished.push("b".into())),
            with(|resync| resync.playbacks.vanished.push("p".into())),
            with(|resync| resync.recordings.vanished.push("r".into())),
        ] {
            assert!(!resync.is_empty(), "{resync}");
        }
        assert!(with(|resync| resync.channels.existing.push("c".into())).is_empty());
    }

    #[test]
    fn each_kind_of_difference_counts() {
        let differences = |vanished: &[u8], appeared: &[u8], changed: &[u8]| Differences {
            vanished: vanished.to_vec(),
            appeared: appeared.to_vec(),
            changed: changed.to_vec(),
            existing: vec![1],
        };
        assert!(differences(&[], &[], &[]).is_empty());
        for differences in [differences(&[1], &[], &[]), differences(&[], &[1], &[]), differences(&[], &[], &[1])] {
            assert!(!differences.is_empty(), "{differences}");
        }
    }
}
