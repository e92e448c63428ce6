//! Since when the items of the API are there, computed from the declarations of all releases.
//!
//! An operation gives its own: [`Operation::availability`](crate::Operation::availability). Everything else is found by
//! its name on the wire: `model Channel`, `event StasisStart`, `property Channel.tenantid`,
//! `value Playback.state paused`, `parameter channels.play.lang`, `value channels.mute.direction both`.
//!
//! ```
//! use ari_bindings::operations::channels::Progress;
//! use ari_bindings::{Release, availability};
//!
//! let progress = Progress::OPERATION.availability().unwrap();
//! assert_eq!(progress.since().first(), Some(&Release::new(20, 16, 0)));
//! assert_eq!(progress.is_in(Release::new(16, 28, 0)), Some(false));
//!
//! let tenant = availability::find("property Channel.tenantid").unwrap();
//! assert_eq!(tenant.is_in(Release::new(22, 10, 1)), Some(true));
//! assert!(availability::find("property Channel.tenant").is_none());
//! ```

use std::fmt;

use crate::Release;
use crate::generated::availability::{ITEMS, NEWEST};

/// An item of the API, with the releases that have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    name: &'static str,
    since: &'static [Release],
}

impl Item {
    /// Its kind and its name on the wire, such as `property Channel.tenantid`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The first release of each branch that has it.
    ///
    /// The branches are those of [`SUPPORTED_RELEASES`](crate::SUPPORTED_RELEASES).
    #[must_use]
    pub fn since(self) -> &'static [Release] {
        self.since
    }

    /// Whether a release has it; `None` if unknown, for a release that is newer than the bindings or of another branch.
    #[must_use]
    pub fn is_in(self, release: Release) -> Option<bool> {
        let newest = NEWEST.iter().find(|newest| newest.major == release.major)?;
        match self.since.iter().find(|first| first.major == release.major) {
            Some(first) if release >= *first => Some(true),
            _ if release > *newest => None,
            _ => Some(false),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The item of this name; `None` if the API has none.
#[must_use]
pub fn find(name: &str) -> Option<Item> {
    let at = ITEMS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    let (name, since) = ITEMS[at];
    Some(Item { name, since })
}

/// All items, ordered by name.
pub fn items() -> impl Iterator<Item = Item> {
    ITEMS.iter().map(|&(name, since)| Item { name, since })
}

/// How a client treats requests and parameters that its server does not have.
///
/// The client knows the server's release once [`Client::server_version`](crate::Client::server_version) has been called.
/// If the release is unknown or newer than the bindings, nothing is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AvailabilityCheck {
    /// Sends them. Asterisk returns 404 for an operation that it does not have, and ignores a parameter.
    Off,
    /// Sends them, and logs a warning.
    Warn,
    /// Refuses them with [`Error::Unavailable`](crate::Error::Unavailable). The default, because an ignored parameter
    /// is easily overlooked.
    #[default]
    Refuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_finds_every_item() {
        assert!(ITEMS.is_sorted_by(|(a, _), (b, _)| a < b));
        for item in items() {
            assert_eq!(find(item.name()), Some(item));
        }
        assert_eq!(find("operation channels.sing"), None);
    }

    #[test]
    fn is_in_leaves_unknown_releases_open() {
        let claim = find("operation events.claimChannel").unwrap();
        assert_eq!(claim.is_in(Release::new(22, 9, 0)), Some(false));
        assert_eq!(claim.is_in(Release::new(22, 10, 1)), Some(true));
        assert_eq!(claim.is_in(Release::new(21, 12, 3)), Some(false));
        assert_eq!(claim.is_in(Release::new(21, 99, 0)), None, "newer than the bindings");
        assert_eq!(claim.is_in(Release::new(99, 0, 0)), None, "a newer branch");
        assert_eq!(claim.is_in(Release::new(17, 0, 0)), None, "another branch");
    }
}
