//! Documentation generated from the declarations, combined with the project's prose.

use std::collections::BTreeSet;

use crate::api::{self, Literal, Location};
use crate::record::Availability;
use crate::record::{NameKind, Names, Prose, first_sentence, replace_code};
use crate::rust::{Docs, RustType};

/// What the list of an operation's errors begins with.
const DECLARED_ERRORS: &str = "Declared errors, each an [`Error::Refused`](crate::Error::Refused):";

pub(super) fn id(kind: &str) -> Docs {
    let (what, by) = match kind.strip_suffix("_name") {
        Some(stem) => (stem.replace('_', " "), "name"),
        None => (kind.strip_suffix("_id").unwrap_or(kind).replace('_', " "), "id"),
    };
    // Only the server has a proper name.
    let what = if what == "asterisk" { "Asterisk server".to_owned() } else { what };
    let article = if what.starts_with(['A', 'a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    vec![format!("The {by} of {article} {what}.")]
}

/// Documentation that says what an item is, and since when it is there.
pub(super) struct Facts<'a> {
    pub(super) availability: &'a Availability,
    pub(super) prose: &'a Prose,
    pub(super) names: &'a Names,
    /// The types of event, to which texts link.
    pub(super) events: BTreeSet<String>,
}

impl Facts<'_> {
    pub(super) fn model(&self, model: &api::Model) -> Docs {
        let item = format!("model {}", model.name);
        let mut docs = self.text(&item);
        if docs.is_empty() || self.names.of(NameKind::Model, &model.name) != model.name {
            docs.push(format!("Asterisk's model `{}`.", model.name));
        }
        self.since(&mut docs, &item, None);
        tidy(docs)
    }

    pub(super) fn event(&self, model: &api::Model) -> Docs {
        let item = format!("event {}", model.name);
        let mut docs = self.text(&item);
        if docs.is_empty() || self.names.of(NameKind::Event, &model.name) != model.name {
            docs.push(format!("Asterisk's event `{}`.", model.name));
        }
        self.since(&mut docs, &item, None);
        tidy(docs)
    }

    pub(super) fn property(&self, model: &api::Model, property: &api::Property, ty: &RustType) -> Docs {
        let owner = if self.events.contains(&model.name) { "event" } else { "model" };
        let item = format!("property {}.{}", model.name, property.name);
        let mut docs = self.text(&item);
        // The name and the type stand in the code.
        if docs.is_empty() {
            docs.push(format!("`{}`: {}.", property.name, kind(ty)));
        }
        self.since(&mut docs, &item, Some(&format!("{owner} {}", model.name)));
        tidy(docs)
    }

    /// What is said of an operation before its arguments.
    pub(super) fn summary(&self, operation: &api::Operation) -> Docs {
        let mut docs = self.text(&format!("operation {}.{}", operation.resource, operation.nickname));
        docs.push(format!("`{} {}`", operation.method, operation.path));
        docs
    }

    /// What is said of an operation after its arguments.
    pub(super) fn operation(&self, operation: &api::Operation) -> Docs {
        let name = format!("{}.{}", operation.resource, operation.nickname);
        let mut docs = Docs::new();
        if !operation.errors.is_empty() {
            docs.extend([String::new(), DECLARED_ERRORS.to_owned(), String::new()]);
        }
        for status in &operation.errors {
            let text = self.prose.get(&format!("error {name} {status}"));
            docs.push(
                text.map_or_else(|| format!("- `{status}`"), |text| format!("- `{status}`: {}", self.one_line(text))),
            );
        }
        self.since(&mut docs, &format!("operation {name}"), None);
        docs
    }

    /// What shows how an operation is used.
    pub(super) fn example(&self, operation: &api::Operation) -> Docs {
        let item = format!("example {}.{}", operation.resource, operation.nickname);
        self.prose.get(&item).map(example).unwrap_or_default()
    }

    pub(super) fn parameter(&self, operation: &api::Operation, parameter: &api::Parameter) -> Docs {
        let travels = match parameter.location {
            Location::Path => "path",
            Location::Query => "query",
            Location::Body(_) => "body",
        };
        let range = match &parameter.range {
            Some((Some(min), Some(max))) => format!("; from {min} to {max}"),
            Some((Some(min), None)) => format!("; {min} or more"),
            Some((None, Some(max))) => format!("; up to {max}"),
            Some((None, None)) | None => String::new(),
        };
        let default = match &parameter.default {
            Some(Literal::Bool(value)) => format!("; the server assumes `{value}`"),
            Some(Literal::Number(value) | Literal::String(value)) => format!("; the server assumes `{value}`"),
            None => String::new(),
        };
        let item = format!("parameter {}.{}.{}", operation.resource, operation.nickname, parameter.name);
        let wire = format!("`{}` in the {travels}{range}{default}.", parameter.name);
        let mut docs: Docs = match self.prose.get(&item) {
            Some(text) => vec![self.one_line(text), String::new(), wire],
            None => vec![wire],
        };
        let owner = format!("operation {}.{}", operation.resource, operation.nickname);
        if let Some(since) = self.newer(&item, Some(&owner)) {
            if let Some(last) = docs.last_mut() {
                last.push(' ');
                last.push_str(&since);
            }
        }
        docs
    }

    pub(super) fn value(&self, place: &str, value: &str) -> Docs {
        let shown = if value.is_empty() { "The empty text.".to_owned() } else { format!("`{value}`") };
        let item = format!("value {place} {value}");
        let mut docs = vec![shown];
        if let Some(text) = self.prose.get(&item) {
            docs[0] = format!("{}: {}", docs[0].trim_end_matches('.'), self.one_line(text));
        }
        let owner = place.split_once('.').map(|(owner, rest)| {
            let kind = if rest.contains('.') { "parameter" } else { "property" };
            format!("{kind} {owner}.{rest}")
        });
        self.since(&mut docs, &item, owner.as_deref());
        docs
    }

    /// Our own words, with the line that sets them apart from the facts.
    fn text(&self, item: &str) -> Docs {
        let Some(text) = self.prose.get(item) else { return Docs::new() };
        text.lines().map(|line| self.linked(line.trim_end())).chain([String::new()]).collect()
    }

    /// The same for where a line is all the room there is.
    fn one_line(&self, text: &str) -> String {
        self.linked(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// A text with a link wherever it names an event, and with the methods of the operations that it names.
    fn linked(&self, line: &str) -> String {
        replace_code(line, |code| {
            if self.events.contains(code) {
                return Some(format!("[`{code}`](crate::events::{})", self.names.of(NameKind::Event, code)));
            }
            self.names.get(NameKind::Function, code).map(|method| format!("`{method}`"))
        })
    }

    /// The releases that introduced an item, unless they are those of its owner or, without an owner, the oldest ones.
    fn newer(&self, item: &str, owner: Option<&str>) -> Option<String> {
        let since = self.availability.since_text(item)?;
        let known = match owner {
            Some(owner) => self.availability.since_text(owner).is_some_and(|of_owner| of_owner == since),
            None => since.ends_with(" or earlier."),
        };
        (!known).then_some(since)
    }

    fn since(&self, docs: &mut Docs, item: &str, owner: Option<&str>) {
        if let Some(since) = self.newer(item, owner) {
            docs.push(String::new());
            docs.push(since);
        }
    }
}

/// The first sentence of a documentation.
pub(super) fn brief(docs: &Docs) -> String {
    first_sentence(docs.first().map_or("", String::as_str)).to_owned()
}

/// Without an empty line at its end.
fn tidy(mut docs: Docs) -> Docs {
    while docs.last().is_some_and(String::is_empty) {
        docs.pop();
    }
    docs.dedup_by(|line, before| line.is_empty() && before.is_empty());
    docs
}

/// Lines of code as a test that is compiled, and not run.
fn example(code: &str) -> Docs {
    const BEFORE: [&str; 3] =
        ["", "```no_run", "# async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {"];
    const AFTER: [&str; 3] = ["# Ok(())", "# }", "```"];
    BEFORE.into_iter().chain(code.lines()).chain(AFTER).map(str::to_owned).collect()
}

pub(super) fn values() -> Docs {
    vec![
        "Values that Asterisk is known to use; any other text is `Other`, so that a newer server breaks nothing."
            .to_owned(),
        String::new(),
        "Used at:".to_owned(),
    ]
}

pub(super) fn used_at(place: &str) -> String {
    format!("- `{place}`")
}

pub(super) fn resource(resource: &api::Resource) -> Docs {
    let mut docs = vec![format!("Operations of the resource `{}`.", resource.name)];
    if !resource.requires_modules.is_empty() {
        let modules: Vec<String> = resource.requires_modules.iter().map(|module| format!("`{module}`")).collect();
        docs.push(String::new());
        docs.push(format!("They answer `404` where Asterisk has not loaded {}.", modules.join(", ")));
    }
    docs
}

pub(super) fn common_member(name: &str, holders: usize) -> Docs {
    vec![format!("`{name}` of the event, if it has one ({holders} types of event declare it).")]
}

fn kind(ty: &RustType) -> String {
    match ty {
        RustType::String => "text".to_owned(),
        RustType::Integer | RustType::Long => "whole number".to_owned(),
        RustType::Double => "number".to_owned(),
        RustType::Boolean => "boolean".to_owned(),
        RustType::Date => "date and time in the server's time zone, to the millisecond".to_owned(),
        RustType::Json => "JSON".to_owned(),
        RustType::StringMap => "text by name".to_owned(),
        RustType::Id(name) | RustType::Value(name) | RustType::Model(name) | RustType::Event(name) => {
            format!("`{name}`")
        }
        RustType::List(inner) => format!("list of {}", kind(inner)),
        RustType::Boxed(inner) => kind(inner),
    }
}
