//! Since when the items of the API are there, computed from the declarations of all releases.
//!
//! Items are named `operation channels.play`, `parameter channels.play.lang`, `model Channel`, `event StasisStart`,
//! `property Channel.tenantid`, `value Playback.state paused` and `value channels.mute.direction both`, by their names
//! on the wire.
//!
//! ```
//! use ari_bindings::{Release, availability};
//!
//! let since = availability::since("operation channels.progress").unwrap();
//! assert_eq!(since.first(), Some(&Release::new(20, 16, 0)));
//! assert_eq!(availability::has("operation channels.progress", Release::new(16, 28, 0)), Some(false));
//! ```

use crate::Release;
use crate::generated::availability::{ITEMS, NEWEST};

/// The first release of each branch that has an item; `None` for what is no item.
///
/// The branches are those of [`SUPPORTED_RELEASES`](crate::SUPPORTED_RELEASES).
#[must_use]
pub fn since(item: &str) -> Option<&'static [Release]> {
    let at = ITEMS.binary_search_by_key(&item, |(name, _)| name).ok()?;
    Some(ITEMS[at].1)
}

/// Whether a release has an item; `None` where that is not known, as for a release that is newer than the bindings or
/// of another branch.
#[must_use]
pub fn has(item: &str, release: Release) -> Option<bool> {
    let since = since(item)?;
    let newest = NEWEST.iter().find(|newest| newest.major == release.major)?;
    match since.iter().find(|first| first.major == release.major) {
        Some(first) if release >= *first => Some(true),
        _ if release > *newest => None,
        _ => Some(false),
    }
}

/// Every item, in order, with the first release of each branch that has it.
pub fn items() -> impl Iterator<Item = (&'static str, &'static [Release])> {
    ITEMS.iter().copied()
}

/// What a client does about requests and parameters that its server does not have.
///
/// It can only know once [`Client::server_version`](crate::Client::server_version) has asked the server for its release. Where that is
/// newer than the bindings, or unknown, nothing is ever refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AvailabilityCheck {
    /// Sends them. Asterisk answers 404 to an operation that it does not have, and silently ignores a parameter.
    Off,
    /// Sends them, and says so in a warning by `tracing`.
    Warn,
    /// Does not send them: [`Error::Unavailable`](crate::Error::Unavailable). This is the default, because an ignored parameter is a fault that
    /// nobody sees.
    #[default]
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_found_and_in_order() {
        assert!(ITEMS.is_sorted_by(|(a, _), (b, _)| a < b));
        for (item, releases) in items() {
            assert_eq!(since(item), Some(releases));
        }
        assert_eq!(since("operation channels.sing"), None);
    }

    #[test]
    fn unknown_availability_is_none() {
        let claim = "operation events.claimChannel";
        assert_eq!(has(claim, Release::new(22, 9, 0)), Some(false));
        assert_eq!(has(claim, Release::new(22, 10, 1)), Some(true));
        assert_eq!(has(claim, Release::new(21, 12, 3)), Some(false));
        assert_eq!(has(claim, Release::new(21, 99, 0)), None, "newer than the bindings");
        assert_eq!(has(claim, Release::new(99, 0, 0)), None, "a newer branch");
        assert_eq!(has(claim, Release::new(17, 0, 0)), None, "another branch");
        assert_eq!(has("no item", Release::new(22, 0, 0)), None);
    }
}
