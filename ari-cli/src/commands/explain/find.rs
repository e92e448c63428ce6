//! The item that a name stands for.

use crate::failure::{Failure, Kind};
use crate::reference::{MODELS, Model, Operation, Parameter, Property, RESOURCES, Resource};
use crate::similar;

/// What can be explained.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Resource(&'static Resource),
    Operation(&'static Resource, &'static Operation),
    Parameter(&'static Resource, &'static Operation, &'static Parameter),
    Model(&'static Model),
    /// A property, and the model that it was asked for of.
    Property(&'static Model, &'static Property),
}

/// Finds an item by its name on the wire or on the command line, in upper or lower case.
pub(super) fn find(name: &str) -> Result<Item, Failure> {
    let name = name.replace([' ', '/'], ".");
    let name = name.strip_prefix("ari.").unwrap_or(&name);
    let mut parts = name.splitn(3, '.');
    let first = parts.next().unwrap_or_default();
    let rest = (parts.next(), parts.next());
    resource(first, rest).or_else(|| model(first, rest)).ok_or_else(|| unknown(name))
}

fn resource(name: &str, rest: (Option<&str>, Option<&str>)) -> Option<Item> {
    let resource = RESOURCES.iter().find(|resource| is_called(name, resource.name, resource.command))?;
    let Some(operation) = rest.0 else { return Some(Item::Resource(resource)) };
    let mut operations = resource.operations.iter();
    let operation = operations.find(|found| is_called(operation, found.name, found.command))?;
    let Some(parameter) = rest.1 else { return Some(Item::Operation(resource, operation)) };
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|found| is_called(parameter, found.name, found.command))?;
    Some(Item::Parameter(resource, operation, parameter))
}

fn model(name: &str, rest: (Option<&str>, Option<&str>)) -> Option<Item> {
    let model = MODELS.iter().find(|model| model.name.eq_ignore_ascii_case(name))?;
    match rest {
        (None, _) => Some(Item::Model(model)),
        (Some(property), None) => {
            let mut properties = model.all_properties();
            properties
                .find(|(_, found)| found.name.eq_ignore_ascii_case(property))
                .map(|(of, found)| Item::Property(of, found))
        }
        (Some(_), Some(_)) => None,
    }
}

fn is_called(name: &str, on_the_wire: &str, on_the_command_line: &str) -> bool {
    name.eq_ignore_ascii_case(on_the_wire) || name == on_the_command_line
}

fn unknown(name: &str) -> Failure {
    let names = names();
    let similar = similar::similar(name, names.iter().map(String::as_str));
    let failure = Failure::new(Kind::NotFound, format!("ARI has no `{name}`"));
    match similar::question(&similar) {
        Some(question) => failure.with_remedy(question),
        None => {
            failure.with_remedy("`ari explain channels` lists the operations of a resource, `ari help` all commands")
        }
    }
}

/// The names of everything that can be explained.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for resource in RESOURCES {
        names.push(resource.name.to_owned());
        for operation in resource.operations {
            let name = operation.full_name(resource);
            names.extend(operation.parameters.iter().map(|parameter| format!("{name}.{}", parameter.name)));
            names.push(name);
        }
    }
    for model in MODELS {
        names.push(model.name.to_owned());
        names.extend(model.properties.iter().map(|property| format!("{}.{}", model.name, property.name)));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        for name in names() {
            let found = find(&name).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert_eq!(found.explanation().name, name);
        }
    }

    #[test]
    fn names_of_the_command_line_and_inherited_properties_are_found() {
        assert!(matches!(find("device-states get"), Ok(Item::Operation(..))));
        assert!(matches!(find("ari channels play-with-id"), Ok(Item::Operation(..))));
        assert!(matches!(find("stasisstart.timestamp"), Ok(Item::Property(model, _)) if model.name == "Event"));
    }
}
