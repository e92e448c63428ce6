//! From a file's text to [`Listing`] and [`Resource`].

use super::members::{Members, array, mismatch, named, string};
use super::{
    AllowableValues, Api, ErrorResponse, ListedResource, Listing, Literal, Model, Operation, Parameter, Property,
    Resource,
};
use crate::diagnostic::Diagnostics;
use crate::json::{Node, Source, Value, parse};

/// Headers of the files; a server rewrites `basePath` to the address it was asked under.
const HEADERS: [&str; 4] = ["_copyright", "_author", "_svn_revision", "basePath"];

/// Reads `resources.json`.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn read_listing(source: &Source) -> Result<Listing, Diagnostics> {
    let root = parse(source)?;
    let mut diagnostics = Diagnostics::default();
    let listing = listing(root, &mut diagnostics);
    finished(diagnostics, listing)
}

/// Reads a resource file such as `channels.json`.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn read_resource(source: &Source) -> Result<Resource, Diagnostics> {
    let root = parse(source)?;
    let mut diagnostics = Diagnostics::default();
    let resource = resource(root, &mut diagnostics);
    finished(diagnostics, resource)
}

/// The value, or the diagnostics; a reader returns `None` only after it has reported a fault.
fn finished<T>(diagnostics: Diagnostics, value: Option<T>) -> Result<T, Diagnostics> {
    let diagnostics = diagnostics.in_order_of_lines();
    let Some(value) = value else { return Err(diagnostics) };
    diagnostics.or(value)
}

fn listing(node: Node, diagnostics: &mut Diagnostics) -> Option<Listing> {
    let mut members = Members::of(node, "the resource listing", diagnostics)?;
    members.ignore(&HEADERS);
    let api_version = members.string("apiVersion", diagnostics);
    let swagger_version = members.string("swaggerVersion", diagnostics);
    let entries = members.required("apis", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    let entries = array(entries?, diagnostics);
    if entries.is_empty() {
        diagnostics.at(&span, "the listing has no resources: expected at least one entry in `apis`");
    }
    let entries = entries.into_iter().filter_map(|entry| listed_resource(entry, diagnostics));
    let resources = listed_once(entries.collect(), diagnostics);
    Some(Listing { span, api_version: api_version?, swagger_version: swagger_version?, resources })
}

/// Refuses entries whose names cannot be file names, or that would share a file.
fn listed_once(entries: Vec<ListedResource>, diagnostics: &mut Diagnostics) -> Vec<ListedResource> {
    for (index, entry) in entries.iter().enumerate() {
        let name = entry.name();
        let is_plain = |character: char| character.is_alphanumeric() || "_- ".contains(character);
        if name.is_empty() || name == "resources" || !name.chars().all(is_plain) {
            let message =
                format!("`{}` names no resource: expected a path such as /api-docs/channels.{{format}}", entry.path);
            diagnostics.at(&entry.span, message);
        } else if let Some(first) = entries[..index].iter().find(|earlier| earlier.name() == name) {
            diagnostics.at(&entry.span, format!("duplicate resource `{name}`: first on line {}", first.span.line));
        }
    }
    entries
}

fn listed_resource(node: Node, diagnostics: &mut Diagnostics) -> Option<ListedResource> {
    let mut members = Members::of(node, "a listed resource", diagnostics)?;
    members.ignore(&["description"]);
    let path = members.string("path", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    Some(ListedResource { span, path: path? })
}

fn resource(node: Node, diagnostics: &mut Diagnostics) -> Option<Resource> {
    let mut members = Members::of(node, "a resource file", diagnostics)?;
    members.ignore(&HEADERS);
    let swagger_version = members.string("swaggerVersion", diagnostics);
    let api_version = members.string("apiVersion", diagnostics);
    let resource_path = members.string("resourcePath", diagnostics);
    let since = members.optional_strings("since", diagnostics);
    let requires_modules = members.optional_strings("requiresModules", diagnostics);
    let apis = members.required("apis", diagnostics);
    let models = members.optional("models");
    let span = members.span.clone();
    members.finish(diagnostics);
    let apis = apis.map_or_else(Vec::new, |node| array(node, diagnostics));
    let models = models.map_or_else(Vec::new, |node| named(node, diagnostics));
    let apis = apis.into_iter().filter_map(|node| api(node, diagnostics)).collect();
    let models = models.into_iter().filter_map(|(key, node)| model(&key, node, diagnostics)).collect();
    Some(Resource {
        span,
        swagger_version: swagger_version?,
        api_version: api_version?,
        resource_path: resource_path?,
        since,
        requires_modules,
        apis,
        models,
    })
}

fn api(node: Node, diagnostics: &mut Diagnostics) -> Option<Api> {
    let mut members = Members::of(node, "an api", diagnostics)?;
    members.ignore(&["description"]);
    let path = members.string("path", diagnostics);
    let operations = members.required("operations", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    let operations = operations.map_or_else(Vec::new, |node| array(node, diagnostics));
    let operations = operations.into_iter().filter_map(|node| operation(node, diagnostics)).collect();
    Some(Api { span, path: path?, operations })
}

fn operation(node: Node, diagnostics: &mut Diagnostics) -> Option<Operation> {
    let mut members = Members::of(node, "an operation", diagnostics)?;
    members.ignore(&["summary", "notes"]);
    let http_method = members.string("httpMethod", diagnostics);
    let nickname = members.string("nickname", diagnostics);
    let response_class = members.string("responseClass", diagnostics);
    let since = members.optional_strings("since", diagnostics);
    let upgrade = members.optional_string("upgrade", diagnostics);
    let websocket_protocol = members.optional_string("websocketProtocol", diagnostics);
    let parameters = members.optional_array("parameters", diagnostics);
    let error_responses = members.optional_array("errorResponses", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    let parameters = parameters.into_iter().filter_map(|node| parameter(node, diagnostics)).collect();
    let error_responses = error_responses.into_iter().filter_map(|node| error_response(node, diagnostics)).collect();
    Some(Operation {
        span,
        http_method: http_method?,
        nickname: nickname?,
        response_class: response_class?,
        since,
        upgrade,
        websocket_protocol,
        parameters,
        error_responses,
    })
}

fn error_response(node: Node, diagnostics: &mut Diagnostics) -> Option<ErrorResponse> {
    let mut members = Members::of(node, "an error response", diagnostics)?;
    members.ignore(&["reason"]);
    let code = members.required("code", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    Some(ErrorResponse { span, code: status(&code?, diagnostics)? })
}

/// A status: a number, on one operation a string.
fn status(node: &Node, diagnostics: &mut Diagnostics) -> Option<u16> {
    let code = match &node.value {
        Value::Number(text) | Value::String(text) => text.parse().ok().filter(|code| (100..600).contains(code)),
        _ => None,
    };
    if code.is_none() {
        mismatch(node, "an HTTP status from 100 to 599", diagnostics);
    }
    code
}

fn parameter(node: Node, diagnostics: &mut Diagnostics) -> Option<Parameter> {
    let mut members = Members::of(node, "a parameter", diagnostics)?;
    // `descriptioni` and `__note` are slips of Asterisk's authors that hold prose.
    members.ignore(&["description", "descriptioni", "__note"]);
    let name = members.string("name", diagnostics);
    let param_type = members.string("paramType", diagnostics);
    let data_type = members.string("dataType", diagnostics);
    let required = members.optional_bool("required", diagnostics);
    let allow_multiple = members.optional_bool("allowMultiple", diagnostics);
    let default = members.optional("defaultValue");
    // Up to 15.x one default is declared under a misspelt key.
    let misspelt_default = members.optional("defalutValue");
    let allowable_values = members.optional("allowableValues");
    let span = members.span.clone();
    members.finish(diagnostics);
    let default_value = default.or(misspelt_default).and_then(|node| literal(node, diagnostics));
    let allowable_values = allowable_values.and_then(|node| self::allowable_values(node, diagnostics));
    Some(Parameter {
        span,
        name: name?,
        param_type: param_type?,
        data_type: data_type?,
        required,
        allow_multiple,
        default_value,
        allowable_values,
    })
}

fn literal(node: Node, diagnostics: &mut Diagnostics) -> Option<Literal> {
    match node.value {
        Value::Bool(value) => Some(Literal::Bool(value)),
        Value::Number(value) => Some(Literal::Number(value)),
        Value::String(value) => Some(Literal::String(value)),
        _ => {
            mismatch(&node, "a boolean, a number or a string", diagnostics);
            None
        }
    }
}

fn allowable_values(node: Node, diagnostics: &mut Diagnostics) -> Option<AllowableValues> {
    let mut members = Members::of(node, "allowable values", diagnostics)?;
    let kind = members.string("valueType", diagnostics);
    let values = members.optional_strings("values", diagnostics);
    let [min, max] = ["min", "max"].map(|key| members.optional(key).and_then(|node| number(&node, diagnostics)));
    let span = members.span.clone();
    members.finish(diagnostics);
    match kind?.as_str() {
        "LIST" => Some(AllowableValues::List(values)),
        "RANGE" => Some(AllowableValues::Range { min, max }),
        other => {
            diagnostics.at(&span, format!("unknown valueType `{other}`: known are LIST and RANGE"));
            None
        }
    }
}

fn number(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    if let Value::Number(text) = &node.value {
        return Some(text.clone());
    }
    mismatch(node, "a number", diagnostics);
    None
}

fn model(key: &str, node: Node, diagnostics: &mut Diagnostics) -> Option<Model> {
    let mut members = Members::of(node, "a model", diagnostics)?;
    // 12.0 to 12.3 say `extends` besides the base's `subTypes`.
    members.ignore(&["description", "extends"]);
    let id = members.string("id", diagnostics);
    let sub_types = members.optional_strings("subTypes", diagnostics);
    let discriminator = members.optional_string("discriminator", diagnostics);
    let properties = members.required("properties", diagnostics);
    let span = members.span.clone();
    members.finish(diagnostics);
    let id = id?;
    if id != key {
        diagnostics.at(&span, format!("model `{key}` has the id `{id}`: expected both to be the same"));
    }
    let properties = named(properties?, diagnostics);
    let properties = properties.into_iter().filter_map(|(name, node)| property(name, node, diagnostics)).collect();
    Some(Model { span, id, sub_types, discriminator, properties })
}

fn property(name: String, node: Node, diagnostics: &mut Diagnostics) -> Option<Property> {
    let mut members = Members::of(node, "a property", diagnostics)?;
    members.ignore(&["description"]);
    let r#type = members.required("type", diagnostics).and_then(|node| string(node, diagnostics));
    let required = members.optional_bool("required", diagnostics);
    let allowable_values = members.optional("allowableValues");
    let span = members.span.clone();
    members.finish(diagnostics);
    let allowable_values = allowable_values.and_then(|node| self::allowable_values(node, diagnostics));
    Some(Property { span, name, r#type: r#type?, required, allowable_values })
}
