//! All that is said of an item, for people and for programs.

use std::collections::BTreeMap;

use ari_bindings::availability;
use serde::Serialize;

use super::example::{self, Examples};
use super::find::Item;
use crate::embedded;
use crate::reference::{Form, Kind, MODELS, Model, Operation, Parameter, Place, Property, Reply, Resource};

/// All that is said of an item; what does not apply is left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Explanation {
    pub(super) name: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) text: &'static str,
    /// Method and path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<String>,
    /// The first release of each branch that has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) since: BTreeMap<u32, String>,
    /// Whether each supported release has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) releases: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) modules: Vec<&'static str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) ty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) minimum: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<Value>,
    /// The model that it inherits from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<&'static str>,
    /// What an operation answers with: a type, `nothing`, `file` or `events`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Status>,
    /// The statuses of a success; several where releases differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) statuses: Vec<u16>,
    /// Operations of a resource, parameters of an operation, properties of a model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Explanation>,
    /// Where a model occurs: operations that answer with it, models and events that contain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) used_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) examples: Option<Examples>,
}

#[derive(Debug, Serialize)]
pub(super) struct Value {
    #[serde(rename = "value")]
    pub(super) word: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) text: &'static str,
    /// Supported releases that lack it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing_in: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Status {
    pub(super) status: u16,
    pub(super) text: &'static str,
}

impl Item {
    pub(super) fn explanation(self) -> Explanation {
        match self {
            Self::Resource(resource) => of_resource(resource),
            Self::Operation(resource, operation) => Explanation {
                parts: operation.parameters.iter().map(|part| of_parameter(resource, operation, part)).collect(),
                examples: example::examples(resource, operation),
                ..of_operation(resource, operation)
            },
            Self::Parameter(resource, operation, parameter) => of_parameter(resource, operation, parameter),
            Self::Model(model) => of_model(model),
            Self::Property(model, property) => of_property(model, property),
        }
    }
}

fn of_resource(resource: &'static Resource) -> Explanation {
    Explanation {
        name: resource.name.to_owned(),
        kind: "resource",
        modules: resource.modules.to_vec(),
        parts: resource.operations.iter().map(|operation| of_operation(resource, operation)).collect(),
        ..Explanation::default()
    }
}

fn of_operation(resource: &Resource, operation: &Operation) -> Explanation {
    Explanation {
        name: operation.full_name(resource),
        kind: "operation",
        text: operation.text,
        request: Some(format!("{} {}", operation.method, operation.path)),
        modules: resource.modules.to_vec(),
        reply: Some(match operation.reply {
            Reply::Nothing => "nothing",
            Reply::File => "file",
            Reply::Json(ty) => ty,
            Reply::Events => "events",
        }),
        statuses: operation.statuses.to_vec(),
        errors: operation.errors.iter().map(|&(status, text)| Status { status, text }).collect(),
        ..available(&operation.item(resource))
    }
}

fn of_parameter(resource: &Resource, operation: &Operation, parameter: &Parameter) -> Explanation {
    let name = format!("{}.{}", operation.full_name(resource), parameter.name);
    let (place, ty) = match parameter.place {
        Place::Path => ("path", "text"),
        Place::Query(kind) => ("query", of_kind(kind)),
        Place::Body(form) => ("body", of_form(form)),
    };
    Explanation {
        kind: "parameter",
        text: parameter.text,
        ty: Some(if parameter.list { format!("list of {ty}") } else { ty.to_owned() }),
        place: Some(place),
        required: Some(parameter.required),
        default: parameter.default,
        minimum: parameter.range.0,
        maximum: parameter.range.1,
        values: values(&name, parameter.values),
        ..available(&parameter.item(resource, operation))
    }
    .named(name)
}

fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer | Kind::Long => "number",
        Kind::Boolean => "true or false",
    }
}

fn of_form(form: Form) -> &'static str {
    match form {
        Form::Variables => "{\"NAME\": {\"key\": \"text\"}}",
        Form::Members => "{\"NAME\": {\"key\": …}}",
        Form::Tuples(_) => "{\"NAME\": [{…}, …]}",
        Form::BareVariables => "{\"key\": \"text\"}",
        Form::BareFilter => "an event filter",
        Form::Json => "JSON",
    }
}

fn of_model(model: &'static Model) -> Explanation {
    let kind = if model.is_event { "event" } else { "model" };
    Explanation {
        kind,
        text: model.text,
        base: model.base,
        parts: model.all_properties().map(|(of, property)| of_property(of, property)).collect(),
        used_by: users(model),
        ..available(&format!("{kind} {}", model.name))
    }
    .named(model.name.to_owned())
}

fn of_property(model: &Model, property: &Property) -> Explanation {
    let name = format!("{}.{}", model.name, property.name);
    Explanation {
        kind: "property",
        text: property.text,
        ty: Some(property.ty.to_owned()),
        required: Some(property.required),
        values: values(&name, property.values),
        ..available(&format!("property {name}"))
    }
    .named(name)
}

fn values(place: &str, values: &[(&'static str, &'static str)]) -> Vec<Value> {
    let value = |&(value, text): &(&'static str, &'static str)| {
        let releases = available(&format!("value {place} {value}")).releases.into_iter();
        let missing_in = releases.filter(|(_, has)| !has).map(|(release, _)| release).collect();
        Value { word: value, text, missing_in }
    };
    values.iter().map(value).collect()
}

/// Operations that answer with a model, and models that contain it.
fn users(model: &Model) -> Vec<String> {
    let is_it = |ty: &str| ty.trim_start_matches("List[").trim_end_matches(']') == model.name;
    let mut users = Vec::new();
    for resource in crate::reference::RESOURCES {
        let operations = resource.operations.iter();
        let answering = operations.filter(|operation| matches!(operation.reply, Reply::Json(ty) if is_it(ty)));
        users.extend(answering.map(|operation| operation.full_name(resource)));
    }
    for user in MODELS {
        let properties = user.properties.iter().filter(|property| is_it(property.ty));
        users.extend(properties.map(|property| format!("{}.{}", user.name, property.name)));
    }
    users
}

/// Where an item of the record is available.
fn available(item: &str) -> Explanation {
    let Some(item) = availability::find(item) else { return Explanation::default() };
    let since = item.since().iter().map(|release| (release.major, release.to_string())).collect();
    let releases = embedded::releases().into_iter().filter_map(|release| {
        let has = item.is_in(ari_bindings::Release::new(release.major, release.minor, release.patch))?;
        Some((release.to_string(), has))
    });
    Explanation { since, releases: releases.collect(), ..Explanation::default() }
}

impl Explanation {
    fn named(self, name: String) -> Self {
        Self { name, ..self }
    }
}
