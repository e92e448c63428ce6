//! Bodies of requests, in the forms in which servers read them.

use serde_json::json;

use super::schema::Schemas;
use super::scope::key;
use crate::api::{BodyForm, Location, Operation, Parameter, Type};
use crate::document::{Members, Node};

/// What generators of code call the body of a request: a query parameter of that name cannot stand beside one.
const BODY: &str = "body";

/// Whether a query parameter is a member of the body only.
pub(super) fn is_member_only(operation: &Operation, parameter: &Parameter) -> bool {
    let has_body = operation.parameters.iter().any(|it| matches!(it.location, Location::Body(_)));
    parameter.location == Location::Query && parameter.name == BODY && has_body
}

/// The body of an operation that has one.
pub(super) fn body(schemas: &Schemas<'_>, operation: &Operation) -> Option<Node> {
    let (parameter, form) = operation.parameters.iter().find_map(|parameter| match parameter.location {
        Location::Body(form) => Some((parameter, form)),
        _ => None,
    })?;
    let scope = schemas.scope;
    let item = format!("parameter {}.{}", key(operation), parameter.name);
    let notes = Members::default()
        .with_some("description", scope.text(&item).map(|text| json!(text)))
        .and(scope.lifetime(&item, Some(&format!("operation {}", key(operation))), &parameter.releases));
    let value = value(schemas, operation, parameter, form);
    let (schema, about) = match form {
        BodyForm::BareVariables | BodyForm::BareFilter => (value, notes),
        BodyForm::Variables | BodyForm::Members | BodyForm::Tuples | BodyForm::Json => {
            (wrapped(schemas, operation, parameter, value.and(notes)), Members::default())
        }
    };
    let content = Members::default().with("application/json", Members::default().with("schema", schema));
    let required = parameter.required.then_some(json!(true));
    Some(about.with_some("required", required).with("content", content).into())
}

/// An object with the value as a member, beside the query parameters, which may stand there too.
fn wrapped(schemas: &Schemas<'_>, operation: &Operation, parameter: &Parameter, value: Members) -> Members {
    let mut properties = vec![(parameter.name.clone(), value.into())];
    for query in operation.parameters.iter().filter(|it| it.location == Location::Query) {
        let schema = schemas.parameter(operation, query);
        let list = |schema| Members::default().with("type", json!("array")).with("items", schema);
        let schema = if query.multiple { list(schema) } else { schema };
        let item = format!("parameter {}.{}", key(operation), query.name);
        let text = schemas.scope.text(&item).filter(|_| is_member_only(operation, query));
        let schema = schema.with_some("description", text.map(|text| json!(text)));
        properties.push((query.name.clone(), schema.into()));
    }
    let required = parameter.required.then(|| parameter.name.clone());
    Members::default()
        .with("type", json!("object"))
        .with_list("required", required.as_slice())
        .with("properties", Node::Object(properties))
}

fn value(schemas: &Schemas<'_>, operation: &Operation, parameter: &Parameter, form: BodyForm) -> Members {
    let map = |values: Node| Members::default().with("type", json!("object")).with("additionalProperties", values);
    match form {
        BodyForm::Variables | BodyForm::BareVariables => map(variable(schemas, operation)),
        BodyForm::Members => map(json!(true).into()),
        BodyForm::Tuples => match &parameter.ty {
            list @ Type::List(_) => schemas.of_type(list),
            element => schemas.of_type(&Type::List(Box::new(element.clone()))),
        },
        BodyForm::BareFilter => filter(),
        BodyForm::Json => Members::default(),
    }
}

/// The value of a variable, which can be reported in events where the resource has a parameter for that.
fn variable(schemas: &Schemas<'_>, operation: &Operation) -> Node {
    let of_resource = schemas.scope.api.operations().filter(|it| it.resource == operation.resource);
    let mut parameters = of_resource.flat_map(|it| &it.parameters);
    if !parameters.any(|parameter| parameter.name == "report_events") {
        return json!({ "type": "string" }).into();
    }
    let reported = json!({
        "type": "object",
        "required": ["value"],
        "properties": { "value": { "type": "string" }, "report_events": { "type": "boolean" } },
    });
    json!({ "anyOf": [{ "type": "string" }, reported] }).into()
}

/// Types of event that an application receives, and those that it does not. Other members are ignored.
fn filter() -> Members {
    let types = json!({
        "type": "array",
        "items": { "type": "object", "required": ["type"], "properties": { "type": { "type": "string" } } },
    });
    let properties = json!({ "allowed": types, "disallowed": types });
    Members::default().with("type", json!("object")).with("properties", properties)
}
