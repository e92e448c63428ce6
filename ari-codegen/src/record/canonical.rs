//! The declarations as `api-docs/` keeps them: the facts, in one order and layout.
//!
//! Prose, file headers and what has no meaning (`required: false`) are left out, so that two releases differ in git
//! only where their API differs. The result is Swagger of the same structure and reads back to the same facts.

use serde_json::{Value, json};

use crate::document::{Members, Node, text};
use crate::swagger::{AllowableValues, Api, Listing, Literal, Model, Operation, Parameter, Property, Resource};

/// `resources.json` in canonical form.
#[must_use]
pub fn listing_text(listing: &Listing) -> String {
    let entries = listing.resources.iter().map(|resource| Members::default().with("path", &resource.path));
    let members = Members::default()
        .with("swaggerVersion", &listing.swagger_version)
        .with("apiVersion", &listing.api_version)
        .with("apis", entries.collect::<Node>());
    text(&members.into())
}

/// A resource file in canonical form.
#[must_use]
pub fn resource_text(resource: &Resource) -> String {
    let models = resource.models.iter().map(|item| (item.id.clone(), model(item))).collect();
    let members = Members::default()
        .with("swaggerVersion", &resource.swagger_version)
        .with("apiVersion", &resource.api_version)
        .with("resourcePath", &resource.resource_path)
        .with_list("since", &resource.since)
        .with_list("requiresModules", &resource.requires_modules)
        .with("apis", resource.apis.iter().map(api).collect::<Node>())
        .with("models", Node::Object(models));
    text(&members.into())
}

fn api(api: &Api) -> Node {
    let operations: Node = api.operations.iter().map(operation).collect();
    Members::default().with("path", &api.path).with("operations", operations).into()
}

fn operation(operation: &Operation) -> Node {
    let parameters = || operation.parameters.iter().map(parameter).collect::<Node>();
    let errors = operation.error_responses.iter().map(|error| Members::default().with("code", json!(error.code)));
    Members::default()
        .with("httpMethod", &operation.http_method)
        .with("nickname", &operation.nickname)
        .with("responseClass", &operation.response_class)
        .with_list("since", &operation.since)
        .with_some("upgrade", operation.upgrade.as_ref())
        .with_some("websocketProtocol", operation.websocket_protocol.as_ref())
        .with_some("parameters", (!operation.parameters.is_empty()).then(parameters))
        .with_some("errorResponses", (!operation.error_responses.is_empty()).then(|| errors.collect::<Node>()))
        .into()
}

fn parameter(parameter: &Parameter) -> Node {
    let required = parameter.required == Some(true) || parameter.param_type == "path";
    Members::default()
        .with("name", &parameter.name)
        .with("paramType", &parameter.param_type)
        .with("dataType", &parameter.data_type)
        .with_some("required", required.then_some(json!(true)))
        .with_some("allowMultiple", (parameter.allow_multiple == Some(true)).then_some(json!(true)))
        .with_some("defaultValue", parameter.default_value.as_ref().map(literal))
        .with_some("allowableValues", parameter.allowable_values.as_ref().map(allowable_values))
        .into()
}

fn literal(literal: &Literal) -> Value {
    match literal {
        Literal::Bool(value) => json!(value),
        Literal::Number(value) => number(value),
        Literal::String(value) => json!(value),
    }
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn allowable_values(values: &AllowableValues) -> Node {
    match values {
        AllowableValues::List(values) => {
            let values: Node = values.iter().collect();
            Members::default().with("valueType", json!("LIST")).with("values", values).into()
        }
        AllowableValues::Range { min, max } => Members::default()
            .with("valueType", json!("RANGE"))
            .with_some("min", min.as_deref().map(number))
            .with_some("max", max.as_deref().map(number))
            .into(),
    }
}

fn model(model: &Model) -> Node {
    let properties = model.properties.iter().map(|item| (item.name.clone(), property(item))).collect();
    Members::default()
        .with("id", &model.id)
        .with_list("subTypes", &model.sub_types)
        .with_some("discriminator", model.discriminator.as_ref())
        .with("properties", Node::Object(properties))
        .into()
}

fn property(property: &Property) -> Node {
    Members::default()
        .with("type", &property.r#type)
        .with_some("required", (property.required == Some(true)).then_some(json!(true)))
        .with_some("allowableValues", property.allowable_values.as_ref().map(allowable_values))
        .into()
}
