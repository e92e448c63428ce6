//! Handles: the operations whose path begins with the same ids.

use std::collections::BTreeMap;

use heck::ToSnakeCase;

use super::Context;
use super::ids::stem;
use super::names::value_name;
use super::operations::CLIENT_METHODS;
use crate::api;
use crate::record::{NameKind, Names};
use crate::rust::{Argument, Form, Handle, Module, Operation, RustType, Struct};

/// A single operation needs no handle.
pub(super) const FEWEST_OPERATIONS: usize = 2;

type Found<'a> = Vec<(&'a Module, &'a Operation)>;

pub(super) fn handles(context: &Context<'_>, modules: &[Module]) -> Vec<Handle> {
    let operations =
        modules.iter().flat_map(|module| module.operations.iter().map(move |operation| (module, operation)));
    let found = by_prefix(context.names, operations.map(|found| (found.1.path.as_str(), found)));
    found.into_iter().map(|(prefix, found)| handle(context.names, prefix, &found)).collect()
}

/// Notes which models describe what a handle is of: those that hold its one id, and the one of its name where several
/// handles have such an id.
pub(super) fn describe(handles: &mut [Handle], models: &[Struct]) {
    let kind = |handle: &Handle| match handle.ids.as_slice() {
        [Argument { form: Form::Path(RustType::Id(kind)), .. }] => Some(kind.clone()),
        _ => None,
    };
    for model in models {
        let Some((_, id)) = &model.identified_by else { continue };
        let of_kind: Vec<usize> = (0..handles.len()).filter(|at| kind(&handles[*at]).as_ref() == Some(id)).collect();
        let of_name = of_kind.iter().find(|at| handles[**at].name == format!("{}Handle", model.name));
        let only = of_kind.first().filter(|_| of_kind.len() == 1);
        if let Some(at) = of_name.or(only) {
            handles[*at].models.push(model.name.clone());
        }
    }
}

/// Operations by the part of their path up to the last of its first ids. Where one such part continues another
/// (`/endpoints/{tech}/{resource}` after `/endpoints/{tech}`), the longer one counts. A handle with a recorded name stays.
pub(super) fn by_prefix<'a, T>(names: &Names, items: impl Iterator<Item = (&'a str, T)>) -> BTreeMap<&'a str, Vec<T>> {
    let mut found: BTreeMap<&str, Vec<T>> = BTreeMap::new();
    for (path, item) in items {
        if let Some(prefix) = prefix(path) {
            found.entry(prefix).or_default().push(item);
        }
    }
    let prefixes: Vec<&str> = found.keys().copied().collect();
    found.retain(|prefix, items| {
        let continued = prefixes.iter().any(|other| other.starts_with(&format!("{prefix}/{{")));
        let is_new = items.len() >= FEWEST_OPERATIONS && !continued;
        is_new || names.get(NameKind::Handle, prefix).is_some()
    });
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

fn handle(names: &Names, prefix: &str, found: &Found<'_>) -> Handle {
    let ids: Vec<_> =
        found[0].1.arguments.iter().filter(|argument| matches!(argument.form, Form::Path(_))).cloned().collect();
    let count = api::path_parameters(prefix).count();
    let held: Vec<String> = ids[..count].iter().map(|id| format!("`{}`", id.wire)).collect();
    Handle {
        name: names.of(NameKind::Handle, prefix),
        docs: vec![format!("Operations on `{prefix}`, for one {}.", held.join(", "))],
        accessor: names.of(NameKind::HandleAccessor, prefix),
        ids: ids.into_iter().take(count).collect(),
        operations: found
            .iter()
            .map(|(module, operation)| (module.name.clone(), held_operation(names, prefix, module, operation)))
            .collect(),
        models: Vec::new(),
    }
}

/// An operation under the name that it has in a handle.
fn held_operation(names: &Names, prefix: &str, module: &Module, operation: &Operation) -> Operation {
    let key = format!("{prefix} {}.{}", module.resource, operation.nickname);
    Operation { function: names.of(NameKind::HandleFunction, &key), ..operation.clone() }
}

/// `channel` for `/channels/{channelId}`, `live_recording` for `/recordings/live/{recordingName}`,
/// `dynamic_config` for `/asterisk/config/dynamic/{configClass}/{objectType}/{id}`.
pub(super) fn accessor(prefix: &str) -> String {
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
