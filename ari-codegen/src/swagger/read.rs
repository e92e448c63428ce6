//! From a file's text to [`Listing`] and [`Resource`].

use super::members::{Members, array, mismatch, named, string};
use super::{
    AllowableValues, Api, ErrorResponse, ListedResource, Listing, Literal, Model, Operation, Parameter, Property,
    Resource,
};
use crate::json::{Node, Source, Value, parse};
use crate::problem::Problems;

/// Headers of the files; a server rewrites `basePath` to the address it was asked under.
const HEADERS: [&str; 4] = ["_copyright", "_author", "_svn_revision", "basePath"];

/// Reads `resources.json`.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn read_listing(source: &Source) -> Result<Listing, Problems> {
    let root = parse(source)?;
    let mut problems = Problems::default();
    let listing = listing(root, &mut problems);
    finished(problems, listing)
}

/// Reads a resource file such as `channels.json`.
///
/// # Errors
/// Every fault of the file, each with its place.
pub fn read_resource(source: &Source) -> Result<Resource, Problems> {
    let root = parse(source)?;
    let mut problems = Problems::default();
    let resource = resource(root, &mut problems);
    finished(problems, resource)
}

/// A reader gives nothing only where it has told why.
fn finished<T>(problems: Problems, value: Option<T>) -> Result<T, Problems> {
    let problems = problems.in_order_of_lines();
    let Some(value) = value else { return Err(problems) };
    problems.or(value)
}

fn listing(node: Node, problems: &mut Problems) -> Option<Listing> {
    let mut members = Members::of(node, "the resource listing", problems)?;
    members.ignore(&HEADERS);
    let api_version = members.string("apiVersion", problems);
    let swagger_version = members.string("swaggerVersion", problems);
    let entries = members.required("apis", problems);
    let place = members.place.clone();
    members.finish(problems);
    let entries = array(entries?, problems);
    Some(Listing {
        place,
        api_version: api_version?,
        swagger_version: swagger_version?,
        resources: entries.into_iter().filter_map(|entry| listed_resource(entry, problems)).collect(),
    })
}

fn listed_resource(node: Node, problems: &mut Problems) -> Option<ListedResource> {
    let mut members = Members::of(node, "a listed resource", problems)?;
    members.ignore(&["description"]);
    let path = members.string("path", problems);
    let place = members.place.clone();
    members.finish(problems);
    Some(ListedResource { place, path: path? })
}

fn resource(node: Node, problems: &mut Problems) -> Option<Resource> {
    let mut members = Members::of(node, "a resource file", problems)?;
    members.ignore(&HEADERS);
    let swagger_version = members.string("swaggerVersion", problems);
    let api_version = members.string("apiVersion", problems);
    let resource_path = members.string("resourcePath", problems);
    let since = members.optional_strings("since", problems);
    let requires_modules = members.optional_strings("requiresModules", problems);
    let apis = members.required("apis", problems);
    let models = members.optional("models");
    let place = members.place.clone();
    members.finish(problems);
    let apis = apis.map_or_else(Vec::new, |node| array(node, problems));
    let models = models.map_or_else(Vec::new, |node| named(node, problems));
    let apis = apis.into_iter().filter_map(|node| api(node, problems)).collect();
    let models = models.into_iter().filter_map(|(key, node)| model(&key, node, problems)).collect();
    Some(Resource {
        place,
        swagger_version: swagger_version?,
        api_version: api_version?,
        resource_path: resource_path?,
        since,
        requires_modules,
        apis,
        models,
    })
}

fn api(node: Node, problems: &mut Problems) -> Option<Api> {
    let mut members = Members::of(node, "an api", problems)?;
    members.ignore(&["description"]);
    let path = members.string("path", problems);
    let operations = members.required("operations", problems);
    let place = members.place.clone();
    members.finish(problems);
    let operations = operations.map_or_else(Vec::new, |node| array(node, problems));
    let operations = operations.into_iter().filter_map(|node| operation(node, problems)).collect();
    Some(Api { place, path: path?, operations })
}

fn operation(node: Node, problems: &mut Problems) -> Option<Operation> {
    let mut members = Members::of(node, "an operation", problems)?;
    members.ignore(&["summary", "notes"]);
    let http_method = members.string("httpMethod", problems);
    let nickname = members.string("nickname", problems);
    let response_class = members.string("responseClass", problems);
    let since = members.optional_strings("since", problems);
    let upgrade = members.optional_string("upgrade", problems);
    let websocket_protocol = members.optional_string("websocketProtocol", problems);
    let parameters = members.optional_array("parameters", problems);
    let error_responses = members.optional_array("errorResponses", problems);
    let place = members.place.clone();
    members.finish(problems);
    let parameters = parameters.into_iter().filter_map(|node| parameter(node, problems)).collect();
    let error_responses = error_responses.into_iter().filter_map(|node| error_response(node, problems)).collect();
    Some(Operation {
        place,
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

fn error_response(node: Node, problems: &mut Problems) -> Option<ErrorResponse> {
    let mut members = Members::of(node, "an error response", problems)?;
    members.ignore(&["reason"]);
    let code = members.required("code", problems);
    let place = members.place.clone();
    members.finish(problems);
    Some(ErrorResponse { place, code: status(&code?, problems)? })
}

/// A status: a number, on one operation a string.
fn status(node: &Node, problems: &mut Problems) -> Option<u16> {
    let code = match &node.value {
        Value::Number(text) | Value::String(text) => text.parse().ok().filter(|code| (100..600).contains(code)),
        _ => None,
    };
    if code.is_none() {
        mismatch(node, "an HTTP status from 100 to 599", problems);
    }
    code
}

fn parameter(node: Node, problems: &mut Problems) -> Option<Parameter> {
    let mut members = Members::of(node, "a parameter", problems)?;
    // `descriptioni` and `__note` are slips of Asterisk's authors that hold prose.
    members.ignore(&["description", "descriptioni", "__note"]);
    let name = members.string("name", problems);
    let param_type = members.string("paramType", problems);
    let data_type = members.string("dataType", problems);
    let required = members.optional_bool("required", problems);
    let allow_multiple = members.optional_bool("allowMultiple", problems);
    let default = members.optional("defaultValue");
    // Up to 15.x one default is declared under a misspelt key.
    let misspelt_default = members.optional("defalutValue");
    let allowable_values = members.optional("allowableValues");
    let place = members.place.clone();
    members.finish(problems);
    let default_value = default.or(misspelt_default).and_then(|node| literal(node, problems));
    let allowable_values = allowable_values.and_then(|node| self::allowable_values(node, problems));
    Some(Parameter {
        place,
        name: name?,
        param_type: param_type?,
        data_type: data_type?,
        required,
        allow_multiple,
        default_value,
        allowable_values,
    })
}

fn literal(node: Node, problems: &mut Problems) -> Option<Literal> {
    match node.value {
        Value::Bool(value) => Some(Literal::Bool(value)),
        Value::Number(value) => Some(Literal::Number(value)),
        Value::String(value) => Some(Literal::String(value)),
        _ => {
            mismatch(&node, "a boolean, a number or a string", problems);
            None
        }
    }
}

fn allowable_values(node: Node, problems: &mut Problems) -> Option<AllowableValues> {
    let mut members = Members::of(node, "allowable values", problems)?;
    let kind = members.string("valueType", problems);
    let values = members.optional_strings("values", problems);
    let [min, max] = ["min", "max"].map(|key| members.optional(key).and_then(|node| number(&node, problems)));
    let place = members.place.clone();
    members.finish(problems);
    match kind?.as_str() {
        "LIST" => Some(AllowableValues::List(values)),
        "RANGE" => Some(AllowableValues::Range { min, max }),
        other => {
            problems.at(&place, format!("unknown valueType `{other}`: known are LIST and RANGE"));
            None
        }
    }
}

fn number(node: &Node, problems: &mut Problems) -> Option<String> {
    if let Value::Number(text) = &node.value {
        return Some(text.clone());
    }
    mismatch(node, "a number", problems);
    None
}

fn model(key: &str, node: Node, problems: &mut Problems) -> Option<Model> {
    let mut members = Members::of(node, "a model", problems)?;
    // 12.0 to 12.3 say `extends` besides the base's `subTypes`.
    members.ignore(&["description", "extends"]);
    let id = members.string("id", problems);
    let sub_types = members.optional_strings("subTypes", problems);
    let discriminator = members.optional_string("discriminator", problems);
    let properties = members.required("properties", problems);
    let place = members.place.clone();
    members.finish(problems);
    let id = id?;
    if id != key {
        problems.at(&place, format!("model `{key}` has the id `{id}`: expected both to be the same"));
    }
    let properties = named(properties?, problems);
    let properties = properties.into_iter().filter_map(|(name, node)| property(name, node, problems)).collect();
    Some(Model { place, id, sub_types, discriminator, properties })
}

fn property(name: String, node: Node, problems: &mut Problems) -> Option<Property> {
    let mut members = Members::of(node, "a property", problems)?;
    members.ignore(&["description"]);
    let r#type = members.required("type", problems).and_then(|node| string(node, problems));
    let required = members.optional_bool("required", problems);
    let allowable_values = members.optional("allowableValues");
    let place = members.place.clone();
    members.finish(problems);
    let allowable_values = allowable_values.and_then(|node| self::allowable_values(node, problems));
    Some(Property { place, name, r#type: r#type?, required, allowable_values })
}
