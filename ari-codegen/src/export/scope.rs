//! What a document is about, and what it says of each item.

use serde_json::json;

use crate::api::{Api, Model, Operation, Presence, Property};
use crate::document::{Members, Node};
use crate::record::{Record, first_sentence, replace_code};
use crate::release::Release;

/// One release, or all of them together.
pub(super) struct Scope<'a> {
    pub(super) api: &'a Api,
    pub(super) record: &'a Record,
    release: Option<Release>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(api: &'a Api, record: &'a Record, release: Release) -> Self {
        Self { api, record, release: Some(release) }
    }

    pub(super) fn all(api: &'a Api, record: &'a Record) -> Self {
        Self { api, record, release: None }
    }

    /// The release, or the newest of all.
    pub(super) fn version(&self) -> String {
        self.newest().map(|release| release.to_string()).unwrap_or_default()
    }

    /// The releases in words.
    pub(super) fn releases(&self) -> String {
        let names: Vec<String> = self.api.releases.iter().map(ToString::to_string).collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => names.concat(),
        }
    }

    fn newest(&self) -> Option<Release> {
        self.api.releases.iter().next_back().copied()
    }

    /// The prose about an item, with the ids of the operations that it names. Documents of one release contain the
    /// first sentence of each text; those on top contain all of it.
    pub(super) fn text(&self, item: &str) -> Option<String> {
        let text = self.record.prose.get(item)?;
        let text = if self.release.is_some() { first_sentence(text) } else { text };
        let is_operation = |code: &str| !self.record.availability.since(&format!("operation {code}")).is_empty();
        Some(replace_code(text, |code| is_operation(code).then(|| format!("`{}`", operation_id(code)))))
    }

    /// The meaning of the extensions with which documents state the availability of items.
    pub(super) fn about_since(&self) -> String {
        let always =
            self.record.availability.oldest().first().map(|oldest| format!(", or in every release since {oldest}"));
        format!(
            "`x-asterisk-since` lists the first release of each branch that has an item; a branch that is missing does \
             not have it. An item without it is as old as what contains it{}. `x-asterisk-values-since` says the same \
             of single values of an enum, which `x-enumDescriptions` describes.",
            always.unwrap_or_default()
        )
    }

    /// Whether each object of the model has the property, in every release that is covered.
    pub(super) fn always_has(&self, model: &Model, property: &Property) -> bool {
        let came_later = || self.record.availability.came_later(&model.name, &property.name);
        property.required && (self.release.is_some() || !came_later())
    }

    /// The first release of each branch that has an item, unless that has been so as long as its owner is there or,
    /// without an owner, always.
    pub(super) fn since(&self, item: &str, owner: Option<&str>) -> Option<Node> {
        let since = self.record.availability.since(item);
        let of_owner = match owner {
            Some(owner) => self.record.availability.since(owner),
            None => self.record.availability.oldest(),
        };
        let releases = since.iter().map(|release| json!(release.to_string()));
        (since != of_owner && !since.is_empty()).then(|| releases.collect())
    }

    /// Since when an item is there, and that the newest release does not have it.
    pub(super) fn lifetime(&self, item: &str, owner: Option<&str>, releases: &Presence) -> Members {
        let is_gone = self.newest().is_some_and(|newest| !releases.contains(&newest));
        Members::default()
            .with_some("x-asterisk-since", self.since(item, owner))
            .with_some("deprecated", is_gone.then_some(json!(true)))
    }
}

/// The first sentence of a text as a title.
pub(super) fn title(text: &str) -> &str {
    let sentence = first_sentence(text);
    sentence.strip_suffix('.').unwrap_or(sentence)
}

/// The `operationId` of an operation, by its key: `channelsOriginate`. Nicknames are unique within a resource only.
#[must_use]
pub fn operation_id(key: &str) -> String {
    let (resource, nickname) = key.split_once('.').unwrap_or_default();
    let mut letters = nickname.chars().filter(char::is_ascii_alphanumeric);
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    resource.chars().chain(first).chain(letters).collect()
}

/// How the record names an operation, without the word for what it is.
pub(super) fn key(operation: &Operation) -> String {
    format!("{}.{}", operation.resource, operation.nickname)
}
