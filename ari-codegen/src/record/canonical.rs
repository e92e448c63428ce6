//! The declarations as `api-docs/` keeps them: the facts, in one order and layout.
//!
//! Prose, file headers and what has no meaning (`required: false`) are left out, so that two releases differ in git
//! only where their API differs. The result is Swagger of the same structure and reads back to the same facts.

use serde_json::{Value, json};

use crate::swagger::{AllowableValues, Api, Listing, Literal, Model, Operation, Parameter, Property, Resource};

/// JSON whose objects keep the order in which their members were put in.
enum Node {
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl From<&String> for Node {
    fn from(text: &String) -> Self {
        Self::Scalar(json!(text))
    }
}

impl From<Value> for Node {
    fn from(scalar: Value) -> Self {
        Self::Scalar(scalar)
    }
}

impl<Item: Into<Node>> FromIterator<Item> for Node {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// Members of an object, in order; absent ones are left out.
#[derive(Default)]
struct Members(Vec<(String, Node)>);

impl Members {
    fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    fn with_some(self, key: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    fn with_list(self, key: &str, list: &[String]) -> Self {
        self.with_some(key, (!list.is_empty()).then(|| list.iter().collect::<Node>()))
    }
}

impl From<Members> for Node {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

/// Lines are filled up to here.
const WIDTH: usize = 118;

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

fn text(node: &Node) -> String {
    let mut out = String::new();
    write(&mut out, node, 0, 0);
    out.push('\n');
    out
}

/// Writes a value on one line if it fits, and otherwise each of its parts on separate lines.
fn write(out: &mut String, node: &Node, depth: usize, before: usize) {
    let line = inline(node);
    let (open, close, parts): (char, char, Vec<(String, &Node)>) = match node {
        Node::Object(members) => {
            ('{', '}', members.iter().map(|(key, node)| (format!("{}: ", json!(key)), node)).collect())
        }
        Node::List(elements) => ('[', ']', elements.iter().map(|node| (String::new(), node)).collect()),
        Node::Scalar(_) => (' ', ' ', Vec::new()),
    };
    let fits = 2 * depth + before + line.chars().count() < WIDTH;
    if parts.is_empty() || (fits && depth > 0) {
        out.push_str(&line);
        return;
    }
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

fn inline(node: &Node) -> String {
    match node {
        Node::Object(members) if members.is_empty() => "{}".to_owned(),
        Node::Object(members) => {
            let parts: Vec<String> =
                members.iter().map(|(key, node)| format!("{}: {}", json!(key), inline(node))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Node::List(elements) => {
            let parts: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", parts.join(", "))
        }
        Node::Scalar(scalar) => scalar.to_string(),
    }
}
