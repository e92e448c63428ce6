//! The project's prose about the items of the API, from `api-docs/prose/`.
//!
//! Each file is a TOML table from an item, named as in [`Availability`](crate::Availability), to its text in Markdown.
//! In addition, `error RESOURCE.NICKNAME STATUS` describes a declared error, and `example RESOURCE.NICKNAME` is Rust code
//! that uses an operation, `follows RESOURCE.NICKNAME` says which events follow one, in their order, and `server NAME` what
//! servers do about an operation, an event or a model that the declarations do not say. A text refers to an operation as `RESOURCE.NICKNAME` between backticks; each output replaces it
//! by the name that the operation has there.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Api;
use crate::diagnostic::Diagnostics;
use crate::json::Source;
use crate::record::availability;

/// Texts by item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    texts: BTreeMap<String, String>,
}

impl Prose {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// Files that are not of the form, and items that have two texts.
    pub fn parse(sources: &[Source]) -> Result<Self, Diagnostics> {
        let mut prose = Self::default();
        let mut diagnostics = Diagnostics::default();
        for source in sources {
            match toml::from_str::<BTreeMap<String, String>>(&source.text) {
                Ok(texts) => {
                    for (item, text) in texts {
                        if prose.texts.insert(item.clone(), text.trim().to_owned()).is_some() {
                            diagnostics.general(format!("{}: `{item}` has a text in another file too", source.file));
                        }
                    }
                }
                Err(error) => diagnostics.general(format!("{}: {error}", source.file)),
            }
        }
        diagnostics.or(prose)
    }

    /// The text on an item.
    #[must_use]
    pub fn get(&self, item: &str) -> Option<&str> {
        self.texts.get(item).map(String::as_str)
    }

    /// Items of the API that have no text.
    #[must_use]
    pub fn missing(&self, api: &Api) -> Vec<String> {
        documented(api).into_iter().filter(|item| !self.texts.contains_key(item)).collect()
    }

    /// Texts on what is no item of the API.
    #[must_use]
    pub fn superfluous(&self, api: &Api) -> Vec<String> {
        let items = documented(api);
        let is_one_of = |kinds: &[&str], name: &str| kinds.iter().any(|kind| items.contains(&format!("{kind} {name}")));
        let is_item = |item: &str| match item.split_once(' ') {
            Some(("example" | "follows", name)) => is_one_of(&["operation"], name),
            Some(("server", name)) => is_one_of(&["operation", "event", "model"], name),
            _ => items.contains(item),
        };
        self.texts.keys().filter(|item| !is_item(item)).cloned().collect()
    }
}

/// A text whose code spans `replace` may replace; it gets them without their backticks.
pub(crate) fn replace_code(text: &str, replace: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split('`').peekable();
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    // Every second part is code if a backtick closes it.
    while let Some(code) = parts.next() {
        let close = if parts.peek().is_some() { "`" } else { "" };
        let other = replace(code).filter(|_| !close.is_empty());
        replaced += &other.unwrap_or_else(|| format!("`{code}{close}"));
        replaced += parts.next().unwrap_or_default();
    }
    replaced
}

/// The first sentence of a text.
#[must_use]
pub fn first_sentence(text: &str) -> &str {
    let mut ends = text.match_indices(". ").map(|(at, _)| at + 1);
    let end = ends.find(|&at| text[at + 1..].starts_with(|c: char| c.is_uppercase() || c == '`' || c == '['));
    &text[..end.unwrap_or(text.len())]
}

/// Everything that needs a text: all items and all declared errors.
fn documented(api: &Api) -> BTreeSet<String> {
    let mut items = availability::items(api);
    for operation in api.operations() {
        let name = format!("{}.{}", operation.resource, operation.nickname);
        items.extend(operation.errors.iter().map(|status| format!("error {name} {status}")));
    }
    items
}
