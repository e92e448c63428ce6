//! Properties of a model that both releases have.

use super::types::{Renamed, Shift, renamed_type, shift};
use super::{Subject, Walk, side, values};
use crate::change::Kind;
use ari_codegen::swagger::{Model, Property};

const VALUES: values::Kinds = values::Kinds {
    introduced: Kind::PropertyValuesIntroduced,
    dropped: Kind::PropertyValuesDropped,
    widened: Kind::PropertyValuesWidened,
    narrowed: Kind::PropertyValuesNarrowed,
    range_widened: Kind::PropertyRange,
    range_narrowed: Kind::PropertyRange,
};

pub(super) fn compare(walk: &mut Walk<'_>, model: &Subject, old: &Model, new: &Model, renamed: &Renamed<'_>) {
    for after in &new.properties {
        let subject = model.part(&after.name);
        match old.properties.iter().find(|before| before.name == after.name) {
            Some(before) => both(walk, &subject, before, after, renamed),
            None if is_required(after) => {
                walk.add(Kind::PropertyAddedRequired, &subject, None, side(&after.span, shown(after)));
            }
            None => walk.add(Kind::PropertyAddedOptional, &subject, None, side(&after.span, shown(after))),
        }
    }
    for before in &old.properties {
        if new.properties.iter().any(|after| after.name == before.name) {
            continue;
        }
        let kind = if is_required(before) { Kind::PropertyRemovedRequired } else { Kind::PropertyRemovedOptional };
        walk.add(kind, &model.part(&before.name), side(&before.span, shown(before)), None);
    }
}

fn is_required(property: &Property) -> bool {
    property.required == Some(true)
}

fn shown(property: &Property) -> String {
    format!("{}, {}", property.r#type, if is_required(property) { "required" } else { "optional" })
}

fn both(walk: &mut Walk<'_>, subject: &Subject, old: &Property, new: &Property, renamed: &Renamed<'_>) {
    let spans = (&old.span, &new.span);
    let required = |property| if is_required(property) { "required" } else { "optional" }.to_owned();
    let kind = if is_required(new) { Kind::PropertyBecameRequired } else { Kind::PropertyBecameOptional };
    walk.changed(kind, subject, (spans.0, required(old)), (spans.1, required(new)));
    let kind = match shift(&renamed_type(&old.r#type, renamed), &new.r#type) {
        Shift::Same => None,
        Shift::NumberWidened => Some(Kind::PropertyNumberWidened),
        Shift::NumberNarrowed => Some(Kind::PropertyNumberNarrowed),
        Shift::Widened => Some(Kind::PropertyTypeWidened),
        Shift::Narrowed => Some(Kind::PropertyTypeNarrowed),
        Shift::Changed => Some(Kind::PropertyTypeChanged),
    };
    if let Some(kind) = kind {
        walk.add(kind, subject, side(spans.0, old.r#type.clone()), side(spans.1, new.r#type.clone()));
    }
    let (before, after) = (old.allowable_values.as_ref(), new.allowable_values.as_ref());
    values::compare(walk, &VALUES, subject, (spans.0, before), (spans.1, after));
}
