//! The API as a command line offers and explains it: names in its manner, texts that refer to commands.

use super::Context;
use super::assign::key;
use super::names::value_name;
use super::operations::in_order;
use super::surface::kind;
use crate::api::{Api, BodyForm, Literal, Location, Model, Operation, Parameter, Property, Resource, Response, Type};
use crate::record::{NameKind, replace_code};
use crate::rust::{
    ExplainedModel, ExplainedProperty, OfferedOperation, OfferedParameter, OfferedReply, OfferedResource, Reference,
};

pub(super) fn reference(api: &Api, context: &Context<'_>) -> Reference {
    let pass = Pass { api, context };
    Reference {
        resources: api.resources.values().map(|resource| pass.resource(resource)).collect(),
        models: api.models.values().map(|model| pass.model(model)).collect(),
    }
}

/// What the items are lowered with.
struct Pass<'a> {
    api: &'a Api,
    context: &'a Context<'a>,
}

impl Pass<'_> {
    fn resource(&self, resource: &Resource) -> OfferedResource {
        OfferedResource {
            name: resource.name.clone(),
            command: in_kebab_case(&value_name(&resource.name)),
            modules: resource.requires_modules.iter().cloned().collect(),
            operations: resource.operations.iter().map(|operation| self.operation(operation)).collect(),
        }
    }

    fn operation(&self, operation: &Operation) -> OfferedOperation {
        let name = key(operation);
        let error = |status: &u16| (*status, self.text(&format!("error {name} {status}")));
        OfferedOperation {
            name: operation.nickname.clone(),
            command: self.command(&name, &operation.nickname),
            method: operation.method,
            path: operation.path.clone(),
            text: self.text(&format!("operation {name}")),
            reply: reply(&operation.response),
            statuses: operation.statuses.iter().copied().collect(),
            errors: operation.errors.iter().map(error).collect(),
            example: self.context.facts.prose.get(&format!("example {name}")).unwrap_or_default().to_owned(),
            parameters: in_order(operation).map(|parameter| self.parameter(&name, parameter)).collect(),
        }
    }

    fn parameter(&self, operation: &str, parameter: &Parameter) -> OfferedParameter {
        let name = format!("{operation}.{}", parameter.name);
        OfferedParameter {
            name: parameter.name.clone(),
            command: in_kebab_case(&value_name(&parameter.name)),
            text: self.text(&format!("parameter {name}")),
            location: parameter.location,
            kind: kind(&parameter.ty),
            required: parameter.required,
            list: parameter.multiple || matches!(parameter.ty, Type::List(_)),
            default: parameter.default.as_ref().map(literal),
            range: parameter.range.clone(),
            values: self.values(&name, parameter.values.as_deref()),
            id: self.context.names.get(NameKind::Reference, &name).map(str::to_owned),
            members: self.members(parameter),
        }
    }

    /// The members of the tuples of a body, whose model has no others.
    fn members(&self, parameter: &Parameter) -> Vec<String> {
        let is_tuples = parameter.location == Location::Body(BodyForm::Tuples);
        let model = parameter.ty.model().filter(|_| is_tuples).and_then(|name| self.api.models.get(name));
        model.into_iter().flat_map(|model| &model.properties).map(|property| property.name.clone()).collect()
    }

    fn model(&self, model: &Model) -> ExplainedModel {
        let is_event = self.api.is_message(model) && model.sub_types.is_empty();
        let kind = if self.api.is_message(model) { "event" } else { "model" };
        ExplainedModel {
            name: model.name.clone(),
            is_event,
            base: model.base.clone(),
            text: self.text(&format!("{kind} {}", model.name)),
            id: self.context.ids.identity(model, self.context.names).map(|(property, id)| (id, property)),
            properties: model.properties.iter().map(|property| self.property(model, property)).collect(),
        }
    }

    fn property(&self, model: &Model, property: &Property) -> ExplainedProperty {
        let name = format!("{}.{}", model.name, property.name);
        ExplainedProperty {
            name: property.name.clone(),
            ty: property.ty.to_string(),
            required: property.required,
            text: self.text(&format!("property {name}")),
            values: self.values(&name, property.values.as_deref()),
        }
    }

    fn values(&self, place: &str, values: Option<&[String]>) -> Vec<(String, String)> {
        let described = |value: &String| (value.clone(), self.text(&format!("value {place} {value}")));
        values.unwrap_or_default().iter().map(described).collect()
    }

    /// Our own words, with the commands of the operations that they name.
    fn text(&self, item: &str) -> String {
        let text = self.context.facts.prose.get(item).unwrap_or_default();
        replace_code(text, |code| {
            let (resource, nickname) = code.split_once('.')?;
            self.context.names.get(NameKind::Function, code)?;
            let resource = in_kebab_case(&value_name(resource));
            Some(format!("`ari {resource} {}`", self.command(code, nickname)))
        })
    }

    /// The name of an operation on a command line, as its method's. What opens events has no method.
    fn command(&self, operation: &str, nickname: &str) -> String {
        let function = self.context.names.get(NameKind::Function, operation).map(str::to_owned);
        in_kebab_case(&function.unwrap_or_else(|| value_name(nickname)))
    }
}

fn in_kebab_case(name: &str) -> String {
    name.trim_start_matches("r#").replace('_', "-")
}

fn reply(response: &Response) -> OfferedReply {
    match response {
        Response::Void => OfferedReply::Nothing,
        Response::Binary => OfferedReply::File,
        Response::Json(ty) => OfferedReply::Json(ty.to_string()),
        Response::WebSocket => OfferedReply::Events,
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Bool(value) => value.to_string(),
        Literal::Number(value) | Literal::String(value) => value.clone(),
    }
}
