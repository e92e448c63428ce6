//! Models: which are new, gone or merely called otherwise, and how the others differ.

use std::collections::BTreeMap;

use super::types::Renamed;
use super::{Subject, Walk, properties, side};
use crate::change::Kind;
use crate::declared::Declared;
use crate::direction::Uses;
use ari_codegen::swagger::Model;

/// A removed model and a new one with the same properties count as renamed, if there is only one such pair.
///
/// Events are identified by name, so a new name is a new event. Models without properties cannot be matched.
pub(super) fn renamed<'a>(old: &'a Declared, new: &'a Declared) -> Renamed<'a> {
    let (before, after) = (old.models(), new.models());
    let lone = |model: &Model, declared: &Declared, others: &BTreeMap<&str, (&str, &Model)>| {
        let resolved = &declared.api.models[&model.id];
        let in_tree = resolved.base.is_some() || !model.sub_types.is_empty();
        !in_tree && !model.properties.is_empty() && !others.contains_key(model.id.as_str())
    };
    let gone: Vec<&Model> = before.values().map(|found| found.1).filter(|model| lone(model, old, &after)).collect();
    let come: Vec<&Model> = after.values().map(|found| found.1).filter(|model| lone(model, new, &before)).collect();
    let mut renamed = Renamed::new();
    for model in &gone {
        let twins: Vec<_> = come.iter().filter(|other| signature(other) == signature(model)).collect();
        let rivals = gone.iter().filter(|other| signature(other) == signature(model)).count();
        if let ([twin], 1) = (twins.as_slice(), rivals) {
            renamed.insert(&model.id, &twin.id);
        }
    }
    renamed
}

fn signature(model: &Model) -> BTreeMap<&str, (&str, bool)> {
    let properties = model.properties.iter();
    properties
        .map(|property| (property.name.as_str(), (property.r#type.as_str(), property.required == Some(true))))
        .collect()
}

pub(super) fn compare(walk: &mut Walk<'_>, renamed: &Renamed<'_>, uses: &dyn Fn(&str) -> Uses) {
    let (old, new) = (walk.old, walk.new);
    let (before, after) = (old.models(), new.models());
    for (name, (resource, model)) in &after {
        let subject = Subject { uses: uses(name), inherited_by: 0, ..Subject::of(resource, *name) };
        let was_called = renamed.iter().find(|(_, to)| *to == name).map(|(from, _)| *from);
        if let Some((_, earlier)) = before.get(was_called.unwrap_or(name)) {
            both(walk, &subject, earlier, model, renamed);
        } else {
            let kind = if new.events().contains(name) { Kind::EventAdded } else { Kind::ModelAdded };
            walk.add(kind, &subject, None, side(&model.span, count(model)));
        }
    }
    for (name, (resource, model)) in &before {
        if after.contains_key(name) || renamed.contains_key(name) {
            continue;
        }
        let subject = Subject { uses: uses(name), ..Subject::of(resource, *name) };
        let kind = if old.events().contains(name) { Kind::EventRemoved } else { Kind::ModelRemoved };
        walk.add(kind, &subject, side(&model.span, count(model)), None);
    }
}

fn count(model: &Model) -> String {
    let names: Vec<&str> = model.properties.iter().map(|property| property.name.as_str()).collect();
    if names.is_empty() { "no properties".to_owned() } else { names.join(", ") }
}

fn both(walk: &mut Walk<'_>, subject: &Subject, old: &Model, new: &Model, renamed: &Renamed<'_>) {
    let (releases, spans) = ((walk.old, walk.new), (&old.span, &new.span));
    walk.changed(Kind::ModelRenamed, subject, (spans.0, old.id.clone()), (spans.1, new.id.clone()));
    let key = |model: &Model| model.discriminator.clone().unwrap_or_else(|| "none".to_owned());
    walk.changed(Kind::Discriminator, subject, (spans.0, key(old)), (spans.1, key(new)));
    let base = |declared: &Declared, model: &Model| {
        let base = declared.api.models.get(&model.id).and_then(|model| model.base.clone());
        base.unwrap_or_else(|| "none".to_owned())
    };
    let (before, after) = (base(releases.0, old), base(releases.1, new));
    let moved = before != after;
    walk.changed(Kind::SubtypeMoved, subject, (spans.0, before), (spans.1, after));
    let was = releases.0.events().contains(old.id.as_str());
    let is = releases.1.events().contains(new.id.as_str());
    match (was, is) {
        // A model that joins or leaves the tree of events has moved, and that is said already.
        _ if moved => {}
        (false, true) => walk.add(Kind::EventAdded, subject, None, side(spans.1, count(new))),
        (true, false) => walk.add(Kind::EventRemoved, subject, side(spans.0, count(old)), None),
        _ => {}
    }
    let heirs = releases.1.heirs(&new.id);
    properties::compare(walk, &Subject { inherited_by: heirs, ..subject.clone() }, old, new, renamed);
}
