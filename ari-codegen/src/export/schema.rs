//! Schemas of types, values, models and events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::scope::Scope;
use crate::api::{Model, Operation, Parameter, Property, Type};
use crate::document::{Members, Node};
use crate::record::NameKind;

/// Asterisk's form of a date, whose offset has no colon: `date-time` does not allow it.
const DATE: &str = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{4}$";

/// What `GET /events` delivers.
pub(super) const EVENT: &str = "Event";
const KNOWN_EVENT: &str = "KnownEvent";
pub(super) const UNKNOWN_EVENT: &str = "UnknownEvent";

/// The kind of document in which schemas stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenApi,
    /// Its schemas are of draft 07, where nothing may stand beside a reference.
    AsyncApi,
    JsonSchema,
}

/// The schemas of a document.
pub(super) struct Schemas<'a> {
    pub(super) scope: &'a Scope<'a>,
    dialect: Dialect,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(scope: &'a Scope<'a>, dialect: Dialect) -> Self {
        Self { scope, dialect }
    }

    /// Every schema by name.
    pub(super) fn all(&self) -> BTreeMap<String, Node> {
        let api = self.scope.api;
        let mut schemas = self.values();
        for model in api.models.values().filter(|model| !api.is_message(model)) {
            schemas.insert(model.name.clone(), self.model(model));
        }
        if let Some(discriminator) = api.message().and_then(|message| message.discriminator.as_deref()) {
            for event in api.events() {
                schemas.insert(event.name.clone(), self.event(event, discriminator));
            }
            schemas.insert(KNOWN_EVENT.to_owned(), self.known_event(discriminator));
            schemas.insert(UNKNOWN_EVENT.to_owned(), self.unknown_event(discriminator));
            let any = [KNOWN_EVENT, UNKNOWN_EVENT].map(|name| self.reference(name)).into_iter().collect::<Node>();
            let text =
                "What the WebSocket delivers: an event of a known type, or of one that is newer than this document.";
            schemas.insert(
                EVENT.to_owned(),
                Members::default().with("description", json!(text)).with("anyOf", any).into(),
            );
        }
        schemas
    }

    pub(super) fn reference(&self, name: &str) -> Members {
        let folder = if self.dialect == Dialect::JsonSchema { "$defs" } else { "components/schemas" };
        Members::default().with("$ref", json!(format!("#/{folder}/{name}")))
    }

    /// The schema of a type. The root of the events stands for any event.
    pub(super) fn of_type(&self, ty: &Type) -> Members {
        let plain = |name: &str| Members::default().with("type", json!(name));
        match ty {
            Type::String => plain("string"),
            Type::Integer | Type::Long => plain("integer").with("format", json!("int64")),
            Type::Double => plain("number").with("format", json!("double")),
            Type::Boolean => plain("boolean"),
            Type::Date => plain("string").with("pattern", json!(DATE)),
            Type::Object => plain("object").with("additionalProperties", json!(true)),
            Type::StringMap => plain("object").with("additionalProperties", json!({ "type": "string" })),
            Type::List(inner) => plain("array").with("items", self.of_type(inner)),
            Type::Model(name) => match self.scope.api.models.get(name) {
                Some(model) if self.scope.api.is_message(model) && !model.sub_types.is_empty() => self.reference(EVENT),
                _ => self.reference(name),
            },
        }
    }

    /// The schema of a parameter's value, of one element where it takes several.
    pub(super) fn parameter(&self, operation: &Operation, parameter: &Parameter) -> Members {
        let item = format!("{}.{}", super::scope::key(operation), parameter.name);
        match (&parameter.values, &parameter.ty) {
            (Some(values), Type::String) if !values.is_empty() => self.open_enum(&item, values),
            // The server reads it by `atoi`.
            (_, Type::Integer) => Members::default().with("type", json!("integer")).with("format", json!("int32")),
            (_, ty) => self.of_type(ty),
        }
    }

    fn open_enum(&self, item: &str, values: &[String]) -> Members {
        match self.scope.record.names.get(NameKind::Enum, item) {
            Some(name) => self.reference(name),
            None => known_values(values),
        }
    }

    /// The open enums that have a name, each with the values of all its uses.
    fn values(&self) -> BTreeMap<String, Node> {
        let mut uses: BTreeMap<&str, Vec<(String, &Vec<String>)>> = BTreeMap::new();
        for (item, values) in self.listed() {
            if let Some(name) = self.scope.record.names.get(NameKind::Enum, &item) {
                uses.entry(name).or_default().push((item, values));
            }
        }
        uses.into_iter().map(|(name, uses)| (name.to_owned(), self.named_values(&uses).into())).collect()
    }

    fn listed(&self) -> impl Iterator<Item = (String, &'a Vec<String>)> {
        let api = self.scope.api;
        let properties = api.models.values().flat_map(|model| {
            let item =
                |property: &'a Property| (format!("{}.{}", model.name, property.name), &property.ty, &property.values);
            model.properties.iter().map(item)
        });
        let parameters = api.operations().flat_map(|operation| {
            let key = super::scope::key(operation);
            let item =
                move |parameter: &'a Parameter| (format!("{key}.{}", parameter.name), &parameter.ty, &parameter.values);
            operation.parameters.iter().map(item)
        });
        properties.chain(parameters).filter_map(|(item, ty, values)| {
            let values = values.as_ref().filter(|values| *ty == Type::String && !values.is_empty());
            values.map(|values| (item, values))
        })
    }

    fn named_values(&self, uses: &[(String, &Vec<String>)]) -> Members {
        let mut known: Vec<String> = Vec::new();
        let (mut texts, mut since) = (Vec::new(), Vec::new());
        for (item, values) in uses {
            let kind = if item.matches('.').count() == 1 { "property" } else { "parameter" };
            for value in values.iter().filter(|value| !known.contains(value)).cloned().collect::<Vec<_>>() {
                let fact = format!("value {item} {value}");
                texts.extend(self.scope.text(&fact).map(|text| (value.clone(), Node::from(json!(text)))));
                let lifetime = self.scope.since(&fact, Some(&format!("{kind} {item}")));
                since.extend(lifetime.map(|lifetime| (value.clone(), lifetime)));
                known.push(value);
            }
        }
        let object = |members: Vec<(String, Node)>| (!members.is_empty()).then_some(Node::Object(members));
        known_values(&known)
            .with_some("x-enumDescriptions", object(texts))
            .with_some("x-asterisk-values-since", object(since))
    }

    fn model(&self, model: &Model) -> Node {
        let item = format!("model {}", model.name);
        self.object(model, &item, None)
    }

    fn event(&self, event: &Model, discriminator: &str) -> Node {
        self.object(event, &format!("event {}", event.name), Some(discriminator))
    }

    /// A flat object: inherited properties stand beside its own, since generators of code disagree about inheritance.
    fn object(&self, model: &Model, item: &str, discriminator: Option<&str>) -> Node {
        // A model of the events' file that has the discriminator, and is no event, travels the other way.
        let is_sent = self.scope.api.message().is_some_and(|message| message.resource == model.resource);
        let constant =
            self.scope.api.message().and_then(|message| message.discriminator.as_deref()).filter(|_| is_sent);
        let (mut properties, mut required): (Vec<(String, Node)>, Vec<String>) = (Vec::new(), Vec::new());
        if let Some(name) = discriminator {
            properties.push((name.to_owned(), json!({ "type": "string", "const": model.name }).into()));
            required.push(name.to_owned());
        }
        for holder in self.scope.api.lineage(model) {
            for property in &holder.properties {
                if properties.iter().any(|(name, _)| *name == property.name) {
                    continue;
                }
                let is_constant = constant == Some(property.name.as_str());
                let constant = is_constant.then(|| json!({ "type": "string", "const": model.name }).into());
                properties.push((property.name.clone(), constant.unwrap_or_else(|| self.property(holder, property))));
                if self.scope.always_has(holder, property) {
                    required.push(property.name.clone());
                }
            }
        }
        Members::default()
            .with("type", json!("object"))
            .with_some("description", self.scope.text(item).map(|text| json!(text)))
            .and(self.scope.lifetime(item, None, &model.releases))
            .with_list("required", &required)
            .with("properties", Node::Object(properties))
            .into()
    }

    fn property(&self, holder: &Model, property: &Property) -> Node {
        let api = self.scope.api;
        let is_event = api.is_message(holder) && holder.sub_types.is_empty();
        let owner = format!("{} {}", if is_event { "event" } else { "model" }, holder.name);
        let item = format!("property {}.{}", holder.name, property.name);
        let key = format!("{}.{}", holder.name, property.name);
        let schema = match (&property.values, &property.ty) {
            (Some(values), Type::String) if !values.is_empty() => self.open_enum(&key, values),
            (_, ty) => self.of_type(ty),
        };
        let notes = Members::default()
            .with_some("description", self.scope.text(&item).map(|text| json!(text)))
            .and(self.scope.lifetime(&item, Some(&owner), &property.releases));
        self.annotated(schema, notes).into()
    }

    /// A schema with what is said about its use in one place.
    pub(super) fn annotated(&self, schema: Members, notes: Members) -> Members {
        if self.dialect == Dialect::AsyncApi && schema.has("$ref") && !notes.is_empty() {
            return Members::default().with("allOf", [schema].into_iter().collect::<Node>()).and(notes);
        }
        schema.and(notes)
    }

    fn known_event(&self, discriminator: &str) -> Node {
        let names: Vec<&str> = self.scope.api.events().into_iter().map(|event| event.name.as_str()).collect();
        let one_of: Node = names.iter().map(|name| self.reference(name)).collect();
        let members = Members::default().with("description", json!("An event of a known type.")).with("oneOf", one_of);
        if self.dialect != Dialect::OpenApi {
            return members.into();
        }
        let target = |name: &&str| ((*name).to_owned(), json!(format!("#/components/schemas/{name}")).into());
        let mapping = Node::Object(names.iter().map(target).collect());
        let by = Members::default().with("propertyName", json!(discriminator)).with("mapping", mapping);
        members.with("discriminator", by).into()
    }

    fn unknown_event(&self, discriminator: &str) -> Node {
        let api = self.scope.api;
        let names: Vec<&str> = api.events().into_iter().map(|event| event.name.as_str()).collect();
        let kind = json!({ "type": "string", "not": { "enum": names } });
        let mut properties = vec![(discriminator.to_owned(), kind.into())];
        let inner = api.models.values().filter(|model| api.is_message(model) && !model.sub_types.is_empty());
        for model in inner {
            let own = model.properties.iter().filter(|property| property.name != discriminator);
            properties.extend(own.map(|property| (property.name.clone(), self.property(model, property))));
        }
        let text = "An event of another type: releases add types, so a program ignores those that it does not know.";
        Members::default()
            .with("type", json!("object"))
            .with("description", json!(text))
            .with_list("required", &[discriminator.to_owned()])
            .with("properties", Node::Object(properties))
            .into()
    }
}

/// Known values, or any other text: servers send values that are not declared, and newer ones add some.
fn known_values(values: &[String]) -> Members {
    let text = || Members::default().with("type", json!("string"));
    let known = text().with("enum", values.iter().collect::<Node>());
    Members::default().with("anyOf", [known, text()].into_iter().collect::<Node>())
}

/// Those of the schemas that a document uses, directly or not.
pub(super) fn used(document: &Node, mut schemas: BTreeMap<String, Node>) -> Node {
    let mut names = BTreeSet::new();
    references(document, &mut names);
    let mut used = BTreeMap::new();
    while let Some(name) = names.pop_first() {
        if let Some(schema) = schemas.remove(&name) {
            references(&schema, &mut names);
            used.insert(name, schema);
        }
    }
    Node::Object(used.into_iter().collect())
}

fn references(node: &Node, names: &mut BTreeSet<String>) {
    match node {
        Node::Object(members) => {
            for (key, value) in members {
                match value {
                    Node::Scalar(target) if key == "$ref" => {
                        let (folder, name) = target.as_str().and_then(|it| it.rsplit_once('/')).unwrap_or_default();
                        let is_schema = folder.ends_with("/schemas") || folder.ends_with("/$defs");
                        names.extend(is_schema.then(|| name.to_owned()));
                    }
                    value => references(value, names),
                }
            }
        }
        Node::List(elements) => elements.iter().for_each(|element| references(element, names)),
        Node::Scalar(_) => {}
    }
}
