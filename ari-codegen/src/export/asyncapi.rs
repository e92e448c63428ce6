//! AsyncAPI 3.0: the WebSocket, with its events and the requests over it.

use serde_json::{Value, json};

use super::openapi::info;
use super::schema::{Dialect, Schemas, UNKNOWN_EVENT, used};
use super::scope::{Scope, title};
use crate::api::{Location, Model, Operation, Response};
use crate::document::{Members, Node};

const ABOUT: &str = "\
The WebSocket of Asterisk's REST interface, from the side of Asterisk: it sends events to applications and, where \
`RESTRequest` is declared, receives requests and answers them. A program opens it with the names of its applications, \
separated by commas; Asterisk opens it itself where `ari.conf` has an outbound WebSocket. Messages are text frames, \
each with one JSON object.

Events of one connection keep their order; those that happen while no connection is open are lost. Asterisk \
disconnects programs that stop reading. Releases add types of event and members: ignore what is unknown.

In requests, `method` is upper case, and `uri` has neither the leading slash nor the prefix `ari`. They are carried \
out one after the other; events come in between, so match the response by `request_id`.

Texts name an operation by its `operationId` in the OpenAPI document of the same folder.";

/// What the two directions of a request over the WebSocket are declared as.
const REQUEST: &str = "RESTRequest";
const RESPONSE: &str = "RESTResponse";

pub(super) fn document(scope: &Scope<'_>) -> Node {
    let schemas = Schemas::new(scope, Dialect::AsyncApi);
    let mut events: Vec<&str> = scope.api.events().into_iter().map(|event| event.name.as_str()).collect();
    events.extend((!events.is_empty()).then_some(UNKNOWN_EVENT));
    let request = scope.api.models.get(REQUEST).filter(|_| events.contains(&RESPONSE));
    let messages: Vec<&str> = events.iter().copied().chain(request.map(|_| REQUEST)).collect();
    let described: Node =
        Node::Object(messages.iter().map(|name| ((*name).to_owned(), message(&schemas, name))).collect());
    let websocket = scope.api.operations().find(|operation| operation.response == Response::WebSocket);
    let components = Members::default()
        .with("securitySchemes", security_schemes())
        .with("schemas", used(&described, schemas.all()))
        .with("messages", described);
    let about = format!("{ABOUT}\n\n{}", scope.about_since());
    Members::default()
        .with("asyncapi", json!("3.0.0"))
        .with(
            "info",
            info(scope, "Asterisk REST Interface: events", &about)
                .with("license", json!({ "name": "MIT OR Apache-2.0" })),
        )
        .with("defaultContentType", json!("application/json"))
        .with("servers", json!({ "asterisk": server("ws"), "asteriskTls": server("wss") }))
        .with("channels", Members::default().with("events", channel(&schemas, websocket, &messages)))
        .with("operations", operations(&events, request))
        .with("components", components)
        .into()
}

fn server(protocol: &str) -> Value {
    json!({
        "host": "{host}:{port}",
        "pathname": "/ari",
        "protocol": protocol,
        "variables": { "host": { "default": "localhost" }, "port": { "default": "8088" } },
        "security": [
            { "$ref": "#/components/securitySchemes/basic" },
            { "$ref": "#/components/securitySchemes/api_key" },
        ],
    })
}

fn security_schemes() -> Value {
    json!({
        "basic": { "type": "http", "scheme": "basic" },
        "api_key": { "type": "httpApiKey", "in": "query", "name": "api_key", "description": "`USER:PASSWORD`" },
    })
}

fn channel(schemas: &Schemas<'_>, websocket: Option<&Operation>, messages: &[&str]) -> Members {
    let reference =
        |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }).into());
    let bindings = websocket.map(|operation| {
        let query = query(schemas, operation);
        let binding =
            Members::default().with("method", json!("GET")).with("query", query).with("bindingVersion", json!("0.1.0"));
        Members::default().with("ws", binding)
    });
    Members::default()
        .with("address", json!(websocket.map_or("/events", |operation| &operation.path)))
        .with("messages", Node::Object(messages.iter().map(reference).collect()))
        .with_some("bindings", bindings)
}

/// The parameters with which the WebSocket is opened.
fn query(schemas: &Schemas<'_>, operation: &Operation) -> Members {
    let parameters = || operation.parameters.iter().filter(|parameter| parameter.location == Location::Query);
    let properties = parameters().map(|parameter| {
        let key = super::scope::key(operation);
        let item = format!("parameter {key}.{}", parameter.name);
        let notes = Members::default()
            .with_some("description", schemas.scope.text(&item).map(|text| json!(text)))
            .and(schemas.scope.lifetime(&item, Some(&format!("operation {key}")), &parameter.releases));
        // A list is separated by commas.
        (parameter.name.clone(), schemas.annotated(schemas.parameter(operation, parameter), notes).into())
    });
    let required: Vec<String> = parameters().filter(|it| it.required).map(|it| it.name.clone()).collect();
    Members::default()
        .with("type", json!("object"))
        .with_list("required", &required)
        .with("properties", properties.collect::<Members>())
}

fn operations(events: &[&str], request: Option<&Model>) -> Members {
    let channel = json!({ "$ref": "#/channels/events" });
    let messages = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({ "$ref": format!("#/channels/events/messages/{name}") })).collect()
    };
    let send = Members::default()
        .with("action", json!("send"))
        .with("channel", channel.clone())
        .with("summary", json!("Send events to the applications of the connection"))
        .with("messages", messages(events));
    let answer = request.map(|_| {
        Members::default()
            .with("action", json!("receive"))
            .with("channel", channel.clone())
            .with("summary", json!("Carry out a request and send the response"))
            .with("messages", messages(&[REQUEST]))
            .with("reply", json!({ "channel": channel, "messages": messages(&[RESPONSE]) }))
    });
    Members::default().with("sendEvents", send).with_some("receiveRequest", answer)
}

fn message(schemas: &Schemas<'_>, name: &str) -> Node {
    let scope = schemas.scope;
    let kind = if name == REQUEST { "model" } else { "event" };
    let item = format!("{kind} {name}");
    let releases = scope.api.models.get(name).map(|model| &model.releases);
    let correlation =
        [REQUEST, RESPONSE].contains(&name).then(|| json!({ "location": "$message.payload#/request_id" }));
    Members::default()
        .with("name", json!(name))
        .with_some("summary", scope.text(&item).map(|text| json!(title(&text))))
        .and(releases.map(|releases| scope.lifetime(&item, None, releases)).unwrap_or_default())
        .with_some("correlationId", correlation)
        .with("payload", schemas.reference(name))
        .into()
}
