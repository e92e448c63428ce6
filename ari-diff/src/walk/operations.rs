//! Operations: which of the old ones is which of the new ones, and how the two differ.

use std::collections::{BTreeMap, VecDeque};

use super::found::Found;
use super::releases::has_claims;
use super::types::{Renamed, renamed_type};
use super::{Subject, Walk, listed, parameters, side};
use crate::change::Kind;
use crate::direction::Uses;
use ari_codegen::api::path_parameters;
use ari_codegen::swagger::{self, ErrorResponse};

pub(super) fn compare(walk: &mut Walk<'_>, renamed: &Renamed<'_>) {
    let (before, after) = (Found::all(walk.old), Found::all(walk.new));
    // Several operations may have one route: those that did not change at all belong together first.
    let (unchanged, before, after) = paired(before, after, |found| (found.line(), found.name()));
    let (same, before, after) = paired(before, after, Found::route);
    // Of those left over, an operation of the same name is the same one at another place.
    let (moved, before, after) = paired(before, after, Found::name);
    for (old, new) in unchanged.into_iter().chain(same).chain(moved) {
        both(walk, old, new, renamed);
    }
    for gone in before {
        let value = side(&gone.operation.span, gone.line());
        walk.add(Kind::OperationRemoved, &gone.subject(), value, None);
    }
    for come in after {
        let value = side(&come.operation.span, come.line());
        walk.add(Kind::OperationAdded, &come.subject(), None, value);
    }
}

type Paired<'a> = (Vec<(Found<'a>, Found<'a>)>, Vec<Found<'a>>, Vec<Found<'a>>);

/// Those that have the same key on both sides, and those left over on each.
fn paired<'a, K: Ord>(old: Vec<Found<'a>>, new: Vec<Found<'a>>, key: impl Fn(&Found<'a>) -> K) -> Paired<'a> {
    let mut by_key: BTreeMap<K, VecDeque<(usize, Found<'a>)>> = BTreeMap::new();
    for (index, found) in old.into_iter().enumerate() {
        by_key.entry(key(&found)).or_default().push_back((index, found));
    }
    let (mut pairs, mut come) = (Vec::new(), Vec::new());
    for found in new {
        match by_key.get_mut(&key(&found)).and_then(VecDeque::pop_front) {
            Some((_, before)) => pairs.push((before, found)),
            None => come.push(found),
        }
    }
    let mut gone: Vec<_> = by_key.into_values().flatten().collect();
    gone.sort_by_key(|(index, _)| *index);
    let gone = gone.into_iter().map(|(_, found)| found).collect();
    (pairs, gone, come)
}

fn both(walk: &mut Walk<'_>, old: Found<'_>, new: Found<'_>, renamed: &Renamed<'_>) {
    let subject = new.subject();
    identity(walk, &subject, old, new);
    let (before, after) = (old.operation, new.operation);
    let upgrade = |operation: &swagger::Operation| match (&operation.upgrade, &operation.websocket_protocol) {
        (None, None) => "none".to_owned(),
        (upgrade, protocol) => {
            format!("{} {}", upgrade.as_deref().unwrap_or("none"), protocol.as_deref().unwrap_or_default())
        }
    };
    let ((old_span, new_span), change) = ((&before.span, &after.span), Kind::Upgrade);
    walk.changed(change, &subject, (old_span, upgrade(before)), (new_span, upgrade(after)));
    response(walk, &Subject { uses: Uses::REPLY, ..subject.clone() }, before, after, renamed);
    if has_claims(walk.old) == has_claims(walk.new) {
        let (before, after) = (listed(&before.since), listed(&after.since));
        walk.changed(Kind::Since, &subject, (old_span, before), (new_span, after));
    }
    let sent = Subject { uses: Uses::REQUEST, ..subject.clone() };
    parameters::compare(walk, &sent, old, new, renamed);
    errors(walk, &Subject { uses: Uses::REPLY, ..subject }, &before.error_responses, &after.error_responses);
}

/// Name, method and path.
fn identity(walk: &mut Walk<'_>, subject: &Subject, old: Found<'_>, new: Found<'_>) {
    let (old_span, new_span) = (&old.operation.span, &new.operation.span);
    let (before, after) = (old.operation, new.operation);
    if old.resource == new.resource {
        let (before, after) = (before.nickname.clone(), after.nickname.clone());
        walk.changed(Kind::OperationRenamed, subject, (old_span, before), (new_span, after));
    } else {
        walk.changed(Kind::OperationRegrouped, subject, (old_span, old.full_name()), (new_span, new.full_name()));
    }
    if old.route().1 != new.route().1 {
        walk.changed(Kind::OperationMoved, subject, (old_span, old.line()), (new_span, new.line()));
        return;
    }
    let (before, after) = (before.http_method.clone(), after.http_method.clone());
    walk.changed(Kind::OperationMethod, subject, (old_span, before), (new_span, after));
    for (before, after) in path_parameters(old.path).zip(path_parameters(new.path)) {
        let (subject, sides) = (subject.part(after), (format!("{{{before}}}"), format!("{{{after}}}")));
        let sent = Subject { uses: Uses::REQUEST, ..subject };
        walk.changed(Kind::PathParameterRenamed, &sent, (old_span, sides.0), (new_span, sides.1));
    }
}

fn response(
    walk: &mut Walk<'_>,
    subject: &Subject,
    old: &swagger::Operation,
    new: &swagger::Operation,
    renamed: &Renamed<'_>,
) {
    let (before, after) = (renamed_type(&old.response_class, renamed), new.response_class.clone());
    let in_list = |ty: &str| ty.strip_prefix("List[").and_then(|rest| rest.strip_suffix(']')).map(str::to_owned);
    let kind = match (before.as_str(), after.as_str()) {
        ("void", _) => Kind::ResponseGained,
        (_, "void") => Kind::ResponseLost,
        (one, many) if in_list(many).as_deref() == Some(one) || in_list(one).as_deref() == Some(many) => {
            Kind::ResponseList
        }
        _ => Kind::ResponseType,
    };
    if before != after {
        let sides = (side(&old.span, old.response_class.clone()), side(&new.span, after));
        walk.add(kind, subject, sides.0, sides.1);
    }
}

fn errors(walk: &mut Walk<'_>, subject: &Subject, old: &[ErrorResponse], new: &[ErrorResponse]) {
    let has = |errors: &[ErrorResponse], code: u16| errors.iter().any(|error| error.code == code);
    for gone in old.iter().filter(|error| !has(new, error.code)) {
        let code = gone.code.to_string();
        walk.add(Kind::ErrorRemoved, &subject.part(&code), side(&gone.span, code.as_str()), None);
    }
    for come in new.iter().filter(|error| !has(old, error.code)) {
        let code = come.code.to_string();
        walk.add(Kind::ErrorAdded, &subject.part(&code), None, side(&come.span, code.as_str()));
    }
}
