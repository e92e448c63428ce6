//! Allowed values: lists and bounds.

use super::{Subject, Walk, listed, side};
use crate::change::Kind;
use ari_codegen::Span;
use ari_codegen::swagger::AllowableValues;

/// The kinds of change that a constraint can have, for a parameter or a property.
pub(super) struct Kinds {
    pub(super) introduced: Kind,
    pub(super) dropped: Kind,
    pub(super) widened: Kind,
    pub(super) narrowed: Kind,
    pub(super) range_widened: Kind,
    pub(super) range_narrowed: Kind,
}

pub(super) fn compare(
    walk: &mut Walk<'_>,
    kinds: &Kinds,
    subject: &Subject,
    old: (&Span, Option<&AllowableValues>),
    new: (&Span, Option<&AllowableValues>),
) {
    let list = |values: Option<&AllowableValues>| match values {
        Some(AllowableValues::List(values)) => Some(values.clone()),
        _ => None,
    };
    match (list(old.1), list(new.1)) {
        (None, Some(after)) => {
            walk.add(kinds.introduced, subject, side(old.0, "any"), side(new.0, listed(&after)));
        }
        (Some(before), None) => {
            walk.add(kinds.dropped, subject, side(old.0, listed(&before)), side(new.0, "any"));
        }
        (Some(before), Some(after)) => lists(walk, kinds, subject, (old.0, &before), (new.0, &after)),
        (None, None) => {}
    }
    let [before, after] = [old.1, new.1].map(bounds);
    if before != after {
        let sides = (side(old.0, shown(&before)), side(new.0, shown(&after)));
        let kind = if covers(&after, &before) { kinds.range_widened } else { kinds.range_narrowed };
        walk.add(kind, subject, sides.0, sides.1);
    }
}

/// A list that loses values and gains others counts as two changes: the loss concerns senders, the gain readers.
fn lists(
    walk: &mut Walk<'_>,
    kinds: &Kinds,
    subject: &Subject,
    (old_span, old): (&Span, &[String]),
    (new_span, new): (&Span, &[String]),
) {
    let missing_in = |list: &[String], other: &[String]| -> Vec<String> {
        list.iter().filter(|value| !other.contains(value)).cloned().collect()
    };
    let (gone, come) = (missing_in(old, new), missing_in(new, old));
    if !come.is_empty() {
        walk.add(
            kinds.widened,
            subject,
            side(old_span, listed(old)),
            side(new_span, format!("also {}", listed(&come))),
        );
    }
    if !gone.is_empty() {
        walk.add(
            kinds.narrowed,
            subject,
            side(old_span, listed(old)),
            side(new_span, format!("without {}", listed(&gone))),
        );
    }
}

/// Lowest and highest number; none where anything goes.
type Bounds = (Option<String>, Option<String>);

fn bounds(values: Option<&AllowableValues>) -> Bounds {
    match values {
        Some(AllowableValues::Range { min, max }) => (min.clone(), max.clone()),
        _ => (None, None),
    }
}

fn covers(whole: &Bounds, part: &Bounds) -> bool {
    let number = |bound: &Option<String>| bound.as_deref().and_then(|text| text.parse::<f64>().ok());
    let below = match (number(&whole.0), number(&part.0)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(whole), Some(part)) => whole <= part,
    };
    let above = match (number(&whole.1), number(&part.1)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(whole), Some(part)) => whole >= part,
    };
    below && above
}

fn shown((min, max): &Bounds) -> String {
    match (min, max) {
        (None, None) => "any number".to_owned(),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
    }
}
