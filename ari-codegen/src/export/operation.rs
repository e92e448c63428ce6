//! Operations of OpenAPI: parameters and responses.

use serde_json::{Value, json};

use super::body::{body, is_member_only};
use super::schema::{EVENT, Schemas};
use super::scope::{key, operation_id, title};
use crate::api::{Literal, Location, Method, Operation, Parameter, Response};
use crate::document::{Members, Node};

pub(super) fn operation(schemas: &Schemas<'_>, operation: &Operation) -> Node {
    let scope = schemas.scope;
    let item = format!("operation {}", key(operation));
    let text = scope.text(&item).unwrap_or_else(|| operation.nickname.clone());
    let parameters: Vec<Node> = operation
        .parameters
        .iter()
        .filter(|it| !matches!(it.location, Location::Body(_)) && !is_member_only(operation, it))
        .map(|it| parameter(schemas, operation, it))
        .collect();
    Members::default()
        .with("operationId", json!(operation_id(&key(operation))))
        .with("tags", json!([operation.resource]))
        .with("summary", json!(title(&text)))
        .with_some("description", (title(&text).len() + 1 < text.len()).then(|| json!(text)))
        .and(scope.lifetime(&item, None, &operation.releases))
        .with_some("parameters", (!parameters.is_empty()).then_some(Node::List(parameters)))
        .with_some("requestBody", body(schemas, operation))
        .with("responses", responses(schemas, operation))
        .into()
}

fn parameter(schemas: &Schemas<'_>, operation: &Operation, parameter: &Parameter) -> Node {
    let scope = schemas.scope;
    let owner = format!("operation {}", key(operation));
    let item = format!("parameter {}.{}", key(operation), parameter.name);
    let is_path = parameter.location == Location::Path;
    // An empty segment is cut off, with what follows it: the request would reach another operation.
    let not_empty = is_path.then_some(json!(1));
    let schema = schemas.parameter(operation, parameter).with_some("minLength", not_empty).and(limits(parameter));
    let members = Members::default()
        .with("name", json!(parameter.name))
        .with("in", json!(if is_path { "path" } else { "query" }))
        .with_some("description", scope.text(&item).map(|text| json!(text)))
        .with_some("required", parameter.required.then_some(json!(true)))
        .and(scope.lifetime(&item, Some(&owner), &parameter.releases));
    if parameter.multiple {
        let list = Members::default().with("type", json!("array")).with("items", schema);
        return members.with("style", json!("form")).with("explode", json!(false)).with("schema", list).into();
    }
    members.with("schema", schema).into()
}

/// The range of a value, and what the server assumes without one.
fn limits(parameter: &Parameter) -> Members {
    let (min, max) = parameter.range.clone().unwrap_or_default();
    let number = |text: String| serde_json::from_str::<Value>(&text).ok();
    let default = match &parameter.default {
        Some(Literal::Bool(value)) => Some(json!(value)),
        Some(Literal::Number(value)) => number(value.clone()),
        Some(Literal::String(value)) => Some(json!(value)),
        None => None,
    };
    Members::default()
        .with_some("minimum", min.and_then(number))
        .with_some("maximum", max.and_then(number))
        .with_some("default", default.filter(|_| !parameter.multiple))
}

fn responses(schemas: &Schemas<'_>, operation: &Operation) -> Node {
    let successes = operation.statuses.iter().map(|status| (status.to_string(), success(schemas, operation, *status)));
    let mut responses: Vec<(String, Node)> = successes.collect();
    let mut errors = operation.errors.clone();
    errors.insert(401);
    if operation.method != Method::Get {
        errors.insert(403);
    }
    for status in errors {
        let text = schemas.scope.text(&format!("error {} {status}", key(operation)));
        let response = match (status, text) {
            (_, Some(text)) => error(&text),
            (401, None) => common("Unauthorized"),
            (403, None) => common("Forbidden"),
            (_, None) => error("The request is refused."),
        };
        responses.push((status.to_string(), response));
    }
    responses.push(("default".to_owned(), common("Unexpected")));
    Node::Object(responses)
}

fn error(text: &str) -> Node {
    let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
    Members::default().with("description", json!(text)).with("content", content).into()
}

fn common(name: &str) -> Node {
    json!({ "$ref": format!("#/components/responses/{name}") }).into()
}

fn success(schemas: &Schemas<'_>, operation: &Operation, status: u16) -> Node {
    let json = |schema: Members| {
        let media_type = Members::default().with("schema", schema);
        Node::from(Members::default().with("application/json", media_type))
    };
    let (text, content) = match (status, &operation.response) {
        (202, _) => ("Accepted for delivery.", None),
        (204, _) | (_, Response::Void) => ("Done.", None),
        (_, Response::Json(ty)) => ("The result.", Some(json(schemas.of_type(ty)))),
        (_, Response::Binary) => ("The file.", Some(file())),
        (_, Response::WebSocket) => (
            "The connection becomes a WebSocket. Each of its messages is an event.",
            schemas.scope.api.message().map(|_| json(schemas.reference(EVENT))),
        ),
    };
    let location = (status == 201).then(|| json!({ "Location": { "schema": { "type": "string" } } }));
    Members::default()
        .with("description", json!(text))
        .with_some("headers", location)
        .with_some("content", content)
        .into()
}

/// Bytes, whose type is that of the file. Generators of code know bytes by this format, and some by the second type
/// alone.
fn file() -> Node {
    let bytes = Members::default().with("schema", json!({ "type": "string", "format": "binary" }));
    Members::default().with("audio/*", bytes.clone()).with("application/octet-stream", bytes).into()
}
