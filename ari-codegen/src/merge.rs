//! Several releases become one API: the union of their items, each optional unless every release requires it.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{
    Api, Location, Model, Operation, Parameter, Presence, Property, Resource, Response, Type, path_shape,
};
use crate::record::{NameKind, Names};

/// What merging had to decide because releases contradict each other.
pub type Notes = BTreeSet<String>;

/// Merges the APIs of several releases. The newest release takes precedence if they contradict each other.
///
/// Returns `None` without any release. The result does not depend on the order of `apis`. `names` are the recorded
/// names: an operation whose recorded name contains its path, to distinguish it from another one, keeps that name when
/// the other one has been removed.
#[must_use]
pub fn merge(mut apis: Vec<Api>, names: &Names) -> Option<(Api, Notes)> {
    apis.sort_by(|a, b| b.releases.cmp(&a.releases));
    for operation in apis.iter_mut().flat_map(|api| api.resources.values_mut()).flat_map(|it| &mut it.operations) {
        if let Some(nickname) = recorded_with_path(operation, names) {
            operation.nickname = nickname;
        }
    }
    let mut notes = Notes::new();
    let mut newest_first = apis.into_iter();
    let mut merged = newest_first.next()?;
    for older in newest_first {
        merge_into(&mut merged, older, &mut notes);
    }
    Some((merged, notes))
}

fn merge_into(newer: &mut Api, older: Api, notes: &mut Notes) {
    let (newer_releases, older_releases) = (newer.releases.clone(), older.releases.clone());
    newer.releases.extend(older.releases);
    for (name, resource) in older.resources {
        match newer.resources.get_mut(&name) {
            Some(known) => merge_resource(known, resource, notes),
            None => {
                newer.resources.insert(name, resource);
            }
        }
    }
    for (name, model) in older.models {
        match newer.models.get_mut(&name) {
            Some(known) => merge_model(known, model, notes),
            None => {
                newer.models.insert(name, model);
            }
        }
    }
    debug_assert!(newer_releases.is_disjoint(&older_releases), "a release is merged once");
}

fn merge_resource(newer: &mut Resource, older: Resource, notes: &mut Notes) {
    newer.releases.extend(older.releases);
    newer.requires_modules.extend(older.requires_modules);
    for operation in older.operations {
        let known = newer
            .operations
            .iter_mut()
            .find(|known| known.method == operation.method && path_shape(&known.path) == path_shape(&operation.path));
        if let Some(known) = known {
            merge_operation(known, operation, notes);
        } else {
            tell_apart(newer, &operation, notes);
            newer.operations.push(operation);
        }
    }
}

/// An operation that took over the name of one at another path is called by its path too while both are supported.
fn tell_apart(newer: &mut Resource, older: &Operation, notes: &mut Notes) {
    for known in newer.operations.iter_mut().filter(|known| known.nickname == older.nickname) {
        let releases = list(&older.releases);
        notes.insert(format!("{}.{}: at {} in {releases}", newer.name, older.nickname, older.path));
        known.nickname = format!("{} {} {}", known.nickname, known.method, known.path);
    }
}

fn recorded_with_path(operation: &Operation, names: &Names) -> Option<String> {
    let Operation { resource, nickname, method, path, .. } = operation;
    let prefix = format!("{resource}.{nickname} {method} ");
    let mut recorded = names.iter(NameKind::Request).filter_map(|(item, _)| item.strip_prefix(&prefix));
    let known = recorded.find(|known| path_shape(known) == path_shape(path))?;
    Some(format!("{nickname} {method} {known}"))
}

fn merge_operation(newer: &mut Operation, older: Operation, notes: &mut Notes) {
    let place = format!("{}.{}", newer.resource, newer.nickname);
    if newer.nickname != older.nickname {
        notes.insert(format!("{place}: called `{}` in {}", older.nickname, list(&older.releases)));
        newer.former_nicknames.insert(older.nickname.clone());
    }
    newer.former_nicknames.extend(older.former_nicknames);
    if newer.statuses != older.statuses {
        let statuses: Vec<String> = older.statuses.iter().map(ToString::to_string).collect();
        notes.insert(format!("{place}: succeeds with {} in {}", statuses.join(", "), list(&older.releases)));
    }
    newer.statuses.extend(older.statuses);
    if newer.response != older.response {
        notes.insert(format!("{place}: answers differently in {}: any JSON", list(&older.releases)));
        newer.response = Response::Json(Type::Object);
    }
    newer.errors.extend(older.errors);
    // Paths of one shape have their parameters at the same places, whatever they are called.
    for parameter in newer.parameters.iter_mut().filter(|parameter| parameter.location == Location::Path) {
        parameter.releases.extend(older.releases.iter().copied());
    }
    let older_lacks = |name: &str| !older.parameters.iter().any(|parameter| parameter.name == name);
    for parameter in newer.parameters.iter_mut().filter(|parameter| parameter.location != Location::Path) {
        parameter.required &= !older_lacks(&parameter.name);
    }
    for mut parameter in older.parameters.iter().cloned() {
        let at = format!("{place}.{}", parameter.name);
        match newer.parameters.iter_mut().find(|known| known.name == parameter.name) {
            Some(known) => merge_parameter(known, parameter, &at, notes),
            None if parameter.location == Location::Path => {
                notes.insert(format!("{at}: a path parameter's name in {}", list(&older.releases)));
            }
            None => {
                parameter.required = false;
                newer.parameters.push(parameter);
            }
        }
    }
    newer.releases.extend(older.releases);
}

fn merge_parameter(newer: &mut Parameter, older: Parameter, place: &str, notes: &mut Notes) {
    if newer.location != older.location {
        notes.insert(format!("{place}: travels elsewhere in {}", list(&older.releases)));
    }
    match newer.ty.or_wider(&older.ty) {
        Some(ty) => newer.ty = ty,
        None => drop(notes.insert(format!("{place}: {} in {}", older.ty, list(&older.releases)))),
    }
    newer.required &= older.required;
    newer.multiple |= older.multiple;
    newer.values = union(newer.values.take(), older.values);
    newer.refers_to = newer.refers_to.take().or(older.refers_to);
    newer.releases.extend(older.releases);
}

fn merge_model(newer: &mut Model, older: Model, notes: &mut Notes) {
    let older_lacks = |name: &str| !older.properties.iter().any(|property| property.name == name);
    for property in &mut newer.properties {
        property.required &= !older_lacks(&property.name);
    }
    let known: BTreeMap<String, usize> =
        newer.properties.iter().enumerate().map(|(index, property)| (property.name.clone(), index)).collect();
    for mut property in older.properties {
        if let Some(&index) = known.get(&property.name) {
            let place = format!("{}.{}", newer.name, property.name);
            merge_property(&mut newer.properties[index], property, &place, notes);
        } else {
            property.required = false;
            newer.properties.push(property);
        }
    }
    if newer.base != older.base {
        notes.insert(format!("{}: inherits differently in {}", newer.name, list(&older.releases)));
    }
    newer.base = newer.base.take().or(older.base);
    newer.sub_types.extend(older.sub_types);
    newer.discriminator = newer.discriminator.take().or(older.discriminator);
    newer.releases.extend(older.releases);
}

fn merge_property(newer: &mut Property, older: Property, place: &str, notes: &mut Notes) {
    if let Some(ty) = newer.ty.or_wider(&older.ty) {
        newer.ty = ty;
    } else {
        notes.insert(format!("{place}: {} in {}, {} later: any JSON", older.ty, list(&older.releases), newer.ty));
        newer.ty = Type::Object;
        newer.values = None;
    }
    newer.required &= older.required;
    newer.values = union(newer.values.take(), older.values);
    newer.refers_to = newer.refers_to.take().or(older.refers_to);
    newer.releases.extend(older.releases);
}

/// The values of both; where either lists none, anything goes.
fn union(newer: Option<Vec<String>>, older: Option<Vec<String>>) -> Option<Vec<String>> {
    let (mut all, older) = (newer?, older?);
    for value in older {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    Some(all)
}

fn list(releases: &Presence) -> String {
    let names: Vec<String> = releases.iter().map(ToString::to_string).collect();
    names.join(", ")
}
