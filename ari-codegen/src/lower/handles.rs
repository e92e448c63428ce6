//! Handles: the operations whose path begins with the same ids.

use std::collections::BTreeMap;

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::Context;
use super::ids::stem;
use super::names::{Scope, value_name};
use super::operations::CLIENT_METHODS;
use crate::api;
use crate::diagnostic::Diagnostics;
use crate::rust::{Form, Handle, Module, Operation};

/// A single operation needs no handle.
const FEWEST_OPERATIONS: usize = 2;

type Found<'a> = Vec<(&'a Module, &'a Operation)>;

pub(super) fn handles(context: &Context<'_>, modules: &[Module], diagnostics: &mut Diagnostics) -> Vec<Handle> {
    let mut scope = Scope::new("the client's methods");
    for module in modules {
        if let Some(operation) = first_of(context, &module.resource) {
            scope.claim(&module.accessor, &module.resource, &operation.span, diagnostics);
        }
    }
    let mut handles = Vec::new();
    for (prefix, found) in by_prefix(modules) {
        if found.len() < FEWEST_OPERATIONS {
            continue;
        }
        let handle = handle(prefix, &found);
        if let Some(operation) = first_of(context, &found[0].0.resource) {
            scope.claim(&handle.accessor, prefix, &operation.span, diagnostics);
        }
        check_methods(context, &handle, &found, diagnostics);
        handles.push(handle);
    }
    handles
}

/// A handle gathers operations of several resources; what is unique in each of them need not be in all.
fn check_methods(context: &Context<'_>, handle: &Handle, found: &Found<'_>, diagnostics: &mut Diagnostics) {
    let what = format!("the methods of `{}`", handle.name);
    let mut scope = Scope::new(&what);
    for (index, (module, operation)) in found.iter().enumerate() {
        let declared = &context.api.resources[&module.resource].operations;
        let Some(declared) = declared.iter().find(|declared| declared.nickname == operation.nickname) else { continue };
        for id in handle.ids.iter().filter(|_| index == 0) {
            scope.claim(&id.name, &id.wire, &declared.span, diagnostics);
        }
        scope.claim(&operation.function, &operation.nickname, &declared.span, diagnostics);
    }
}

fn first_of<'a>(context: &Context<'a>, resource: &str) -> Option<&'a api::Operation> {
    context.api.resources.get(resource).and_then(|resource| resource.operations.first())
}

/// Operations by the part of their path up to the last of its first ids; where one such part continues another
/// (`/endpoints/{tech}/{resource}` after `/endpoints/{tech}`), the longer one counts.
fn by_prefix(modules: &[Module]) -> BTreeMap<&str, Found<'_>> {
    let mut found: BTreeMap<&str, Found<'_>> = BTreeMap::new();
    for module in modules {
        for operation in &module.operations {
            if let Some(prefix) = prefix(&operation.path) {
                found.entry(prefix).or_default().push((module, operation));
            }
        }
    }
    let prefixes: Vec<&str> = found.keys().copied().collect();
    found.retain(|prefix, _| !prefixes.iter().any(|other| other.starts_with(&format!("{prefix}/{{"))));
    found
}

/// `/channels/{channelId}` of `/channels/{channelId}/play/{playbackId}`.
fn prefix(path: &str) -> Option<&str> {
    let ids = path.find("/{")?;
    let mut end = ids;
    while path[end..].starts_with("/{") {
        end = path[end + 1..].find('/').map_or(path.len(), |next| end + 1 + next);
    }
    Some(&path[..end])
}

fn handle(prefix: &str, found: &Found<'_>) -> Handle {
    let ids: Vec<_> =
        found[0].1.arguments.iter().filter(|argument| matches!(argument.form, Form::Path(_))).cloned().collect();
    let count = api::path_parameters(prefix).count();
    let accessor = accessor(prefix);
    let held: Vec<String> = ids[..count].iter().map(|id| format!("`{}`", id.wire)).collect();
    Handle {
        name: format!("{}Handle", accessor.to_upper_camel_case()),
        docs: vec![format!("Operations on `{prefix}`, for one {}.", held.join(", "))],
        accessor,
        ids: ids.into_iter().take(count).collect(),
        operations: found.iter().map(|(module, operation)| (module.name.clone(), (*operation).clone())).collect(),
    }
}

/// `channel` for `/channels/{channelId}`, `live_recording` for `/recordings/live/{recordingName}`,
/// `dynamic_config` for `/asterisk/config/dynamic/{configClass}/{objectType}/{id}`.
fn accessor(prefix: &str) -> String {
    let fixed: Vec<&str> =
        prefix.split('/').filter(|segment| !segment.is_empty() && !segment.starts_with('{')).collect();
    let mut ids = api::path_parameters(prefix);
    let only = ids.next().filter(|_| ids.next().is_none());
    let name = match (only.and_then(stem), fixed.as_slice()) {
        (Some(stem), [collection, .., kind]) if collection.to_snake_case() == format!("{stem}s") => {
            format!("{}_{stem}", kind.to_snake_case())
        }
        (Some(stem), _) => stem,
        (None, [collection]) => collection.strip_suffix('s').unwrap_or(collection).to_snake_case(),
        (None, segments) => {
            let words: Vec<String> = segments.iter().skip(1).rev().map(|segment| segment.to_snake_case()).collect();
            words.join("_")
        }
    };
    let name = value_name(&name);
    if CLIENT_METHODS.contains(&name.as_str()) { format!("{name}_handle") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_named_for_what_its_ids_identify() {
        let cases = [
            ("/channels/{channelId}", "channel"),
            ("/recordings/live/{recordingName}", "live_recording"),
            ("/recordings/stored/{recordingName}", "stored_recording"),
            ("/asterisk/modules/{moduleName}", "module"),
            ("/asterisk/logging/{logChannelName}", "log_channel"),
            ("/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "dynamic_config"),
            ("/endpoints/{tech}/{resource}", "endpoint"),
        ];
        for (prefix, name) in cases {
            assert_eq!(accessor(prefix), name);
        }
    }

    #[test]
    fn a_prefix_ends_with_the_first_run_of_ids() {
        assert_eq!(prefix("/channels/{channelId}/play/{playbackId}"), Some("/channels/{channelId}"));
        assert_eq!(prefix("/endpoints/{tech}/{resource}/refer"), Some("/endpoints/{tech}/{resource}"));
        assert_eq!(prefix("/channels"), None);
    }
}
