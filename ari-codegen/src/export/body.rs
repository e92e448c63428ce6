//! Bodies of requests, in the forms in which servers read them.

use serde_json::json;

use super::schema::Schemas;
use super::scope::key;
use crate::api::{BodyForm, Location, Operation, Parameter, Type};
use crate::document::{Members, Node};

/// What generators of code call the body of a request: a query parameter of that name cannot stand beside one.
const BODY: &str = "body";

/// Whether a query parameter is a member of the body only.
#[must_use]
pub fn is_member_only(operation: &Operation, parameter: &Parameter) -> bool {
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
        BodyForm::Variables | BodyForm::BareVariables => map(variable(schemas, operation, parameter)),
        BodyForm::Members => map(json!(true).into()),
        BodyForm::Tuples => match &parameter.ty {
            list @ Type::List(_) => schemas.of_type(list),
            element => schemas.of_type(&Type::List(Box::new(element.clone()))),
        },
        BodyForm::BareFilter => filter(),
        BodyForm::Json => Members::default(),
    }
}

/// The value of a variable: text or, where the operation that sets a single variable takes more than that, an object
/// with the same members.
fn variable(schemas: &Schemas<'_>, operation: &Operation, variables: &Parameter) -> Node {
    let text = || json!({ "type": "string" });
    let Some((single, [value, options @ ..])) = single(schemas, operation, variables) else { return text().into() };
    if options.is_empty() {
        return text().into();
    }
    let members = std::iter::once(value).chain(options);
    let properties = members.map(|member| (member.name.clone(), schemas.parameter(single, member).into()));
    let object = Members::default()
        .with("type", json!("object"))
        .with_list("required", std::slice::from_ref(&value.name))
        .with("properties", properties.collect::<Members>());
    let forms: Node = [Node::from(text()), object.into()].into_iter().collect();
    Members::default().with("anyOf", forms).into()
}

/// The operation of the same resource that sets a single variable, and its parameters after the variable's name: that
/// name is the singular of the parameter which holds several.
fn single<'a>(
    schemas: &Schemas<'a>,
    operation: &Operation,
    variables: &Parameter,
) -> Option<(&'a Operation, &'a [Parameter])> {
    let name = variables.name.strip_suffix('s')?;
    let mut of_resource = schemas.scope.api.operations().filter(|it| it.resource == operation.resource);
    of_resource.find_map(|it| {
        let at = it.parameters.iter().position(|it| it.name == name && it.location == Location::Query)?;
        let others = &it.parameters[at + 1..];
        (!others.is_empty()).then_some((it, others))
    })
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
