//! Ids and names that the server assigns.

use super::World;

/// What ids and names are numbered with.
#[derive(Debug, Default)]
pub(super) struct Ids {
    unique: u64,
    local: u32,
    other: u32,
}

impl World {
    /// The id of a channel that was given none, such as `1767225600.1`.
    pub(super) fn unique_id(&mut self) -> String {
        let id = format!("{}.{}", self.clock.epoch(), self.ids.unique);
        self.ids.unique += 1;
        id
    }

    /// The id of a playback or bridge that was given none.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.random.u64(..), self.random.u64(..));
        let version = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let variant = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let text = format!("{version:016x}{variant:016x}");
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }

    /// The number in the names of both halves of a Local channel.
    pub(super) fn local_number(&mut self) -> u32 {
        self.ids.local += 1;
        self.ids.local - 1
    }

    /// The number in the name of any other channel.
    pub(super) fn channel_number(&mut self) -> u32 {
        self.ids.other += 1;
        self.ids.other - 1
    }

    /// Whether a new channel may have this id: no living channel's id may begin with it, whatever the case.
    pub(super) fn is_free(&self, id: &str) -> bool {
        let is_prefix = |other: &str| other.get(..id.len()).is_some_and(|start| start.eq_ignore_ascii_case(id));
        let taken = if self.traits.ids_are_prefixes {
            self.channels.keys().any(|other| is_prefix(other))
        } else {
            self.channels.contains_key(id)
        };
        !taken && !self.bridges.contains_key(id)
    }
}
