//! Lowers operations to requests: required parameters become arguments, optional ones setters.

use super::assign::key;
use super::names::value_name;
use super::{Context, docs};
use crate::api::{self, BodyForm, Location, Parameter, Response, Type};
use crate::record::NameKind;
use crate::rust::{Argument, Form, Module, Operation, Reply, RustType};

/// Names that the generated functions and requests use themselves.
pub(super) const TAKEN: [&str; 4] = ["client", "into_future", "into_request", "new"];

/// Methods of the client that are written by hand.
pub(super) const CLIENT_METHODS: [&str; 7] = ["base_url", "builder", "clone", "events", "new", "send", "shared"];

pub(super) fn modules(context: &Context<'_>) -> Vec<Module> {
    let mut modules = Vec::new();
    for resource in context.api.resources.values() {
        let operations = operations(context, resource);
        if operations.is_empty() {
            continue;
        }
        modules.push(Module {
            name: context.names.of(NameKind::Module, &resource.name),
            resource: resource.name.clone(),
            type_name: context.names.of(NameKind::Resource, &resource.name),
            accessor: context.names.of(NameKind::Accessor, &resource.name),
            docs: docs::resource(resource),
            operations,
        });
    }
    modules
}

/// The client's method for a resource; one that it has already gives way to `event_operations`.
pub(super) fn accessor(resource: &str) -> String {
    let name = value_name(resource);
    if CLIENT_METHODS.contains(&name.as_str()) {
        let singular = name.strip_suffix('s').unwrap_or(&name);
        return format!("{singular}_operations");
    }
    name
}

fn operations(context: &Context<'_>, resource: &api::Resource) -> Vec<Operation> {
    let requests = resource.operations.iter().filter(|operation| operation.response != Response::WebSocket);
    requests.map(|operation| self::operation(context, operation)).collect()
}

fn operation(context: &Context<'_>, operation: &api::Operation) -> Operation {
    let (mut arguments, mut setters) = (Vec::new(), Vec::new());
    for parameter in in_order(operation) {
        let argument = argument(context, operation, parameter);
        if parameter.required { arguments.push(argument) } else { setters.push(argument) }
    }
    let key = key(operation);
    Operation {
        name: context.names.of(NameKind::Request, &key),
        function: context.names.of(NameKind::Function, &key),
        nickname: operation.nickname.clone(),
        method: operation.method,
        path: operation.path.clone(),
        brief: docs::brief(&context.facts.summary(operation)),
        summary: context.facts.summary(operation),
        docs: context.facts.operation(operation),
        example: context.facts.example(operation),
        arguments,
        setters,
        reply: match &operation.response {
            Response::Void | Response::WebSocket => Reply::Void,
            Response::Binary => Reply::Download,
            // A plain date is text: its format belongs to the fields that contain one.
            Response::Json(Type::Date) => Reply::Json(RustType::String),
            Response::Json(ty) => Reply::Json(context.plain(ty)),
        },
    }
}

/// Path parameters first, as they stand in the path; then the others as declared.
pub(super) fn in_order(operation: &api::Operation) -> impl Iterator<Item = &Parameter> {
    let path = api::path_parameters(&operation.path)
        .filter_map(|name| operation.parameters.iter().find(|parameter| parameter.name == name));
    path.chain(operation.parameters.iter().filter(|parameter| parameter.location != Location::Path))
}

fn argument(context: &Context<'_>, operation: &api::Operation, parameter: &Parameter) -> Argument {
    let ty = value_type(context, operation, parameter);
    Argument {
        name: context.names.of(NameKind::Parameter, &format!("{}.{}", key(operation), parameter.name)),
        wire: parameter.name.clone(),
        docs: context.facts.parameter(operation, parameter),
        form: form(parameter, ty),
    }
}

fn form(parameter: &Parameter, ty: RustType) -> Form {
    match (parameter.location, ty) {
        (Location::Path, ty) => Form::Path(ty),
        (Location::Query, RustType::List(inner)) => Form::QueryList(*inner),
        (Location::Query, ty) if parameter.multiple => Form::QueryList(ty),
        (Location::Query, ty) => Form::Query(ty),
        (Location::Body(BodyForm::Variables), _) => Form::Variables,
        (Location::Body(BodyForm::Members), _) => Form::Members,
        (Location::Body(BodyForm::Tuples), ty) => Form::Tuples(ty),
        (Location::Body(BodyForm::BareVariables), _) => Form::BareVariables,
        (Location::Body(BodyForm::BareFilter), _) => Form::BareFilter,
        (Location::Body(BodyForm::Json), _) => Form::Json,
    }
}

/// What travels in a path or a query is text, a number or a boolean, whatever the declarations call it.
fn value_type(context: &Context<'_>, operation: &api::Operation, parameter: &Parameter) -> RustType {
    let item = format!("{}.{}", key(operation), parameter.name);
    if parameter.ty == Type::String && parameter.values.as_ref().is_some_and(|values| !values.is_empty()) {
        return RustType::Value(context.names.of(NameKind::Enum, &item));
    }
    if let (Type::String, Some(id)) = (&parameter.ty, context.names.get(NameKind::Reference, &item)) {
        return RustType::Id(id.to_owned());
    }
    match (&parameter.ty, parameter.location) {
        (Type::List(inner), Location::Body(BodyForm::Tuples)) => context.plain(inner),
        (Type::Integer | Type::Long | Type::Double | Type::Boolean, Location::Query) if !parameter.multiple => {
            context.plain(&parameter.ty)
        }
        (Type::List(_), Location::Query) => RustType::List(Box::new(RustType::String)),
        _ => RustType::String,
    }
}
