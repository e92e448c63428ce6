//! The comparison itself: both releases side by side, once, without judgement.

mod found;
mod models;
mod operations;
mod parameters;
mod properties;
mod releases;
mod types;
mod values;

use super::change::{Change, Kind, Side};
use super::declared::Declared;
use super::direction::{self, Uses};
use ari_codegen::Span;

/// Everything that differs between two releases, in the order of the declarations.
#[must_use]
pub fn changes(old: &Declared, new: &Declared) -> Vec<Change> {
    let mut walk = Walk { old, new, changes: Vec::new() };
    releases::compare(&mut walk);
    let renamed = models::renamed(old, new);
    operations::compare(&mut walk, &renamed);
    let (before, after) = (direction::of_models(old), direction::of_models(new));
    let uses = |model: &str| {
        let of = |uses: &std::collections::BTreeMap<String, Uses>| uses.get(model).copied().unwrap_or_default();
        of(&before).and(of(&after))
    };
    models::compare(&mut walk, &renamed, &uses);
    walk.changes
}

/// Two releases and what was found so far.
struct Walk<'a> {
    old: &'a Declared,
    new: &'a Declared,
    changes: Vec<Change>,
}

/// What the changes found in one place have in common.
#[derive(Clone)]
struct Subject {
    resource: Option<String>,
    name: String,
    context: Option<String>,
    uses: Uses,
    inherited_by: usize,
}

impl Subject {
    fn of(resource: &str, name: impl Into<String>) -> Self {
        Self {
            resource: Some(resource.to_owned()),
            name: name.into(),
            context: None,
            uses: Uses::default(),
            inherited_by: 0,
        }
    }

    /// A part of the subject: `channels.originate` has `channels.originate.timeout`.
    fn part(&self, name: &str) -> Self {
        Self { name: format!("{}.{name}", self.name), ..self.clone() }
    }
}

impl Walk<'_> {
    fn add(&mut self, kind: Kind, subject: &Subject, old: Option<Side>, new: Option<Side>) {
        self.changes.push(Change {
            kind,
            resource: subject.resource.clone(),
            subject: subject.name.clone(),
            context: subject.context.clone(),
            old,
            new,
            uses: subject.uses,
            inherited_by: subject.inherited_by,
        });
    }

    /// Notes a value that both sides have and that is not the same.
    fn changed(&mut self, kind: Kind, subject: &Subject, old: (&Span, String), new: (&Span, String)) {
        if old.1 != new.1 {
            self.add(kind, subject, side(old.0, old.1), side(new.0, new.1));
        }
    }
}

#[allow(clippy::unnecessary_wraps, reason = "what it makes goes where a side may be missing")]
fn side(span: &Span, value: impl Into<String>) -> Option<Side> {
    Some(Side { span: span.clone(), value: value.into() })
}

/// A list as reports show it.
fn listed<T: AsRef<str>>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
