//! What came and went at which releases, step by step.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::Availability;
use crate::release::Release;

/// Kinds of items in the order of lists, singular and plural.
pub(super) const KINDS: [(&str, &str); 6] = [
    ("operation", "operations"),
    ("parameter", "parameters"),
    ("event", "events"),
    ("model", "models"),
    ("property", "properties"),
    ("value", "values"),
];

/// What came or went at releases of several branches that are one step in the history of the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step<'a> {
    /// The releases, one a branch.
    pub releases: Vec<Release>,
    /// Items that came.
    pub came: BTreeSet<&'a str>,
    /// Items that went.
    pub gone: BTreeSet<&'a str>,
}

/// An item with those of a list that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'a> {
    /// Its kind, such as `operation`. Of `value`, only values are listed, whose place is not in the list.
    pub kind: &'a str,
    /// Its name; for values, the place that takes them.
    pub name: &'a str,
    /// Its parameters or properties, each with its values.
    pub parts: Vec<(&'a str, Vec<&'a str>)>,
    /// Its own values.
    pub values: Vec<&'a str>,
}

impl Availability {
    /// The steps of the history, newest first.
    #[must_use]
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut steps: BTreeMap<Vec<Release>, Step<'_>> = BTreeMap::new();
        for item in self.items() {
            let (came, gone) = (self.came(item), self.gone(item));
            if !came.is_empty() {
                steps.entry(came).or_default().came.insert(item);
            }
            if !gone.is_empty() {
                steps.entry(gone).or_default().gone.insert(item);
            }
        }
        let steps = steps.into_iter().map(|(releases, step)| Step { releases, ..step });
        newest_first(steps)
    }

    /// The releases at which an item came: not the beginning of the record, and not that of a branch where the branch
    /// before had it throughout.
    fn came(&self, item: &str) -> Vec<Release> {
        let spans = self.spans(item);
        let mut continued = true;
        let mut came = Vec::new();
        for branch in self.branches() {
            let of_branch = || spans.iter().filter(|span| span.first.major == branch[0].major);
            came.extend(of_branch().map(|span| span.first).filter(|first| !continued || *first != branch[0]));
            continued = of_branch().any(|span| span.first == branch[0] && span.last.is_none());
        }
        came
    }

    /// The releases at which an item went: within a branch, and with the branch after the last that had it.
    ///
    /// An item that came within that last branch and is still there is no loss of the next: it may have come later.
    fn gone(&self, item: &str) -> Vec<Release> {
        let spans = self.spans(item);
        let mut gone = Vec::new();
        let mut branches = self.branches().peekable();
        while let Some(branch) = branches.next() {
            let of_branch = spans.iter().filter(|span| span.first.major == branch[0].major);
            let ends = of_branch.filter_map(|span| span.last);
            gone.extend(ends.filter_map(|last| branch.iter().find(|release| **release > last)));
            let is_last = spans.last().is_some_and(|span| span.first.major == branch[0].major);
            let surely = spans.last().is_some_and(|span| span.last.is_some() || span.first == branch[0]);
            if let (true, Some(next)) = (is_last && surely, branches.peek()) {
                gone.push(next[0]);
            }
        }
        gone
    }
}

/// Steps by time. Numbers of different branches do not order them; steps that two branches both made do.
fn newest_first<'a>(steps: impl Iterator<Item = Step<'a>>) -> Vec<Step<'a>> {
    let older = |one: &[Release], other: &[Release]| {
        one.iter().any(|release| other.iter().any(|second| second.major == release.major && release < second))
    };
    let mut sorted: Vec<Step<'a>> = Vec::new();
    for step in steps {
        let position = sorted.iter().position(|placed| older(&step.releases, &placed.releases));
        sorted.insert(position.unwrap_or(sorted.len()), step);
    }
    sorted.reverse();
    sorted
}

/// How many items of each kind there are: `1 operation, 2 parameters`.
#[must_use]
pub fn counted(items: &BTreeSet<&str>) -> String {
    let counts = KINDS.iter().filter_map(|(kind, plural)| {
        let count = items.iter().filter(|item| kind_of(item) == *kind).count();
        (count > 0).then(|| format!("{count} {}", if count == 1 { kind } else { plural }))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// The items of a list, each with its parts.
#[must_use]
pub fn grouped<'a>(items: &BTreeSet<&'a str>) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    for (kind, _) in KINDS {
        if kind == "value" {
            let places: BTreeSet<&str> = items.iter().filter_map(|item| value(item)).map(|(place, _)| place).collect();
            let places = places.into_iter().filter(|place| !has_parent(&format!("value {place} x"), items));
            groups.extend(places.map(|name| Group { kind, name, parts: Vec::new(), values: values(name, items) }));
            continue;
        }
        let of_kind = items.iter().filter(|item| kind_of(item) == kind && !has_parent(item, items));
        groups.extend(of_kind.map(|item| {
            let name = name_of(item);
            Group { kind, name, parts: parts(name, items), values: values(name, items) }
        }));
    }
    groups
}

pub(super) fn kind_of(item: &str) -> &str {
    item.split(' ').next().unwrap_or_default()
}

/// An item without its kind; that of a value is the place that takes it.
pub(super) fn name_of(item: &str) -> &str {
    item.split(' ').nth(1).unwrap_or_default()
}

/// The place that takes a value, and the value.
fn value(item: &str) -> Option<(&str, &str)> {
    item.strip_prefix("value ")?.split_once(' ')
}

/// Whether what an item belongs to is among the items.
fn has_parent(item: &str, items: &BTreeSet<&str>) -> bool {
    let name = name_of(item);
    let owner = name.rsplit_once('.').map_or("", |(owner, _)| owner);
    let parents = match kind_of(item) {
        "parameter" => vec![format!("operation {owner}")],
        "property" => vec![format!("model {owner}"), format!("event {owner}")],
        "value" => vec![format!("parameter {name}"), format!("property {name}")],
        _ => Vec::new(),
    };
    parents.iter().any(|parent| items.contains(parent.as_str()))
}

/// The parameters or properties of an operation, event or model, with their values.
fn parts<'a>(owner: &str, items: &BTreeSet<&'a str>) -> Vec<(&'a str, Vec<&'a str>)> {
    let own = |item: &&&str| {
        matches!(kind_of(item), "parameter" | "property")
            && name_of(item).rsplit_once('.').is_some_and(|(found, _)| found == owner)
    };
    let part = |item: &&'a str| {
        let name = name_of(item);
        (name.rsplit('.').next().unwrap_or(name), values(name, items))
    };
    items.iter().filter(own).map(part).collect()
}

fn values<'a>(place: &str, items: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let values = items.iter().filter_map(|item| value(item)).filter(|(found, _)| *found == place);
    values.map(|(_, value)| value).collect()
}
