//! The table of rules: the level of each kind of change, for each audience.
//!
//! Two audiences. *Wire*: does a client, in any language, that was written for the old release keep working against
//! the new one? *Rust*: what happens to the public API of bindings that are generated from the new release instead of
//! the old one? Bindings that keep the old release beside the new one change less: there an item stays while any
//! supported release has it, and is optional unless all of them require it.

mod bodies;
mod models;
mod operations;
mod parameters;
mod properties;
mod releases;

use std::fmt;
use std::str::FromStr;

use super::change::Kind;
use super::direction::Uses;

/// How much a change matters, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something to know.
    Note,
    /// Growth that breaks nobody.
    Add,
    /// Breaks some.
    Risk,
    /// Breaks programs that use it.
    Break,
}

impl Level {
    /// From most to least.
    pub const ALL: [Self; 4] = [Self::Break, Self::Risk, Self::Add, Self::Note];

    /// Its name in reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Add => "add",
            Self::Risk => "risk",
            Self::Break => "break",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|level| level.name() == text);
        known.ok_or_else(|| format!("`{text}` is not a level: expected break, risk, add or note"))
    }
}

/// Whom a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Clients in any language, at run time.
    Wire,
    /// Users of the bindings, at compile time.
    Rust,
}

/// Which way the subject of a rule travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It does not travel.
    Release,
    /// To the server.
    Request,
    /// From the server, as a reply.
    Reply,
    /// From the server, as an event.
    Event,
    /// From the server, as a reply or in an event.
    Received,
    /// Either way.
    Any,
}

impl Direction {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Request => "request",
            Self::Reply => "reply",
            Self::Event => "event",
            Self::Received => "reply, event",
            Self::Any => "any",
        }
    }

    /// Whether something that travels in these ways falls under it; what is used nowhere counts as received.
    pub(super) fn meets(self, uses: Uses) -> bool {
        match self {
            Self::Release | Self::Any => true,
            Self::Request => uses.request,
            Self::Reply => uses.reply,
            Self::Event => uses.event,
            Self::Received => uses.reply || uses.event || !uses.any(),
        }
    }
}

/// What a kind of change means.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// The kind of change that it is about.
    pub kind: Kind,
    /// Which way the subject travels.
    pub direction: Direction,
    /// How much it matters to clients.
    pub wire: Level,
    /// How much it matters to users of the bindings.
    pub rust: Level,
    /// What it detects.
    pub detects: &'static str,
    /// Why it matters to clients.
    pub wire_why: &'static str,
    /// Why it matters to users of the bindings.
    pub rust_why: &'static str,
    /// What to do.
    pub advice: &'static str,
}

impl Rule {
    /// How much it matters to an audience.
    #[must_use]
    pub fn level(&self, audience: Audience) -> Level {
        match audience {
            Audience::Wire => self.wire,
            Audience::Rust => self.rust,
        }
    }
}

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [releases::RULES, operations::RULES, parameters::RULES, models::RULES, properties::RULES, bodies::RULES]
        .into_iter()
        .flatten()
}

/// The rule with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_rule_for_whichever_way_it_travels() {
        for kind in Kind::ALL {
            let rules: Vec<&Rule> = all().filter(|rule| rule.kind == *kind).collect();
            let met = |uses| rules.len() == 1 || rules.iter().any(|rule| rule.direction.meets(uses));
            assert!(!rules.is_empty(), "{kind:?} has no rule");
            assert!([Uses::default(), Uses::REQUEST, Uses::REPLY, Uses::EVENT].into_iter().all(met), "{kind:?}");
        }
    }

    #[test]
    fn ids_are_unique_and_texts_are_sentences() {
        let ids: BTreeSet<&str> = all().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), all().count());
        for rule in all() {
            for text in [rule.wire_why, rule.rust_why, rule.advice] {
                assert!(text.ends_with('.') && text.len() > 7, "{}: {text}", rule.id);
            }
        }
    }

    #[test]
    fn levels_come_back_as_they_were_written() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        assert!("error".parse::<Level>().is_err());
        assert!(Level::Break > Level::Risk && Level::Risk > Level::Add && Level::Add > Level::Note);
    }
}
