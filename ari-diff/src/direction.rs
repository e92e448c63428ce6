//! The direction in which a model travels, determined once per release from its uses.

use std::collections::{BTreeMap, BTreeSet};

use super::Declared;
use ari_codegen::api::{Location, Response, Type};
use ari_codegen::fixups::{FIXUPS, Fix, Fixup};

/// The ways in which something travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uses {
    /// From the client, in a request.
    pub request: bool,
    /// From the server, in a reply.
    pub reply: bool,
    /// From the server, in an event.
    pub event: bool,
}

impl Uses {
    /// Requests only: what parameters are.
    pub const REQUEST: Self = Self { request: true, reply: false, event: false };
    /// Replies only.
    pub const REPLY: Self = Self { request: false, reply: true, event: false };
    /// Events only.
    pub const EVENT: Self = Self { request: false, reply: false, event: true };

    /// The ways of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            request: self.request || other.request,
            reply: self.reply || other.reply,
            event: self.event || other.event,
        }
    }

    /// Whether it travels at all.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }

    /// The ways by name.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let ways = [(self.request, "request"), (self.reply, "reply"), (self.event, "event")];
        ways.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }
}

/// The ways in which each model of a release travels; a model that is not here is used nowhere.
#[must_use]
pub fn of_models(declared: &Declared) -> BTreeMap<String, Uses> {
    let api = &declared.api;
    let mut found = BTreeMap::new();
    for operation in api.operations() {
        if let Response::Json(ty) = &operation.response {
            mark(declared, ty, Uses::REPLY, &mut found);
        }
        for parameter in operation.parameters.iter().filter(|found| matches!(found.location, Location::Body(_))) {
            mark(declared, &parameter.ty, Uses::REQUEST, &mut found);
        }
    }
    for model in known_bodies(declared, FIXUPS) {
        mark(declared, &Type::Model(model.to_owned()), Uses::REQUEST, &mut found);
    }
    if let Some(message) = api.message() {
        mark(declared, &Type::Model(message.name.clone()), Uses::EVENT, &mut found);
    }
    found
}

/// Models that bodies are known to hold though the declarations say `containers`.
fn known_bodies(declared: &Declared, table: &[Fixup]) -> Vec<&'static str> {
    let fixes = table.iter().flat_map(|fixup| fixup.fixes);
    fixes
        .filter_map(|fix| match fix {
            Fix::SetTuples(place, model) if has_parameter(declared, place) => Some(*model),
            _ => None,
        })
        .collect()
}

fn has_parameter(declared: &Declared, place: &str) -> bool {
    declared.api.operations().any(|operation| {
        let of = |name: &str| format!("{}.{}.{name}", operation.resource, operation.nickname);
        operation.parameters.iter().any(|parameter| of(&parameter.name) == place)
    })
}

/// Marks what a type names, what that holds, inherits, and whatever may stand in for it.
fn mark(declared: &Declared, ty: &Type, way: Uses, found: &mut BTreeMap<String, Uses>) {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = ty.model().into_iter().collect();
    while let Some(model) = open.pop().and_then(|name| declared.api.models.get(name)) {
        if !seen.insert(model.name.as_str()) {
            continue;
        }
        open.extend(model.sub_types.iter().map(String::as_str));
        // What is inherited travels along; other heirs of the same base do not.
        for part in declared.api.lineage(model) {
            let known = found.entry(part.name.clone()).or_default();
            *known = known.and(way);
            open.extend(part.properties.iter().filter_map(|property| property.ty.model()));
        }
    }
}
