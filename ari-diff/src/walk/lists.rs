//! Which operations share the list of values of a parameter.
//!
//! Servers do not mind, but the bindings do: where all operations with a parameter list the same values, its type is
//! named after the parameter; else after the first operation of those that list the same.

use std::collections::{BTreeMap, BTreeSet};

use super::found::Found;
use super::{Subject, Walk, side};
use crate::change::Kind;
use crate::declared::Declared;
use ari_codegen::swagger::{AllowableValues, Parameter};

/// By operation and parameter: who shares its list.
pub(super) type Sharing = BTreeMap<(String, String), String>;

/// Who shares the list of each parameter that has one.
pub(super) fn sharing(declared: &Declared) -> Sharing {
    let operations = Found::all(declared);
    let mut by_name: BTreeMap<&str, Vec<(String, BTreeSet<&String>)>> = BTreeMap::new();
    for found in &operations {
        for parameter in &found.operation.parameters {
            if let Some(values) = listed(parameter) {
                by_name.entry(&parameter.name).or_default().push((found.full_name(), values));
            }
        }
    }
    let mut sharing = Sharing::new();
    for (name, uses) in by_name {
        let is_one_list = uses.len() > 1 && uses.iter().all(|(_, values)| *values == uses[0].1);
        for (operation, values) in &uses {
            let first = uses.iter().find(|(_, others)| others == values).map_or(operation, |(first, _)| first);
            let shared = if is_one_list { format!("all that take `{name}`") } else { format!("the list of {first}") };
            sharing.insert((operation.clone(), name.to_owned()), shared);
        }
    }
    sharing
}

fn listed(parameter: &Parameter) -> Option<BTreeSet<&String>> {
    match &parameter.allowable_values {
        Some(AllowableValues::List(values)) if parameter.data_type == "string" && !values.is_empty() => {
            Some(values.iter().collect())
        }
        _ => None,
    }
}

/// Notes where a parameter that lists values in both releases shares them with others than before.
pub(super) fn compare(
    walk: &mut Walk<'_>,
    subject: &Subject,
    old: (Found<'_>, &Parameter),
    new: (Found<'_>, &Parameter),
) {
    let key = |(found, parameter): (Found<'_>, &Parameter)| (found.full_name(), parameter.name.clone());
    let (before, after) = (walk.sharing.0.get(&key(old)), walk.sharing.1.get(&key(new)));
    if let (Some(before), Some(after)) = (before, after) {
        if before != after {
            let sides = (side(&old.1.span, before.as_str()), side(&new.1.span, after.as_str()));
            walk.add(Kind::ParameterValuesRegrouped, subject, sides.0, sides.1);
        }
    }
}
