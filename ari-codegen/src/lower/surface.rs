//! The operations as a server reads them: what is declared, with the releases and modules that have it.

use super::availability::Lists;
use crate::api::{Api, BodyForm, Location, Operation, Parameter, Resource, Response, Type};
use crate::record::Availability;
use crate::release::Release;
use crate::rust::{Served, ServedKind, ServedParameter, ServedPlace, Surface};

/// What the operations share.
struct Shared<'a> {
    availability: &'a Availability,
    since: Lists<Release>,
}

pub(super) fn surface(api: &Api, availability: &Availability) -> Surface {
    let mut shared = Shared { availability, since: Lists::new("SINCE") };
    let mut operations = Vec::new();
    for resource in api.resources.values() {
        operations.extend(resource.operations.iter().map(|operation| served(resource, operation, &mut shared)));
    }
    Surface { lists: shared.since.into_inner(), operations }
}

fn served(resource: &Resource, operation: &Operation, shared: &mut Shared<'_>) -> Served {
    let name = format!("{}.{}", operation.resource, operation.nickname);
    let since = shared.since.position(shared.availability.since(&format!("operation {name}")));
    let mut parameters = Vec::new();
    for declared in &operation.parameters {
        let item = format!("parameter {name}.{}", declared.name);
        let own = shared.since.position(shared.availability.since(&item));
        let since = (own != since).then_some(own);
        parameters.push(ServedParameter { name: declared.name.clone(), place: place(declared), since });
    }
    Served {
        resource: operation.resource.clone(),
        name: operation.nickname.clone(),
        method: operation.method,
        path: operation.path.clone(),
        opens_events: operation.response == Response::WebSocket,
        modules: resource.requires_modules.iter().cloned().collect(),
        since,
        parameters,
    }
}

fn place(parameter: &Parameter) -> ServedPlace {
    match parameter.location {
        Location::Path => ServedPlace::Path,
        Location::Query => ServedPlace::Query { kind: kind(&parameter.ty), list: parameter.multiple },
        Location::Body(BodyForm::BareFilter) => ServedPlace::Filter,
        Location::Body(_) => ServedPlace::Body,
    }
}

/// Asterisk parses numbers and truth values, and leaves any other text to the code of the operation.
pub(super) fn kind(ty: &Type) -> ServedKind {
    match ty {
        Type::Integer => ServedKind::Integer,
        Type::Long => ServedKind::Long,
        Type::Boolean => ServedKind::Boolean,
        Type::String | Type::Date | Type::Double | Type::Object | Type::StringMap | Type::Model(_) | Type::List(_) => {
            ServedKind::Text
        }
    }
}
