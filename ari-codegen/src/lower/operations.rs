//! Operations become requests: what they must have are arguments, the rest setters.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::names::{Scope, type_name, value_name, value_name_beside};
use super::{Context, docs};
use crate::api::{self, BodyForm, Location, Parameter, Response, Type};
use crate::diagnostic::Diagnostics;
use crate::rust::{Argument, Form, Handle, Module, Operation, Reply, RustType};

/// Names that the generated functions and requests use themselves.
const TAKEN: [&str; 4] = ["client", "into_future", "into_request", "new"];

/// Methods of the client that are written by hand.
pub(super) const CLIENT_METHODS: [&str; 7] = ["base_url", "builder", "clone", "events", "new", "send", "shared"];

pub(super) fn modules(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Vec<Module> {
    let mut scope = Scope::new("resources");
    let mut modules = Vec::new();
    for resource in context.api.resources.values() {
        let operations = operations(context, resource, diagnostics);
        if operations.is_empty() {
            continue;
        }
        let module = Module {
            // Its file would be that of the parent module.
            name: value_name_beside(&resource.name, &["r#mod"]),
            resource: resource.name.clone(),
            type_name: type_name(&resource.name.to_upper_camel_case(), "Operations"),
            accessor: accessor(&resource.name),
            docs: docs::resource(resource),
            operations,
        };
        let span = &resource.operations[0].span;
        scope.claim(&module.name, &resource.name, span, diagnostics);
        for operation in module.operations.iter().filter(|operation| operation.name == module.type_name) {
            diagnostics.at(
                span,
                format!("clashing names: `{}` and the resource both become `{}`", operation.nickname, operation.name),
            );
        }
        modules.push(module);
    }
    modules
}

/// An example that the method of a handle shows is shown there alone: it is compiled as often as it is shown.
pub(super) fn leave_examples_to(handles: &[Handle], modules: &mut [Module]) {
    let shown: BTreeSet<(&str, &str)> = handles
        .iter()
        .flat_map(|handle| &handle.operations)
        .map(|(module, operation)| (module.as_str(), operation.nickname.as_str()))
        .collect();
    for module in modules {
        for operation in &mut module.operations {
            if shown.contains(&(module.name.as_str(), operation.nickname.as_str())) {
                operation.example.clear();
            }
        }
    }
}

/// The client's method for a resource; one that it has already gives way to `event_operations`.
fn accessor(resource: &str) -> String {
    let name = value_name(resource);
    if CLIENT_METHODS.contains(&name.as_str()) {
        let singular = name.strip_suffix('s').unwrap_or(&name);
        return format!("{singular}_operations");
    }
    name
}

fn operations(context: &Context<'_>, resource: &api::Resource, diagnostics: &mut Diagnostics) -> Vec<Operation> {
    let what = format!("the operations of `{}`", resource.name);
    let mut scope = Scope::new(&what);
    let mut lowered = Vec::new();
    for operation in &resource.operations {
        if operation.response == Response::WebSocket {
            continue;
        }
        let operation_lowered = self::operation(context, operation, diagnostics);
        scope.claim(&operation_lowered.name, &operation.nickname, &operation.span, diagnostics);
        lowered.push(operation_lowered);
    }
    lowered
}

fn operation(context: &Context<'_>, operation: &api::Operation, diagnostics: &mut Diagnostics) -> Operation {
    let what = format!("the parameters of `{}.{}`", operation.resource, operation.nickname);
    let mut scope = Scope::new(&what);
    let (mut arguments, mut setters) = (Vec::new(), Vec::new());
    for parameter in in_order(operation) {
        let argument = argument(context, operation, parameter);
        scope.claim(&argument.name, &parameter.name, &parameter.span, diagnostics);
        if parameter.required { arguments.push(argument) } else { setters.push(argument) }
    }
    Operation {
        name: type_name(&operation.nickname.to_upper_camel_case(), "Request"),
        function: value_name(&operation.nickname.to_snake_case()),
        nickname: operation.nickname.clone(),
        method: operation.method,
        path: operation.path.clone(),
        summary: context.facts.summary(operation),
        docs: context.facts.operation(operation),
        example: context.facts.example(operation),
        arguments,
        setters,
        reply: match &operation.response {
            Response::Void | Response::WebSocket => Reply::Void,
            Response::Binary => Reply::Download,
            Response::Json(ty) => Reply::Json(context.plain(ty)),
        },
    }
}

/// Path parameters first, as they stand in the path; then the others as declared.
fn in_order(operation: &api::Operation) -> impl Iterator<Item = &Parameter> {
    let path = api::path_parameters(&operation.path)
        .filter_map(|name| operation.parameters.iter().find(|parameter| parameter.name == name));
    path.chain(operation.parameters.iter().filter(|parameter| parameter.location != Location::Path))
}

fn argument(context: &Context<'_>, operation: &api::Operation, parameter: &Parameter) -> Argument {
    let ty = value_type(context, operation, parameter);
    Argument {
        name: value_name_beside(&parameter.name, &TAKEN),
        wire: parameter.name.clone(),
        docs: context.facts.parameter(operation, parameter, &ty),
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
    if let Some(values) = context.values.of_parameter(operation, parameter) {
        return RustType::Value(values.clone());
    }
    if let Some(id) = context.ids.of_parameter(parameter) {
        return RustType::Id(id);
    }
    match (&parameter.ty, parameter.location) {
        (Type::List(inner), Location::Body(BodyForm::Tuples)) => context.plain(inner),
        (Type::Integer | Type::Double | Type::Boolean, Location::Query) if !parameter.multiple => {
            context.plain(&parameter.ty)
        }
        (Type::List(_), Location::Query) => RustType::List(Box::new(RustType::String)),
        _ => RustType::String,
    }
}
