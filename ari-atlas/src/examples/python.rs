//! Python with the client that openapi-python-client makes of the OpenAPI document.

use ari_codegen::api::{Operation, Response};
use ari_codegen::export::operation_id;
use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::Value;

use crate::samples::{self, Given, Place, body, plain};
use crate::site::key;

pub(super) const NOTE: &str = "openapi-python-client, with api/openapi.json; the guide shows how to make the client.";

/// Words that the generator of the client puts an underscore behind.
const RESERVED: [&str; 7] = ["filter", "format", "from", "input", "object", "range", "type"];

pub(super) fn example(operation: &Operation, given: &[Given<'_>]) -> String {
    if operation.response == Response::WebSocket {
        return websocket(operation, given);
    }
    let id = operation_id(&key(operation));
    let (package, function) = (operation.resource.to_snake_case(), id.to_snake_case());
    let mut lines = vec![format!("from ari_client.api.{package} import {function}")];
    let mut arguments = Vec::new();
    for Given { parameter, value, place } in given {
        match place {
            Place::Path => arguments.push(literal(value)),
            Place::Query => arguments.push(format!("{}={}", name(&parameter.name), listed(value))),
            Place::Member | Place::Body => {}
        }
    }
    let positional = given.iter().filter(|given| given.place == Place::Path).count();
    arguments.insert(positional, "client=ari".to_owned());
    if let Some(body) = body(given) {
        let class = format!("{}Body", id.to_upper_camel_case());
        lines.push(format!("from ari_client.models import {class}"));
        arguments.push(format!("body={class}.from_dict({})", literal(&body)));
    }
    let has_result = matches!(operation.response, Response::Json(_) | Response::Binary);
    let (result, call) = if has_result { ("result = ", "sync") } else { ("", "sync_detailed") };
    lines.push(String::new());
    lines.push(format!("{result}{function}.{call}({})", arguments.join(", ")));
    lines.join("\n")
}

fn websocket(operation: &Operation, given: &[Given<'_>]) -> String {
    let url = samples::websocket(operation, given);
    format!(
        "from ari_events import Event\nfrom websockets.sync.client import connect\n\n\
         with connect({}) as events:\n    for message in events:\n        print(Event.model_validate_json(message))",
        Value::from(url)
    )
}

/// The generated client repeats a parameter for several values, of which the server takes the last: they go into one.
fn listed(value: &Value) -> String {
    match value {
        Value::Array(_) => format!("[{}]", Value::from(plain(value))),
        other => literal(other),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Array(elements) => format!("[{}]", elements.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), literal(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn name(parameter: &str) -> String {
    let name = parameter.to_snake_case();
    if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name }
}
