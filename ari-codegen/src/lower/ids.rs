//! Which strings are ids, and of what.
//!
//! A path parameter called `…Id` or `…Name` declares a kind of id, and so does a fixup. Parameters and properties hold that kind where
//! their name ends in it (`otherChannelId`, `channel_ids`), where a fixup says so, or where they name the model that
//! the id fetches (`GET /channels/{channelId}` answers with a `Channel`, so `Channel.id` is a channel's id).

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;

use super::assign::key;
use super::docs;
use crate::api::{Api, Location, Method, Model, Parameter, Property, Response, Type};
use crate::record::{NameKind, Names};
use crate::rust::Id;

pub(super) struct Ids {
    /// Snake-case names of the path parameters and references that declare a kind.
    kinds: BTreeSet<String>,
    /// Model and property that hold the id by which the model is fetched.
    own: BTreeMap<(String, String), String>,
}

impl Ids {
    pub(super) fn of(api: &Api) -> Self {
        let mut ids = Self { kinds: BTreeSet::new(), own: BTreeMap::new() };
        for operation in api.operations() {
            for parameter in operation.parameters.iter().filter(|parameter| parameter.location == Location::Path) {
                if parameter.refers_to.is_none() && stem(&parameter.name).is_some() {
                    ids.kinds.insert(parameter.name.to_snake_case());
                }
            }
        }
        // What is no path parameter is an id for comparing alone.
        let properties = api.models.values().flat_map(|model| &model.properties);
        ids.kinds.extend(properties.filter_map(|property| property.refers_to.as_deref()).map(str::to_snake_case));
        for operation in api.operations().filter(|operation| operation.method == Method::Get) {
            let last = operation.path.rsplit('/').next().unwrap_or_default();
            let Some(name) = last.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { continue };
            let kind = name.to_snake_case();
            if let Response::Json(Type::Model(model)) = &operation.response {
                if ids.kinds.contains(&kind) {
                    let property = if name.ends_with("Id") { "id" } else { "name" };
                    ids.own.insert((model.clone(), property.to_owned()), kind);
                }
            }
        }
        ids
    }

    /// The kinds of id, in snake case.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(String::as_str)
    }

    /// The types to generate: the kinds that are declared, and those that items were recorded to hold.
    pub(super) fn types(&self, api: &Api, names: &Names) -> Vec<Id> {
        let held: BTreeSet<&str> = references(api).filter_map(|key| names.get(NameKind::Reference, &key)).collect();
        let all = names.iter(NameKind::Id);
        let used = all.filter(|(kind, name)| self.kinds.contains(*kind) || held.contains(name));
        used.map(|(kind, name)| Id { name: name.to_owned(), docs: docs::id(kind) }).collect()
    }

    /// The kind of id that a parameter holds.
    pub(super) fn of_parameter(&self, parameter: &Parameter) -> Option<String> {
        if parameter.ty != Type::String || parameter.values.is_some() {
            return None;
        }
        self.named(parameter.refers_to.as_deref().unwrap_or(&parameter.name))
    }

    /// The kind of id that a property holds, or its elements.
    pub(super) fn of_property(&self, model: &Model, property: &Property) -> Option<String> {
        let singular = match &property.ty {
            Type::String if property.values.is_none() => property.name.as_str(),
            Type::List(inner) if **inner == Type::String => property.name.strip_suffix('s').unwrap_or(&property.name),
            _ => return None,
        };
        if let Some(reference) = &property.refers_to {
            return self.named(reference);
        }
        self.own_kind(model, &property.name).map(str::to_owned).or_else(|| self.named(singular))
    }

    /// The property by which a model is fetched, and the kind of its id.
    pub(super) fn identity(&self, model: &Model, names: &Names) -> Option<(String, String)> {
        model.properties.iter().filter(|property| property.required && property.ty == Type::String).find_map(
            |property| {
                let own = names.of(NameKind::Id, self.own_kind(model, &property.name)?);
                let held = names.get(NameKind::Reference, &format!("{}.{}", model.name, property.name))?;
                (held == own).then(|| (property.name.clone(), own))
            },
        )
    }

    fn own_kind(&self, model: &Model, property: &str) -> Option<&str> {
        self.own.get(&(model.name.clone(), property.to_owned())).map(String::as_str)
    }

    fn named(&self, name: &str) -> Option<String> {
        let name = name.to_snake_case();
        let holds = |kind: &&String| name == **kind || name.ends_with(&format!("_{kind}"));
        self.kinds.iter().filter(holds).max_by_key(|kind| kind.len()).cloned()
    }
}

/// The items that may hold ids.
fn references(api: &Api) -> impl Iterator<Item = String> {
    let properties = api
        .models
        .values()
        .flat_map(|model| model.properties.iter().map(move |property| format!("{}.{}", model.name, property.name)));
    let parameters = api.operations().flat_map(|operation| {
        operation.parameters.iter().map(move |parameter| format!("{}.{}", key(operation), parameter.name))
    });
    properties.chain(parameters)
}

/// What an id's name says it identifies: `channel` of `channelId`.
pub(super) fn stem(name: &str) -> Option<String> {
    let stem = name.strip_suffix("Id").or_else(|| name.strip_suffix("Name"))?;
    (!stem.is_empty()).then(|| stem.to_snake_case())
}
