//! The rules applied: each change becomes a finding with its two levels.

use std::cmp::Reverse;

use super::change::Change;
use super::declared::Declared;
use super::rules::{self, Audience, Level, Rule};

/// A change and its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What changed.
    pub change: Change,
    /// The rule that it falls under; the graver one, where what changed travels both ways.
    pub rule: &'static Rule,
    /// How much it matters to clients.
    pub wire: Level,
    /// How much it matters to users of the bindings.
    pub rust: Level,
    /// Why it is accepted, if it is.
    pub accepted: Option<String>,
}

impl Finding {
    /// How much it matters to an audience.
    #[must_use]
    pub fn level(&self, audience: Audience) -> Level {
        match audience {
            Audience::Wire => self.wire,
            Audience::Rust => self.rust,
        }
    }

    /// The highest of the levels.
    #[must_use]
    pub fn worst(&self) -> Level {
        self.wire.max(self.rust)
    }
}

/// What was found between two releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The old release, as headings call it.
    pub old: String,
    /// The new release, as headings call it.
    pub new: String,
    /// What was found: by resource, gravest first, then in the order of the declarations.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Findings that were not accepted.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted.is_none())
    }

    /// How many open findings matter this much to an audience.
    #[must_use]
    pub fn count(&self, audience: Audience, level: Level) -> usize {
        self.open().filter(|finding| finding.level(audience) == level).count()
    }

    /// Whether an open finding matters this much to an audience, or more.
    #[must_use]
    pub fn reaches(&self, audience: Audience, level: Level) -> bool {
        self.open().any(|finding| finding.level(audience) >= level)
    }

    /// Findings by resource; those that concern the release as a whole come first, without one.
    #[must_use]
    pub fn groups(&self) -> Vec<(Option<&str>, Vec<&Finding>)> {
        let mut groups: Vec<(Option<&str>, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            let resource = finding.change.resource.as_deref();
            match groups.last_mut() {
                Some((known, findings)) if *known == resource => findings.push(finding),
                _ => groups.push((resource, vec![finding])),
            }
        }
        groups
    }

    /// The rules that were met with at least this level, in the order of the table.
    #[must_use]
    pub fn rules(&self, level: Level) -> Vec<&'static Rule> {
        let met = |rule: &&Rule| self.findings.iter().any(|found| found.rule.id == rule.id && found.worst() >= level);
        rules::all().filter(met).collect()
    }
}

/// Judges the changes between two releases.
#[must_use]
pub fn judge(old: &Declared, new: &Declared, changes: Vec<Change>) -> Report {
    let mut findings: Vec<Finding> = changes.into_iter().filter_map(finding).collect();
    findings.sort_by(|a, b| {
        let key = |found: &Finding| (Reverse(found.worst()), Reverse(found.wire));
        a.change.resource.cmp(&b.change.resource).then_with(|| key(a).cmp(&key(b)))
    });
    Report { old: old.title(), new: new.title(), findings }
}

/// Every kind of change has a rule for every way to travel; a test holds the table to it.
fn finding(change: Change) -> Option<Finding> {
    let of_kind: Vec<&'static Rule> = rules::all().filter(|rule| rule.kind == change.kind).collect();
    let met = of_kind.iter().filter(|rule| of_kind.len() == 1 || rule.direction.meets(change.uses)).copied();
    let met: Vec<&'static Rule> = met.collect();
    let rule = *met.iter().max_by_key(|rule| (rule.wire, rule.rust))?;
    let level = |audience| met.iter().map(|rule| rule.level(audience)).max().unwrap_or(Level::Note);
    // What is used nowhere does not travel.
    let wire = if of_kind.len() > 1 && !change.uses.any() { Level::Note } else { level(Audience::Wire) };
    Some(Finding { rust: level(Audience::Rust), rule, wire, accepted: None, change })
}
