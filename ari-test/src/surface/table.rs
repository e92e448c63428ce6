//! The types of the generated table.

use ari_bindings::{Release, availability};

/// An operation as it is declared.
#[derive(Debug, PartialEq)]
pub(crate) struct Operation {
    /// Such as `channels`.
    pub(crate) resource: &'static str,
    /// Such as `playWithId`.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// Such as `/channels/{channelId}`.
    pub(crate) path: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// Whether it makes the connection an event connection.
    pub(crate) opens_events: bool,
    /// The modules of Asterisk without which it is not there.
    pub(crate) modules: &'static [&'static str],
    /// The first release of each branch that has it.
    pub(crate) since: &'static [Release],
}

#[derive(Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) location: Location,
    pub(crate) kind: Kind,
    /// Whether it takes several values, separated by commas.
    pub(crate) list: bool,
    /// The first release of each branch that has it, where they differ from the operation's.
    pub(crate) since: Option<&'static [Release]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    /// The query, a form, or a member of a JSON body.
    Query,
    /// A JSON body or a member of one.
    Body,
    /// A JSON body that is an event filter as a whole.
    Filter,
}

/// What Asterisk reads a value of the query as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Long,
    Boolean,
}

impl Operation {
    pub(crate) fn is_in(&self, release: Release) -> bool {
        is_in(self.since, release)
    }

    /// Its name with that of its resource: `channels.play`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.resource, self.name)
    }
}

impl Parameter {
    pub(crate) const fn path(name: &'static str) -> Self {
        Self::new(name, Location::Path, Kind::Text)
    }

    pub(crate) const fn query(name: &'static str, kind: Kind) -> Self {
        Self::new(name, Location::Query, kind)
    }

    pub(crate) const fn body(name: &'static str) -> Self {
        Self::new(name, Location::Body, Kind::Text)
    }

    pub(crate) const fn filter(name: &'static str) -> Self {
        Self::new(name, Location::Filter, Kind::Text)
    }

    const fn new(name: &'static str, location: Location, kind: Kind) -> Self {
        Self { name, location, kind, list: false, since: None }
    }

    pub(crate) const fn list(self) -> Self {
        Self { list: true, ..self }
    }

    pub(crate) const fn since(self, since: &'static [Release]) -> Self {
        Self { since: Some(since), ..self }
    }

    pub(crate) fn is_in(&self, release: Release) -> bool {
        self.since.is_none_or(|since| is_in(since, release))
    }
}

/// Whether a release has an item of the API, such as `property Channel.tenantid`. None has an item that does not exist.
pub(crate) fn has(item: &str, release: Release) -> bool {
    let found = availability::find(item);
    debug_assert!(found.is_some(), "the API has no {item}");
    found.is_some_and(|item| is_in(item.since(), release))
}

/// Whether a release has what these first releases have. A branch newer than all of them has it, too.
fn is_in(since: &[Release], release: Release) -> bool {
    match since.iter().find(|first| first.major == release.major) {
        Some(first) => release >= *first,
        None => since.iter().all(|first| first.major < release.major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_goes_by_the_first_release_of_each_branch() {
        for (release, expected) in [("15.0.0", false), ("20.13.0", false), ("22.10.1", true), ("99.0.0", true)] {
            assert_eq!(has("event RESTResponse", release.parse().unwrap()), expected, "{release}");
        }
    }

    #[test]
    #[should_panic(expected = "the API has no event Nothing")]
    fn has_finds_its_item() {
        has("event Nothing", Release::new(22, 10, 1));
    }
}
