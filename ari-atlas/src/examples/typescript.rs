//! TypeScript with the types that openapi-typescript makes of the OpenAPI document.

use ari_codegen::api::{Operation, Response};
use serde_json::Value;

use crate::samples::{Given, Place, body, websocket};

pub(super) const NOTE: &str =
    "openapi-typescript and openapi-fetch, with api/openapi.json; the guide shows how to make the client.";

pub(super) fn example(operation: &Operation, given: &[Given<'_>]) -> String {
    if operation.response == Response::WebSocket {
        let url = websocket(operation, given);
        return format!(
            "const events = new WebSocket(\n  {},\n);\nevents.onmessage = ({{ data }}) => console.log(JSON.parse(data));",
            text(&url)
        );
    }
    let members = |place: Place| {
        let at_place = given.iter().filter(move |given| given.place == place);
        at_place.map(|given| format!("{}: {}", name(&given.parameter.name), literal(&given.value))).collect::<Vec<_>>()
    };
    let params: Vec<String> = [("path", Place::Path), ("query", Place::Query)]
        .into_iter()
        .map(|(name, place)| (name, members(place)))
        .filter(|(_, members)| !members.is_empty())
        .map(|(name, members)| format!("{name}: {{ {} }}", members.join(", ")))
        .collect();
    let mut options = Vec::new();
    if !params.is_empty() {
        options.push(format!("  params: {{ {} }},\n", params.join(", ")));
    }
    options.extend(body(given).map(|body| format!("  body: {},\n", literal(&body))));
    options.extend((operation.response == Response::Binary).then(|| "  parseAs: \"blob\",\n".to_owned()));
    let options = if options.is_empty() { String::new() } else { format!(", {{\n{}}}", options.concat()) };
    let result = if operation.response == Response::Void { "{ error }" } else { "{ data, error }" };
    format!("const {result} = await ari.{}({}{options});", operation.method, text(&operation.path))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{}: {}", name(key), literal(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(elements) => format!("[{}]", elements.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// The name of a member, in quotes where it is no identifier.
fn name(key: &str) -> String {
    let is_identifier =
        key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.starts_with(|c: char| c.is_ascii_digit());
    if is_identifier { key.to_owned() } else { text(key) }
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}
