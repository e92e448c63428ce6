//! Parameters of an operation that both releases have.

use super::found::Found;
use super::types::{Renamed, Shift, renamed_type, shift_of_text};
use super::{Subject, Walk, side, values};
use crate::change::Kind;
use ari_codegen::api::{path_parameters, path_shape};
use ari_codegen::swagger::{Literal, Parameter};

const VALUES: values::Kinds = values::Kinds {
    introduced: Kind::ParameterValuesIntroduced,
    dropped: Kind::ParameterValuesDropped,
    widened: Kind::ParameterValuesWidened,
    narrowed: Kind::ParameterValuesNarrowed,
    range_widened: Kind::ParameterRangeWidened,
    range_narrowed: Kind::ParameterRangeNarrowed,
};

pub(super) fn compare(walk: &mut Walk<'_>, operation: &Subject, old: Found<'_>, new: Found<'_>, renamed: &Renamed<'_>) {
    let mut pairs = Vec::new();
    let mut gone: Vec<&Parameter> = old.operation.parameters.iter().collect();
    let mut come = Vec::new();
    for parameter in &new.operation.parameters {
        let name = old_name(&parameter.name, old, new);
        match gone.iter().position(|before| before.name == name) {
            Some(at) => pairs.push((gone.remove(at), parameter)),
            None => come.push(parameter),
        }
    }
    for (before, after) in &pairs {
        let subject = operation.part(&after.name);
        both(walk, &subject, before, after, renamed);
    }
    for parameter in gone {
        let value = side(&parameter.span, shown(parameter));
        walk.add(Kind::ParameterRemoved, &operation.part(&parameter.name), value, None);
    }
    for parameter in come {
        let kind = if is_required(parameter) { Kind::ParameterAddedRequired } else { Kind::ParameterAddedOptional };
        walk.add(kind, &operation.part(&parameter.name), None, side(&parameter.span, shown(parameter)));
    }
    order(walk, operation, old, new, &pairs);
}

/// What the old release calls a parameter: in paths of one shape, the place counts and not the name.
fn old_name<'a>(name: &'a str, old: Found<'a>, new: Found<'a>) -> &'a str {
    if path_shape(old.path) != path_shape(new.path) {
        return name;
    }
    let index = path_parameters(new.path).position(|parameter| parameter == name);
    index.and_then(|index| path_parameters(old.path).nth(index)).unwrap_or(name)
}

/// The declarations leave it out on a few path parameters.
fn is_required(parameter: &Parameter) -> bool {
    parameter.required == Some(true) || parameter.param_type == "path"
}

fn shown(parameter: &Parameter) -> String {
    let required = if is_required(parameter) { "required" } else { "optional" };
    let repeatable = if parameter.allow_multiple == Some(true) { ", repeatable" } else { "" };
    format!("{} {}, {required}{repeatable}", parameter.param_type, parameter.data_type)
}

fn both(walk: &mut Walk<'_>, subject: &Subject, old: &Parameter, new: &Parameter, renamed: &Renamed<'_>) {
    let spans = (&old.span, &new.span);
    let required = |parameter| if is_required(parameter) { "required" } else { "optional" }.to_owned();
    let kind = if is_required(new) { Kind::ParameterBecameRequired } else { Kind::ParameterBecameOptional };
    walk.changed(kind, subject, (spans.0, required(old)), (spans.1, required(new)));
    let travels = (old.param_type.clone(), new.param_type.clone());
    walk.changed(Kind::ParameterMoved, subject, (spans.0, travels.0), (spans.1, travels.1));
    ty(walk, subject, old, new, renamed);
    let repeatable = |parameter: &Parameter| parameter.allow_multiple == Some(true);
    let count = |parameter| if repeatable(parameter) { "a list" } else { "one value" }.to_owned();
    let kind = if repeatable(new) { Kind::ParameterBecameRepeatable } else { Kind::ParameterNoLongerRepeatable };
    walk.changed(kind, subject, (spans.0, count(old)), (spans.1, count(new)));
    let allowed = |parameter: &'_ Parameter| parameter.allowable_values.clone();
    let (before, after) = (allowed(old), allowed(new));
    values::compare(walk, &VALUES, subject, (spans.0, before.as_ref()), (spans.1, after.as_ref()));
    let [before, after] = [old, new].map(|parameter| default(parameter.default_value.as_ref()));
    walk.changed(Kind::ParameterDefault, subject, (spans.0, before), (spans.1, after));
}

fn ty(walk: &mut Walk<'_>, subject: &Subject, old: &Parameter, new: &Parameter, renamed: &Renamed<'_>) {
    let before = renamed_type(&old.data_type, renamed);
    if before == new.data_type {
        return;
    }
    let is_body = |parameter: &Parameter| parameter.param_type == "body";
    let kind = if is_body(old) && is_body(new) {
        Kind::BodyShape
    } else {
        match shift_of_text(&before, &new.data_type) {
            Shift::Same => return,
            Shift::NumberWidened => Kind::ParameterNumberWidened,
            Shift::NumberNarrowed => Kind::ParameterNumberNarrowed,
            Shift::Widened => Kind::ParameterTypeWidened,
            Shift::Narrowed => Kind::ParameterTypeNarrowed,
            Shift::Changed => Kind::ParameterTypeChanged,
        }
    };
    walk.add(kind, subject, side(&old.span, old.data_type.clone()), side(&new.span, new.data_type.clone()));
}

fn default(value: Option<&Literal>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Literal::Bool(value)) => value.to_string(),
        Some(Literal::Number(value)) => value.clone(),
        Some(Literal::String(value)) => format!("\"{value}\""),
    }
}

/// The order matters to callers that pass required parameters by position.
fn order(walk: &mut Walk<'_>, operation: &Subject, old: Found<'_>, new: Found<'_>, pairs: &[(&Parameter, &Parameter)]) {
    // Path parameters are passed in the order of the path.
    let in_both: Vec<_> = pairs
        .iter()
        .filter(|(before, after)| is_required(before) && is_required(after))
        .filter(|(before, after)| before.param_type != "path" && after.param_type != "path")
        .collect();
    let names = |found: Found<'_>, mine: &dyn Fn(&(&Parameter, &Parameter)) -> String| {
        let mut names: Vec<String> = in_both.iter().map(|pair| mine(pair)).collect();
        let at = |name: &String| found.operation.parameters.iter().position(|parameter| parameter.name == *name);
        names.sort_by_key(at);
        names
    };
    let before = names(old, &|pair| pair.0.name.clone());
    let after = names(new, &|pair| pair.1.name.clone());
    let spans = (&old.operation.span, &new.operation.span);
    walk.changed(Kind::ParameterOrder, operation, (spans.0, before.join(", ")), (spans.1, after.join(", ")));
}
