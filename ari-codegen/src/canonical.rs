//! The declarations as `api-docs/` keeps them: the facts, in one order and layout.
//!
//! Prose, file headers and what has no meaning (`required: false`) are left out, so that two releases differ in git
//! only where their API differs. The result is Swagger of the same structure and reads back to the same facts.

use serde_json::{Map, Value, json};

use crate::swagger::{AllowableValues, Api, Listing, Literal, Model, Operation, Parameter, Property, Resource};

/// Lines are filled up to here.
const WIDTH: usize = 118;

/// `resources.json` in canonical form.
#[must_use]
pub fn listing_text(listing: &Listing) -> String {
    let apis: Vec<Value> = listing.resources.iter().map(|resource| json!({ "path": resource.path })).collect();
    text(&json!({
        "swaggerVersion": listing.swagger_version,
        "apiVersion": listing.api_version,
        "apis": apis,
    }))
}

/// A resource file in canonical form.
#[must_use]
pub fn resource_text(resource: &Resource) -> String {
    let mut members = Map::new();
    members.insert("swaggerVersion".into(), json!(resource.swagger_version));
    members.insert("apiVersion".into(), json!(resource.api_version));
    members.insert("resourcePath".into(), json!(resource.resource_path));
    insert_list(&mut members, "since", &resource.since);
    insert_list(&mut members, "requiresModules", &resource.requires_modules);
    members.insert("apis".into(), resource.apis.iter().map(api).collect());
    let models: Map<String, Value> = resource.models.iter().map(|item| (item.id.clone(), model(item))).collect();
    members.insert("models".into(), Value::Object(models));
    text(&Value::Object(members))
}

fn insert_list(members: &mut Map<String, Value>, key: &str, list: &[String]) {
    if !list.is_empty() {
        members.insert(key.into(), json!(list));
    }
}

fn insert_some(members: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        members.insert(key.into(), value);
    }
}

fn api(api: &Api) -> Value {
    json!({ "path": api.path, "operations": api.operations.iter().map(operation).collect::<Value>() })
}

fn operation(operation: &Operation) -> Value {
    let mut members = Map::new();
    members.insert("httpMethod".into(), json!(operation.http_method));
    members.insert("nickname".into(), json!(operation.nickname));
    members.insert("responseClass".into(), json!(operation.response_class));
    insert_list(&mut members, "since", &operation.since);
    insert_some(&mut members, "upgrade", operation.upgrade.as_ref().map(|upgrade| json!(upgrade)));
    insert_some(
        &mut members,
        "websocketProtocol",
        operation.websocket_protocol.as_ref().map(|protocol| json!(protocol)),
    );
    if !operation.parameters.is_empty() {
        members.insert("parameters".into(), operation.parameters.iter().map(parameter).collect());
    }
    if !operation.error_responses.is_empty() {
        let errors = operation.error_responses.iter().map(|error| json!({ "code": error.code }));
        members.insert("errorResponses".into(), errors.collect());
    }
    Value::Object(members)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut members = Map::new();
    members.insert("name".into(), json!(parameter.name));
    members.insert("paramType".into(), json!(parameter.param_type));
    members.insert("dataType".into(), json!(parameter.data_type));
    if parameter.required == Some(true) || parameter.param_type == "path" {
        members.insert("required".into(), json!(true));
    }
    if parameter.allow_multiple == Some(true) {
        members.insert("allowMultiple".into(), json!(true));
    }
    insert_some(&mut members, "defaultValue", parameter.default_value.as_ref().map(literal));
    insert_some(&mut members, "allowableValues", parameter.allowable_values.as_ref().map(allowable_values));
    Value::Object(members)
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

fn allowable_values(values: &AllowableValues) -> Value {
    match values {
        AllowableValues::List(values) => json!({ "valueType": "LIST", "values": values }),
        AllowableValues::Range { min, max } => {
            let mut members = Map::new();
            members.insert("valueType".into(), json!("RANGE"));
            insert_some(&mut members, "min", min.as_deref().map(number));
            insert_some(&mut members, "max", max.as_deref().map(number));
            Value::Object(members)
        }
    }
}

fn model(model: &Model) -> Value {
    let mut members = Map::new();
    members.insert("id".into(), json!(model.id));
    insert_list(&mut members, "subTypes", &model.sub_types);
    insert_some(&mut members, "discriminator", model.discriminator.as_ref().map(|key| json!(key)));
    let properties: Map<String, Value> =
        model.properties.iter().map(|item| (item.name.clone(), property(item))).collect();
    members.insert("properties".into(), Value::Object(properties));
    Value::Object(members)
}

fn property(property: &Property) -> Value {
    let mut members = Map::new();
    members.insert("type".into(), json!(property.r#type));
    if property.required == Some(true) {
        members.insert("required".into(), json!(true));
    }
    insert_some(&mut members, "allowableValues", property.allowable_values.as_ref().map(allowable_values));
    Value::Object(members)
}

fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, 0);
    out.push('\n');
    out
}

/// A value goes on one line where it fits there, else each of its parts goes on lines of its own.
fn write(out: &mut String, value: &Value, depth: usize, before: usize) {
    let line = inline(value);
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, value)| (format!("{}: ", json!(key)), value)).collect(),
        Value::Array(elements) => elements.iter().map(|value| (String::new(), value)).collect(),
        _ => Vec::new(),
    };
    let fits = 2 * depth + before + line.chars().count() < WIDTH;
    if parts.is_empty() || (fits && depth > 0) {
        out.push_str(&line);
        return;
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    for (index, (key, part)) in parts.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        out.push_str(key);
        write(out, part, depth + 1, key.chars().count());
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let parts: Vec<String> =
                members.iter().map(|(key, value)| format!("{}: {}", json!(key), inline(value))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Value::Array(elements) => {
            let parts: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", parts.join(", "))
        }
        scalar => scalar.to_string(),
    }
}
