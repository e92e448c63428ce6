//! Listed values become open enums. Uses that share a recorded name share the enum, which takes the union of their values.

use std::collections::{BTreeMap, BTreeSet};

use super::docs::{self, Facts};
use super::keep::recorded_values;
use super::names::{camel, type_name};
use crate::api::{Api, Type};
use crate::record::{NameKind, Names};
use crate::rust::{Values, Variant};

/// A property or parameter that lists its values.
pub(super) struct EnumUse<'a> {
    /// `Model.property` or `resource.nickname.parameter`.
    pub(super) key: String,
    /// The values.
    pub(super) values: &'a [String],
    holder: Holder<'a>,
}

#[derive(Clone, Copy)]
enum Holder<'a> {
    Property { model: &'a str, property: &'a str },
    Parameter { resource: &'a str, nickname: &'a str, parameter: &'a str },
}

/// The uses of one new enum, and its preferred name.
pub(super) struct Group<'a> {
    pub(super) uses: Vec<EnumUse<'a>>,
    pub(super) wish: String,
    /// The resource that makes the name unique if it is taken.
    pub(super) resource: Option<&'a str>,
}

/// All lists of values, properties first.
pub(super) fn uses(api: &Api) -> Vec<EnumUse<'_>> {
    let mut uses = Vec::new();
    for model in api.models.values() {
        for property in &model.properties {
            if let Some(values) = listed(property.values.as_ref(), &property.ty) {
                let holder = Holder::Property { model: &model.name, property: &property.name };
                uses.push(EnumUse { key: format!("{}.{}", model.name, property.name), values, holder });
            }
        }
    }
    for operation in api.operations() {
        let (resource, nickname) = (operation.resource.as_str(), operation.nickname.as_str());
        for parameter in &operation.parameters {
            if let Some(values) = listed(parameter.values.as_ref(), &parameter.ty) {
                let holder = Holder::Parameter { resource, nickname, parameter: &parameter.name };
                uses.push(EnumUse { key: format!("{resource}.{nickname}.{}", parameter.name), values, holder });
            }
        }
    }
    uses
}

/// The enums that are new, each for uses without a recorded name; a use whose values an enum of its parameter's name
/// has joins that enum.
pub(super) fn groups<'a>(api: &'a Api, names: &mut Names) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    let mut by_parameter: BTreeMap<&str, Vec<EnumUse<'_>>> = BTreeMap::new();
    let mut known: BTreeMap<String, BTreeSet<&String>> = BTreeMap::new();
    let mut of_parameter: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for used in uses(api) {
        let recorded = names.get(NameKind::Enum, &used.key).map(str::to_owned);
        if let Some(name) = recorded {
            known.entry(name.clone()).or_default().extend(used.values);
            if let Holder::Parameter { parameter, .. } = used.holder {
                of_parameter.entry(parameter).or_default().insert(name);
            }
            continue;
        }
        match used.holder {
            Holder::Parameter { parameter, .. } => by_parameter.entry(parameter).or_default().push(used),
            Holder::Property { model, property } => {
                let wish = property_type_name(model, property);
                groups.push(Group { uses: vec![used], wish, resource: None });
            }
        }
    }
    for (parameter, uses) in by_parameter {
        let recorded = of_parameter.remove(parameter).unwrap_or_default();
        let mut new: Vec<Vec<EnumUse<'_>>> = Vec::new();
        for used in uses {
            let values: BTreeSet<&String> = used.values.iter().collect();
            if let Some(name) = recorded.iter().find(|name| known[*name] == values) {
                names.insert(NameKind::Enum, &used.key, name);
            } else if let Some(group) = new.iter_mut().find(|group| same(group[0].values, used.values)) {
                group.push(used);
            } else {
                new.push(vec![used]);
            }
        }
        let shared = recorded.is_empty() && new.len() == 1 && new[0].len() > 1;
        groups.extend(new.into_iter().map(|uses| parameter_group(parameter, uses, shared)));
    }
    joined(groups, &known, names)
}

/// Groups that want one name for the same values are one, and so is a group with a recorded enum.
fn joined<'a>(
    groups: Vec<Group<'a>>,
    known: &BTreeMap<String, BTreeSet<&String>>,
    names: &mut Names,
) -> Vec<Group<'a>> {
    let mut distinct: Vec<Group<'_>> = Vec::new();
    for group in groups {
        if known.get(&group.wish).is_some_and(|values| *values == group.uses[0].values.iter().collect()) {
            for used in &group.uses {
                names.insert(NameKind::Enum, &used.key, &group.wish);
            }
            continue;
        }
        let is_same =
            |other: &&mut Group<'_>| other.wish == group.wish && same(other.uses[0].values, group.uses[0].values);
        match distinct.iter_mut().find(is_same) {
            Some(other) => other.uses.extend(group.uses),
            None => distinct.push(group),
        }
    }
    distinct
}

/// `Direction` where all operations share the values, else `HangupReason`.
fn parameter_group<'a>(parameter: &str, uses: Vec<EnumUse<'a>>, shared: bool) -> Group<'a> {
    match uses[0].holder {
        Holder::Parameter { resource, nickname, .. } if !shared => {
            let wish = camel(&format!("{}_{parameter}", camel(nickname)));
            Group { uses, wish, resource: Some(resource) }
        }
        _ => Group { uses, wish: type_name(parameter, "Value"), resource: None },
    }
}

fn same(values: &[String], others: &[String]) -> bool {
    values.iter().collect::<BTreeSet<_>>() == others.iter().collect()
}

/// The enums of an API whose items have names: declared values first, then those that were recorded.
pub(super) fn types(api: &Api, facts: &Facts<'_>, names: &Names) -> Vec<Values> {
    let mut types: BTreeMap<String, Values> = BTreeMap::new();
    let add = |of: &mut Values, key: &str, wire: &str| {
        if of.variants.iter().all(|variant| variant.wire != *wire) {
            let name = names.of(NameKind::Variant, &format!("{}.{wire}", of.name));
            of.variants.push(Variant { name, docs: facts.value(key, wire), wire: wire.to_owned() });
        }
    };
    let uses = uses(api);
    for EnumUse { key, values, .. } in &uses {
        let name = names.of(NameKind::Enum, key);
        let new = || Values { name: name.clone(), docs: docs::values(), variants: Vec::new() };
        let of = types.entry(name.clone()).or_insert_with(new);
        of.docs.push(docs::used_at(key));
        values.iter().for_each(|wire| add(of, key, wire));
    }
    for EnumUse { key, .. } in &uses {
        if let Some(of) = types.get_mut(&names.of(NameKind::Enum, key)) {
            recorded_values(names, &of.name.clone()).for_each(|wire| add(of, key, wire));
        }
    }
    types.into_values().collect()
}

/// The listed values of a text type, if any.
fn listed<'a>(values: Option<&'a Vec<String>>, ty: &Type) -> Option<&'a [String]> {
    values.map(Vec::as_slice).filter(|values| *ty == Type::String && !values.is_empty())
}

/// `ChannelState`; `BridgeType` for `Bridge.bridge_type`; `DeviceStateValue` for `DeviceState.state`.
fn property_type_name(model: &str, property: &str) -> String {
    let (model, property) = (camel(model), camel(property));
    let word = first_word(&property);
    if word != property && word == first_word(&model) {
        property
    } else if model.ends_with(&property) {
        format!("{model}Value")
    } else {
        format!("{model}{property}")
    }
}

fn first_word(camel: &str) -> String {
    let mut letters = camel.chars();
    let first = letters.next();
    first.into_iter().chain(letters.take_while(|letter| !letter.is_uppercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enum_of_a_property_repeats_no_word() {
        let cases = [
            ("Channel", "state", "ChannelState"),
            ("Bridge", "bridge_type", "BridgeType"),
            ("ContactInfo", "contact_status", "ContactStatus"),
            ("DeviceState", "state", "DeviceStateValue"),
            ("LiveRecording", "state", "LiveRecordingState"),
        ];
        for (model, property, name) in cases {
            assert_eq!(property_type_name(model, property), name);
        }
    }
}
