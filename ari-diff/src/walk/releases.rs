//! What concerns a release as a whole, and its resource files.

use std::collections::BTreeSet;

use super::{Subject, Walk, listed, side};
use crate::change::Kind;
use crate::declared::Declared;
use ari_codegen::swagger::Resource;

pub(super) fn compare(walk: &mut Walk<'_>) {
    let (old, new) = (walk.old, walk.new);
    let release = Subject { resource: None, ..Subject::of("", "resources") };
    let (before, after) = (&old.listing, &new.listing);
    walk.changed(
        Kind::SwaggerVersion,
        &release,
        (&before.span, before.swagger_version.clone()),
        (&after.span, after.swagger_version.clone()),
    );
    walk.changed(
        Kind::ApiVersion,
        &release,
        (&before.span, before.api_version.clone()),
        (&after.span, after.api_version.clone()),
    );
    claims(walk, &release);
    let names: BTreeSet<&String> = old.resources.keys().chain(new.resources.keys()).collect();
    for name in names {
        let subject = Subject::of(name, name.as_str());
        match (old.resources.get(name), new.resources.get(name)) {
            (Some(before), Some(after)) => resource(walk, &subject, before, after),
            (None, Some(after)) => walk.add(Kind::ResourceAdded, &subject, None, side(&after.span, size(after))),
            (Some(before), None) => walk.add(Kind::ResourceRemoved, &subject, side(&before.span, size(before)), None),
            (None, None) => {}
        }
    }
}

fn resource(walk: &mut Walk<'_>, subject: &Subject, old: &Resource, new: &Resource) {
    let sorted = |list: &[String]| listed(&list.iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    let pairs = [
        (Kind::SwaggerVersion, old.swagger_version.clone(), new.swagger_version.clone()),
        (Kind::ApiVersion, old.api_version.clone(), new.api_version.clone()),
        (Kind::ResourcePath, old.resource_path.clone(), new.resource_path.clone()),
        (Kind::RequiredModules, sorted(&old.requires_modules), sorted(&new.requires_modules)),
    ];
    for (kind, before, after) in pairs {
        walk.changed(kind, subject, (&old.span, before), (&new.span, after));
    }
    if has_claims(walk.old) == has_claims(walk.new) {
        walk.changed(Kind::Since, subject, (&old.span, listed(&old.since)), (&new.span, listed(&new.since)));
    }
}

fn size(resource: &Resource) -> String {
    let operations: usize = resource.apis.iter().map(|api| api.operations.len()).sum();
    format!("{operations} operations, {} models", resource.models.len())
}

/// Where one of the releases has no `since` at all, that is one change, not one an operation.
fn claims(walk: &mut Walk<'_>, release: &Subject) {
    let said = |has: bool| if has { "said" } else { "not said" }.to_owned();
    let (old, new) = (walk.old, walk.new);
    walk.changed(
        Kind::Since,
        release,
        (&old.listing.span, said(has_claims(old))),
        (&new.listing.span, said(has_claims(new))),
    );
}

/// Whether a release says anywhere since when it has something.
pub(super) fn has_claims(declared: &Declared) -> bool {
    declared.resources.values().any(|resource| {
        let operations = || resource.apis.iter().flat_map(|api| &api.operations);
        !resource.since.is_empty() || operations().any(|operation| !operation.since.is_empty())
    })
}
