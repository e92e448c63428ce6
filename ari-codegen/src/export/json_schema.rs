//! JSON Schema 2020-12: events and models.

use serde_json::json;

use super::schema::{Dialect, EVENT, Schemas};
use super::scope::Scope;
use crate::document::{Members, Node};

const ABOUT: &str = "\
Validates an event of Asterisk's REST interface; each model and each type of event is a separate definition. Members \
that are not declared are valid, since releases add some. Texts name an operation by its `operationId` in the OpenAPI \
document of the same folder.";

pub(super) fn document(scope: &Scope<'_>) -> Node {
    let schemas = Schemas::new(scope, Dialect::JsonSchema);
    let definitions = schemas.all();
    let root = if definitions.contains_key(EVENT) { schemas.reference(EVENT) } else { Members::default() };
    Members::default()
        .with("$schema", json!("https://json-schema.org/draft/2020-12/schema"))
        .with("title", json!(format!("Events and models of Asterisk {}", scope.releases())))
        .with("description", json!(format!("{ABOUT}\n\n{}", scope.about_since())))
        .and(root)
        .with("$defs", Node::Object(definitions.into_iter().collect()))
        .into()
}
