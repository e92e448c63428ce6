//! OpenAPI 3.1: the requests.

use serde_json::json;

use super::operation::operation;
use super::schema::{Dialect, Schemas, used};
use super::scope::Scope;
use crate::api::Resource;
use crate::document::{Members, Node};

const ABOUT: &str = "\
Asterisk's REST interface as servers of these releases behave, which differs from what they declare in places: \
statuses, bodies, values and dates are those on the wire. The WebSocket of `GET /events` is described by the AsyncAPI \
document of the same folder.

- Credentials go into the `Authorization` header, or into `api_key` as `USER:PASSWORD`.
- Lists are separated by commas in one parameter; if a parameter is repeated, the last one counts. A value that \
contains a comma is enclosed in double quotes.
- Any request accepts its query parameters as members of a JSON object in the body, too, which take precedence, and \
where a list is an array. Their types must be the declared ones. Use this if the request \
line would exceed 4095 bytes.
- `+` means a space, in paths too. A path parameter must not be empty: the server would take the request for another \
one.
- Listed values are those known; a server may send others, and newer releases may accept others.
- Dates are like `2026-11-23T11:49:38.950+0000`, in the server's time zone, which RFC 3339 does not allow.
- `x-asterisk-modules` lists the modules without which a resource answers `404`.";

pub(super) fn document(scope: &Scope<'_>) -> Node {
    let schemas = Schemas::new(scope, Dialect::OpenApi);
    let resources = || scope.api.resources.values().filter(|resource| !resource.operations.is_empty());
    let paths = paths(&schemas);
    let mut named = schemas.all();
    named.insert("Error".to_owned(), error());
    let responses = responses();
    let used = used(&[paths.clone(), responses.clone()].into_iter().collect(), named);
    let components = Members::default()
        .with("securitySchemes", security_schemes())
        .with("responses", responses)
        .with("schemas", used);
    let about = format!("{ABOUT}\n- {}", scope.about_since());
    let license = json!({ "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" });
    Members::default()
        .with("openapi", json!("3.1.0"))
        .with("info", info(scope, "Asterisk REST Interface", &about).with("license", license))
        .with("servers", json!([server()]))
        .with("tags", resources().map(tag).collect::<Node>())
        .with("security", json!([{ "basic": [] }, { "api_key": [] }]))
        .with("paths", paths)
        .with("components", components)
        .into()
}

/// What a document says of itself.
pub(super) fn info(scope: &Scope<'_>, title: &str, about: &str) -> Members {
    Members::default()
        .with("title", json!(title))
        .with("version", json!(scope.version()))
        .with("description", json!(format!("Covers Asterisk {}.\n\n{about}", scope.releases())))
}

fn server() -> serde_json::Value {
    json!({
        "url": "{scheme}://{host}:{port}/ari",
        "description": "A server with the prefix of its `http.conf` left empty",
        "variables": {
            "scheme": { "default": "http", "enum": ["http", "https"] },
            "host": { "default": "localhost" },
            "port": { "default": "8088" },
        },
    })
}

fn tag(resource: &Resource) -> Members {
    let modules = (!resource.requires_modules.is_empty()).then(|| resource.requires_modules.iter().collect::<Node>());
    Members::default()
        .with("name", json!(resource.name))
        .with("description", json!(format!("Operations of the resource `{}`.", resource.name)))
        .with_some("x-asterisk-modules", modules)
}

fn paths(schemas: &Schemas<'_>) -> Node {
    let mut paths: Vec<(String, Members)> = Vec::new();
    for resource in schemas.scope.api.resources.values() {
        for declared in &resource.operations {
            let member = declared.method.to_string().to_lowercase();
            let described = operation(schemas, declared);
            match paths.iter_mut().find(|(path, _)| *path == declared.path) {
                Some((_, item)) => *item = std::mem::take(item).with(&member, described),
                None => paths.push((declared.path.clone(), Members::default().with(&member, described))),
            }
        }
    }
    Node::Object(paths.into_iter().map(|(path, item)| (path, item.into())).collect())
}

fn security_schemes() -> serde_json::Value {
    json!({
        "basic": { "type": "http", "scheme": "basic" },
        "api_key": { "type": "apiKey", "in": "query", "name": "api_key", "description": "`USER:PASSWORD`" },
    })
}

/// The responses that any operation can give.
fn responses() -> Node {
    let json = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
    json!({
        "Unauthorized": {
            "description": "The credentials are missing or wrong.",
            "headers": { "WWW-Authenticate": { "schema": { "type": "string" } } },
            "content": json,
        },
        "Forbidden": { "description": "The user has read-only access.", "content": json },
        "Unexpected": {
            "description":
                "Any other failure. Errors of the HTTP server, not of the API, have an HTML page or no body.",
            "content": {
                "application/json": json["application/json"],
                "text/html": { "schema": { "type": "string" } },
            },
        },
    })
    .into()
}

fn error() -> Node {
    json!({
        "type": "object",
        "description": "Why a request failed: `message`, or `error` where a call could not be made.",
        "properties": { "message": { "type": "string" }, "error": { "type": "string" } },
    })
    .into()
}
