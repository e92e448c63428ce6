//! Listed values become open enums, one for each list and name.

use std::collections::{BTreeMap, BTreeSet};

use super::docs::{self, Facts};
use super::names::{Scope, camel, type_name, variant_name};
use crate::api::{Api, Operation, Parameter, Type};
use crate::diagnostic::{Diagnostics, Span};
use crate::rust::{Values, Variant};

/// Enums by where they are used.
#[derive(Default)]
pub(super) struct ValueTypes {
    types: BTreeMap<String, Values>,
    of_property: BTreeMap<(String, String), String>,
    of_parameter: BTreeMap<(String, String, String), String>,
}

/// A parameter with listed values.
type Use<'a> = (&'a Operation, &'a Parameter, &'a Vec<String>);

impl ValueTypes {
    pub(super) fn of(api: &Api, facts: &Facts<'_>, diagnostics: &mut Diagnostics) -> Self {
        let mut types = Self::default();
        types.properties(api, facts, diagnostics);
        types.parameters(api, facts, diagnostics);
        types
    }

    pub(super) fn types(&self) -> Vec<Values> {
        self.types.values().cloned().collect()
    }

    pub(super) fn of_property(&self, model: &str, property: &str) -> Option<&String> {
        self.of_property.get(&(model.to_owned(), property.to_owned()))
    }

    pub(super) fn of_parameter(&self, operation: &Operation, parameter: &Parameter) -> Option<&String> {
        let key = (operation.resource.clone(), operation.nickname.clone(), parameter.name.clone());
        self.of_parameter.get(&key)
    }

    fn properties(&mut self, api: &Api, facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
        for model in api.models.values() {
            for property in &model.properties {
                let Some(values) = listed(property.values.as_ref(), &property.ty) else { continue };
                let name = property_type_name(&model.name, &property.name);
                let used = format!("{}.{}", model.name, property.name);
                self.add(&name, values, &used, facts, &property.span, diagnostics);
                self.of_property.insert((model.name.clone(), property.name.clone()), name);
            }
        }
    }

    fn parameters(&mut self, api: &Api, facts: &Facts<'_>, diagnostics: &mut Diagnostics) {
        let mut by_name: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
        for operation in api.operations() {
            for parameter in &operation.parameters {
                if let Some(values) = listed(parameter.values.as_ref(), &parameter.ty) {
                    by_name.entry(&parameter.name).or_default().push((operation, parameter, values));
                }
            }
        }
        for (name, uses) in by_name {
            let groups = by_values(&uses);
            for group in &groups {
                let (first, _, values) = group[0];
                let shared = groups.len() == 1 && group.len() > 1;
                let type_name =
                    if shared { type_name(name, "Value") } else { self.operation_type_name(first, name, values) };
                for (operation, parameter, values) in group {
                    let used = format!("{}.{}.{name}", operation.resource, operation.nickname);
                    self.add(&type_name, values, &used, facts, &parameter.span, diagnostics);
                    let key = (operation.resource.clone(), operation.nickname.clone(), name.to_owned());
                    self.of_parameter.insert(key, type_name.clone());
                }
            }
        }
    }

    /// `HangupReason`; with the resource in front where another resource has that name for other values.
    fn operation_type_name(&self, operation: &Operation, parameter: &str, values: &[String]) -> String {
        let name = camel(&format!("{}_{parameter}", camel(&operation.nickname)));
        match self.types.get(&name) {
            Some(other) if !same_values(other, values) => format!("{}{name}", camel(&operation.resource)),
            _ => name,
        }
    }

    fn add(
        &mut self,
        name: &str,
        values: &[String],
        used: &str,
        facts: &Facts<'_>,
        span: &Span,
        diagnostics: &mut Diagnostics,
    ) {
        if let Some(known) = self.types.get_mut(name) {
            if !same_values(known, values) {
                diagnostics
                    .at(span, format!("clashing names: `{used}` and another list of values both become `{name}`"));
            }
            known.docs.push(docs::used_at(used));
            return;
        }
        let mut scope = Scope::new("allowed values");
        let variants: Vec<Variant> = values
            .iter()
            .map(|wire| Variant { name: variant_name(wire), docs: facts.value(used, wire), wire: wire.clone() })
            .collect();
        for variant in &variants {
            scope.claim(&variant.name, &variant.wire, span, diagnostics);
        }
        let mut docs = docs::values();
        docs.push(docs::used_at(used));
        self.types.insert(name.to_owned(), Values { name: name.to_owned(), docs, variants });
    }
}

/// Uses of a parameter's name that allow the same values, in the order of their first operations.
fn by_values<'a>(uses: &[Use<'a>]) -> Vec<Vec<Use<'a>>> {
    let mut groups: Vec<Vec<Use<'a>>> = Vec::new();
    for found in uses {
        let values: BTreeSet<&String> = found.2.iter().collect();
        match groups.iter_mut().find(|group| group[0].2.iter().collect::<BTreeSet<_>>() == values) {
            Some(group) => group.push(*found),
            None => groups.push(vec![*found]),
        }
    }
    groups
}

fn same_values(known: &Values, values: &[String]) -> bool {
    let known: BTreeSet<&String> = known.variants.iter().map(|variant| &variant.wire).collect();
    known == values.iter().collect()
}

fn listed<'a>(values: Option<&'a Vec<String>>, ty: &Type) -> Option<&'a Vec<String>> {
    values.filter(|values| *ty == Type::String && !values.is_empty())
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
    fn a_property_s_enum_has_no_word_twice() {
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
