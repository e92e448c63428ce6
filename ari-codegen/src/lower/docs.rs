//! Documentation that the facts give; prose of our own is laid beside it.

use crate::api::{self, Literal, Location, Presence, Type};
use crate::rust::Docs;

pub(super) fn id(kind: &str) -> Docs {
    let (what, by) = match kind.strip_suffix("_name") {
        Some(stem) => (stem.replace('_', " "), "name"),
        None => (kind.strip_suffix("_id").unwrap_or(kind).replace('_', " "), "id"),
    };
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    vec![format!("The {by} of {article} {what}.")]
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
    format!("- {place}")
}

pub(super) fn model(model: &api::Model, all: &Presence) -> Docs {
    let mut docs = vec![format!("Asterisk's model `{}`.", model.name)];
    availability(&mut docs, &model.releases, all);
    docs
}

pub(super) fn event(model: &api::Model, all: &Presence) -> Docs {
    let mut docs = vec![format!("Asterisk's event `{}`.", model.name)];
    availability(&mut docs, &model.releases, all);
    docs
}

pub(super) fn property(property: &api::Property, of: &Presence) -> Docs {
    let mut docs = vec![format!("`{}`: {}.", property.name, kind(&property.ty, false))];
    if property.ty == Type::Date {
        docs.push(String::new());
        docs.push("In the time zone of the server, to the millisecond.".to_owned());
    }
    availability(&mut docs, &property.releases, of);
    docs
}

pub(super) fn resource(resource: &api::Resource, all: &Presence) -> Docs {
    let mut docs = vec![format!("Operations of the resource `{}`.", resource.name)];
    if !resource.requires_modules.is_empty() {
        let modules: Vec<String> = resource.requires_modules.iter().map(|module| format!("`{module}`")).collect();
        docs.push(String::new());
        docs.push(format!("They answer `404` where Asterisk has not loaded {}.", modules.join(", ")));
    }
    availability(&mut docs, &resource.releases, all);
    docs
}

pub(super) fn operation(operation: &api::Operation, all: &Presence) -> Docs {
    let mut docs = vec![format!("`{} {}`", operation.method, operation.path)];
    if !operation.errors.is_empty() {
        let errors: Vec<String> = operation.errors.iter().map(|status| format!("`{status}`")).collect();
        docs.push(String::new());
        docs.push(format!("Declared errors: {}.", errors.join(", ")));
    }
    availability(&mut docs, &operation.releases, all);
    docs
}

pub(super) fn parameter(parameter: &api::Parameter, of: &Presence) -> Docs {
    let travels = match parameter.location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Body(_) => "body",
    };
    let kind = kind(&parameter.ty, parameter.multiple);
    let range = match &parameter.range {
        Some((Some(min), Some(max))) => format!(", from {min} to {max}"),
        Some((Some(min), None)) => format!(", {min} or more"),
        Some((None, Some(max))) => format!(", up to {max}"),
        Some((None, None)) | None => String::new(),
    };
    let default = match &parameter.default {
        Some(Literal::Bool(value)) => format!("; the server assumes `{value}`"),
        Some(Literal::Number(value) | Literal::String(value)) => format!("; the server assumes `{value}`"),
        None => String::new(),
    };
    let mut docs = vec![format!("`{}` ({travels}): {kind}{range}{default}.", parameter.name)];
    availability(&mut docs, &parameter.releases, of);
    docs
}

pub(super) fn common_member(name: &str, holders: usize) -> Docs {
    vec![format!("`{name}` of the event, if it has one ({holders} types of event declare it).")]
}

fn kind(ty: &Type, multiple: bool) -> String {
    let kind = match ty {
        Type::String => "text",
        Type::Integer => "whole number",
        Type::Double => "number",
        Type::Boolean => "boolean",
        Type::Date => "date and time",
        Type::Object => "JSON object",
        Type::Model(name) => return format!("a `{name}`"),
        Type::List(inner) => return format!("list of {}", kind(inner, false)),
    };
    if multiple { format!("list of {kind}") } else { kind.to_owned() }
}

/// Says which releases have an item, unless all that have its surroundings do.
fn availability(docs: &mut Docs, releases: &Presence, surroundings: &Presence) {
    if releases == surroundings {
        return;
    }
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    docs.push(String::new());
    docs.push(format!("Of the supported releases, Asterisk {} have it.", names.join(", ")));
}
