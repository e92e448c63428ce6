//! Keeps recorded shapes even if the present releases declare otherwise: removing a release removes neither an `Option`
//! nor a setter, and adding one removes neither an argument nor an enum.

use crate::api::{Api, Location, Type};
use crate::record::{NameKind, Names};

use super::assign::{is_request, key};

/// The API with the shapes that were recorded with its names.
pub(super) fn keep(mut api: Api, names: &Names) -> Api {
    for model in api.models.values_mut() {
        for property in &mut model.properties {
            let item = format!("{}.{}", model.name, property.name);
            property.required &= names.get(NameKind::Optional, &item).is_none();
            if property.ty == Type::String {
                keep_values(&mut property.values, names, NameKind::Field, &item);
            }
        }
    }
    for operation in api.resources.values_mut().flat_map(|resource| &mut resource.operations) {
        let operation_key = key(operation);
        for parameter in &mut operation.parameters {
            let item = format!("{operation_key}.{}", parameter.name);
            if parameter.location != Location::Path && names.get(NameKind::Parameter, &item).is_some() {
                parameter.required = names.get(NameKind::Optional, &item).is_none();
            }
            if parameter.ty == Type::String {
                keep_values(&mut parameter.values, names, NameKind::Parameter, &item);
            }
        }
    }
    api
}

/// A recorded enum costs nothing where no values are listed any more, since it takes any text; text that users pass as
/// such does not become an enum.
fn keep_values(values: &mut Option<Vec<String>>, names: &Names, kind: NameKind, item: &str) {
    if let Some(name) = names.get(NameKind::Enum, item) {
        if values.is_none() {
            *values = Some(recorded_values(names, name).map(str::to_owned).collect());
        }
    } else if names.get(kind, item).is_some() {
        *values = None;
    }
}

/// The values that an enum has a variant for.
pub(super) fn recorded_values<'a>(names: &'a Names, of_enum: &str) -> impl Iterator<Item = &'a str> {
    let prefix = format!("{of_enum}.");
    names.iter(NameKind::Variant).filter_map(move |(item, _)| item.strip_prefix(&prefix))
}

/// Records what may be left out.
pub(super) fn record(names: &mut Names, api: &Api) {
    for model in api.models.values() {
        for property in model.properties.iter().filter(|property| !property.required) {
            names.insert(NameKind::Optional, &format!("{}.{}", model.name, property.name), "Option");
        }
    }
    for operation in api.operations().filter(|operation| is_request(operation)) {
        for parameter in operation.parameters.iter().filter(|parameter| !parameter.required) {
            names.insert(NameKind::Optional, &format!("{}.{}", key(operation), parameter.name), "setter");
        }
    }
}
