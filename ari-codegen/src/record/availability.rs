//! Which releases declare what, over all releases ever imported.
//!
//! `api-docs/` keeps the declarations of a few releases, one a branch, but of every imported release what it declares.
//! The record is a set of facts (this release declares that item), so importing in any order gives the same text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::api::{Api, Presence};
use crate::diagnostic::{Diagnostics, Span};
use crate::fixups::{Fix, Fixup};
use crate::json::Source;
use crate::release::Release;

const HEADER: &str = "\
# Which releases declare what; written by `cargo xtask import`.
# After the releases looked at: the first release of each branch with the items below it (`A..B` where it ends with B).
";

/// What each release declares.
///
/// Items are `operation RESOURCE.NICKNAME`, `parameter RESOURCE.NICKNAME.NAME`, `model NAME`, `event NAME`,
/// `property MODEL.NAME`, `value MODEL.PROPERTY VALUE` and `value RESOURCE.NICKNAME.PARAMETER VALUE`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Availability {
    releases: Presence,
    items: BTreeMap<String, Presence>,
}

impl Availability {
    /// Records what a release declares, in place of what was recorded of it before.
    pub fn record(&mut self, release: Release, declared: &Api) {
        self.releases.insert(release);
        self.items.retain(|_, releases| {
            releases.remove(&release);
            !releases.is_empty()
        });
        for item in items(declared) {
            self.items.entry(item).or_default().insert(release);
        }
    }

    /// Adds what servers have according to fixups, in the releases where the item that they extend is declared.
    pub fn extend(&mut self, table: &[Fixup]) {
        for fixup in table {
            for fix in fixup.fixes {
                for (item, parent) in added(*fix) {
                    let declared = self.items.get(&parent).cloned().unwrap_or_default();
                    let has = declared.into_iter().filter(|release| fixup.releases.contains(*release));
                    self.items.entry(item).or_default().extend(has);
                }
            }
        }
    }

    /// Adds what another record has.
    pub fn include(&mut self, other: &Self) {
        self.releases.extend(&other.releases);
        for (item, releases) in &other.items {
            self.items.entry(item.clone()).or_default().extend(releases);
        }
    }

    /// The last release of each branch that was looked at.
    #[must_use]
    pub fn newest(&self) -> Vec<Release> {
        let last: BTreeMap<u32, Release> = self.releases.iter().map(|release| (release.major, *release)).collect();
        last.into_values().collect()
    }

    /// The first release of each branch that was looked at.
    pub(crate) fn oldest(&self) -> Vec<Release> {
        self.branches().filter_map(|branch| branch.first().copied()).collect()
    }

    /// The items, in order.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// The first release of each branch that has an item.
    #[must_use]
    pub fn since(&self, item: &str) -> Vec<Release> {
        let mut first: BTreeMap<u32, Release> = BTreeMap::new();
        for release in self.items.get(item).into_iter().flatten() {
            first.entry(release.major).or_insert(*release);
        }
        first.into_values().collect()
    }

    /// Whether a property came to some branch after the branch's first release with the model or event that has it.
    pub(crate) fn came_later(&self, holder: &str, property: &str) -> bool {
        let of_property = self.since(&format!("property {holder}.{property}"));
        ["model", "event"].iter().any(|kind| {
            let of_holder = self.since(&format!("{kind} {holder}"));
            // Later in a branch, or not in a branch at all that has the holder.
            of_holder.iter().any(|first| {
                let own = of_property.iter().find(|own| own.major == first.major);
                !of_property.is_empty() && own.is_none_or(|own| own > first)
            })
        })
    }

    /// Since when an item is there, for people: `Since Asterisk 20.20, 22.10, 23.4.`
    ///
    /// Branches that have it from their beginning, as all after them have, are left out after the first of them.
    #[must_use]
    pub fn since_text(&self, item: &str) -> Option<String> {
        let since = self.since(item);
        let first_of_branch = |major| self.releases.iter().find(|release| release.major == major);
        let branches: BTreeSet<u32> = self.releases.iter().map(|release| release.major).collect();
        let from_start = |major: &u32| since.iter().any(|release| first_of_branch(*major) == Some(release));
        let always_from = branches.iter().rev().take_while(|major| from_start(major)).last();
        let listed = since.iter().filter(|release| always_from.is_none_or(|always| release.major <= *always));
        let listed: Vec<String> = listed
            .map(|release| match release {
                Release { major, minor, patch: 0 } => format!("{major}.{minor}"),
                other => other.to_string(),
            })
            .collect();
        let earliest = if since.first() == self.releases.first() { " or earlier" } else { "" };
        (!listed.is_empty()).then(|| format!("Since Asterisk {}{earliest}.", listed.join(", ")))
    }

    /// The releases looked at, branch by branch, oldest first; no branch is empty.
    pub(crate) fn branches(&self) -> impl Iterator<Item = Vec<Release>> {
        let mut branches: BTreeMap<u32, Vec<Release>> = BTreeMap::new();
        for release in &self.releases {
            branches.entry(release.major).or_default().push(*release);
        }
        branches.into_values()
    }

    /// The canonical text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut groups: BTreeMap<Vec<Run>, Vec<&str>> = BTreeMap::new();
        for (item, releases) in &self.items {
            groups.entry(self.runs(releases)).or_default().push(item);
        }
        let mut text = format!("{HEADER}\nreleases {}\n", joined(&self.releases));
        for (spans, items) in groups {
            let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
            let _ = write!(text, "\nsince {}\n", spans.join(" "));
            for item in items {
                let _ = writeln!(text, "  {item}");
            }
        }
        text
    }

    /// The releases looked at, oldest first.
    pub fn releases(&self) -> impl Iterator<Item = Release> {
        self.releases.iter().copied()
    }

    /// The runs of releases that have an item.
    #[must_use]
    pub fn spans(&self, item: &str) -> Vec<Run> {
        self.items.get(item).map(|releases| self.runs(releases)).unwrap_or_default()
    }

    /// Runs of releases without a gap, branch by branch; one that lasts to the branch's end is open.
    fn runs(&self, releases: &Presence) -> Vec<Run> {
        let mut spans: Vec<Run> = Vec::new();
        let mut previous: Option<Release> = None;
        for release in &self.releases {
            let open = spans.last_mut().filter(|span| span.first.major == release.major && span.last.is_none());
            match (open, releases.contains(release)) {
                (Some(span), false) => span.last = previous,
                (None, true) => spans.push(Run { first: *release, last: None }),
                (Some(_), true) | (None, false) => {}
            }
            previous = Some(*release);
        }
        spans
    }

    /// Reads the canonical text.
    ///
    /// # Errors
    /// Lines that are not of its form, each with its place.
    pub fn parse(source: &Source) -> Result<Self, Diagnostics> {
        let mut availability = Self::default();
        let mut diagnostics = Diagnostics::default();
        let mut current = Presence::new();
        for (index, line) in source.text.lines().enumerate() {
            let span = Span { file: source.file.as_str().into(), line: index + 1, column: 1, path: String::new() };
            let read = match line.split_once(' ') {
                _ if line.is_empty() || line.starts_with('#') => Ok(()),
                Some(("releases", rest)) => rest.split(' ').try_for_each(|word| {
                    availability.releases.insert(word.parse()?);
                    Ok(())
                }),
                Some(("since", rest)) => availability.expand(rest).map(|releases| current = releases),
                Some(("", item)) => {
                    // Only the indent goes: values may begin or end with spaces.
                    let item = item.strip_prefix(' ').unwrap_or(item);
                    availability.items.entry(item.to_owned()).or_default().extend(&current);
                    Ok(())
                }
                _ => Err(Unreadable(format!("expected `releases`, `since` or an item, found `{line}`"))),
            };
            if let Err(Unreadable(message)) = read {
                diagnostics.at(&span, message);
            }
        }
        diagnostics.or(availability)
    }

    fn expand(&self, spans: &str) -> Result<Presence, Unreadable> {
        let mut releases = Presence::new();
        for word in spans.split(' ') {
            let (first, last) = match word.split_once("..") {
                Some((first, last)) => (first.parse::<Release>()?, Some(last.parse::<Release>()?)),
                None => (word.parse::<Release>()?, None),
            };
            let branch = self.releases.iter().filter(|release| release.major == first.major && **release >= first);
            releases.extend(branch.filter(|release| last.is_none_or(|last| **release <= last)));
        }
        Ok(releases)
    }
}

struct Unreadable(String);

impl From<crate::release::NotARelease> for Unreadable {
    fn from(error: crate::release::NotARelease) -> Self {
        Self(error.to_string())
    }
}

/// A run of releases of one branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// Its first release.
    pub first: Release,
    /// Its last release; none if it lasts to the branch's end.
    pub last: Option<Release>,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last {
            Some(last) => write!(f, "{}..{last}", self.first),
            None => write!(f, "{}", self.first),
        }
    }
}

fn joined(releases: &Presence) -> String {
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    names.join(" ")
}

/// Everything that an API has, as the record names it.
pub(crate) fn items(api: &Api) -> BTreeSet<String> {
    let mut items = BTreeSet::new();
    for operation in api.operations() {
        let name = format!("{}.{}", operation.resource, operation.nickname);
        items.insert(format!("operation {name}"));
        for parameter in &operation.parameters {
            items.insert(format!("parameter {name}.{}", parameter.name));
            for value in parameter.values.iter().flatten() {
                items.insert(format!("value {name}.{} {value}", parameter.name));
            }
        }
    }
    for model in api.models.values() {
        let is_event = api.is_message(model) && model.sub_types.is_empty();
        items.insert(format!("{} {}", if is_event { "event" } else { "model" }, model.name));
        for property in &model.properties {
            items.insert(format!("property {}.{}", model.name, property.name));
            for value in property.values.iter().flatten() {
                items.insert(format!("value {}.{} {value}", model.name, property.name));
            }
        }
    }
    items
}

/// What a fix adds, each with the item that it extends.
fn added(fix: Fix) -> Vec<(String, String)> {
    match fix {
        Fix::AddProperty(place, _) => {
            let model = place.split('.').next().unwrap_or(place);
            vec![(format!("property {place}"), format!("model {model}"))]
        }
        Fix::AddValues(place, values) => {
            let kind = if place.matches('.').count() == 1 { "property" } else { "parameter" };
            values.iter().map(|value| (format!("value {place} {value}"), format!("{kind} {place}"))).collect()
        }
        Fix::SetType(..)
        | Fix::SetRequired(..)
        | Fix::SetOptional(..)
        | Fix::SetBody(..)
        | Fix::SetTuples(..)
        | Fix::SetStatus(..)
        | Fix::SetReference(..) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Model;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    /// An API with these models and nothing else.
    fn declaring(models: &[&str]) -> Api {
        let span = Span { file: "test".into(), line: 1, column: 1, path: String::new() };
        let model = |name: &&str| {
            let model = Model {
                span: span.clone(),
                releases: Presence::new(),
                name: (*name).to_owned(),
                resource: String::new(),
                base: None,
                sub_types: BTreeSet::new(),
                discriminator: None,
                properties: Vec::new(),
            };
            ((*name).to_owned(), model)
        };
        Api { releases: Presence::new(), resources: BTreeMap::new(), models: models.iter().map(model).collect() }
    }

    const HISTORY: [(&str, &[&str]); 7] = [
        ("16.0.0", &["Old"]),
        ("16.9.0", &["Old", "Late"]),
        ("18.0.0", &["Old"]),
        ("18.5.0", &["Old", "Late"]),
        ("18.9.0", &["Old", "Gone", "Late"]),
        ("18.10.0", &["Old", "Late"]),
        ("20.0.0", &["Old", "Late", "New"]),
    ];

    fn recorded(order: impl Iterator<Item = usize>) -> Availability {
        let mut availability = Availability::default();
        for index in order {
            let (name, models) = HISTORY[index];
            availability.record(release(name), &declaring(models));
            let source = Source { file: "availability.txt".to_owned(), text: availability.text() };
            assert_eq!(Availability::parse(&source).as_ref(), Ok(&availability), "what was written reads back");
        }
        availability
    }

    #[test]
    fn any_order_gives_the_same_text() {
        let forwards = recorded(0..7);
        assert_eq!(forwards.text(), recorded((0..7).rev()).text());
        assert_eq!(forwards.text(), recorded([3, 0, 6, 5, 1, 4, 2].into_iter()).text());
        assert_eq!(forwards.text(), recorded([0, 0, 1, 2, 3, 4, 5, 6, 2].into_iter()).text(), "twice is once");
    }

    #[test]
    fn record_again_replaces_what_was_recorded() {
        let mut availability = recorded(0..7);
        availability.record(release("18.9.0"), &declaring(&["Old", "Late"]));
        assert_eq!(availability.items().find(|item| *item == "model Gone"), None);
        availability.record(release("20.0.0"), &declaring(&["Old"]));
        assert_eq!(availability.since("model New"), []);
        assert_eq!(availability.since("model Late"), [release("16.9.0"), release("18.5.0")]);
    }

    #[test]
    fn parse_keeps_spaces_of_names() {
        let text = "releases 16.0.0\n\nsince 16.0.0\n  value Lamp.state  on \n".to_owned();
        let source = Source { file: "a.txt".to_owned(), text };
        let availability = Availability::parse(&source).unwrap();
        assert_eq!(availability.items().collect::<Vec<_>>(), ["value Lamp.state  on "]);
    }

    #[test]
    fn text_lists_first_releases_and_removals() {
        let expected = "
releases 16.0.0 16.9.0 18.0.0 18.5.0 18.9.0 18.10.0 20.0.0

since 16.0.0 18.0.0 20.0.0
  model Old

since 16.9.0 18.5.0 20.0.0
  model Late

since 18.9.0..18.9.0
  model Gone

since 20.0.0
  model New
";
        assert_eq!(recorded(0..7).text(), format!("{HEADER}{expected}"));
    }

    #[test]
    fn since_text_lists_the_first_release_of_each_branch() {
        let availability = recorded(0..7);
        let since = |item| availability.since_text(item).unwrap_or_default();
        assert_eq!(since("model Old"), "Since Asterisk 16.0 or earlier.");
        assert_eq!(since("model Late"), "Since Asterisk 16.9, 18.5, 20.0.");
        assert_eq!(since("model New"), "Since Asterisk 20.0.");
        assert_eq!(since("model Unheard"), "");
    }

    #[test]
    fn malformed_line_is_an_error_with_place() {
        let source = Source { file: "a.txt".to_owned(), text: "releases 16.0.0\nsince 16.x\nnonsense".to_owned() };
        assert_eq!(
            Availability::parse(&source).unwrap_err().to_string(),
            "a.txt:2:1: `16.x` is not a release of Asterisk: expected MAJOR.MINOR.PATCH, such as 22.10.1\n\
             a.txt:3:1: expected `releases`, `since` or an item, found `nonsense`"
        );
    }
}
