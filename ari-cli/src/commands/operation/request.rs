//! From the arguments of a command to the request.

use ari_bindings::Request;
use clap::ArgMatches;
use serde_json::{Map, Value, json};

use super::tree::{option_id, pairs_id, word_id};
use crate::commands::api;
use crate::failure::Failure;
use crate::reference::{Form, Operation, Parameter, Place};

/// The request that the arguments ask for.
pub(super) fn request(operation: &'static Operation, matches: &ArgMatches) -> Result<Request, Failure> {
    let mut request = Request::new(operation.method, operation.path);
    let mut members = Map::new();
    let mut whole = None;
    for parameter in operation.parameters {
        match parameter.place {
            Place::Path => {
                for value in values(matches, parameter) {
                    request = request.path_parameter(parameter.name, value);
                }
            }
            Place::Query(_) => {
                let values = values(matches, parameter);
                if !values.is_empty() {
                    request = request.query_parameter(parameter.name, values.join(","));
                }
            }
            Place::Body(form) => match (body(parameter, form, matches)?, form) {
                (None, _) => {}
                (Some(value), Form::BareVariables | Form::BareFilter) => whole = Some(value),
                (Some(value), _) => {
                    members.insert(parameter.name.to_owned(), value);
                }
            },
        }
    }
    let body = whole.or_else(|| (!members.is_empty()).then_some(Value::Object(members)));
    Ok(match body {
        Some(body) => request.json(body),
        None => request,
    })
}

/// The parameters that the arguments set.
pub(super) fn given<'a>(
    operation: &'static Operation,
    matches: &'a ArgMatches,
) -> impl Iterator<Item = &'static Parameter> + use<'a> {
    operation.parameters.iter().filter(|parameter| {
        let ids = [word_id(parameter), option_id(parameter), pairs_id(parameter)];
        ids.iter().any(|id| texts(matches, id).next().is_some())
    })
}

fn values(matches: &ArgMatches, parameter: &Parameter) -> Vec<String> {
    texts(matches, &word_id(parameter)).chain(texts(matches, &option_id(parameter))).map(str::to_owned).collect()
}

/// The values of an argument as they were written; none if the command has no such argument.
fn texts<'a>(matches: &'a ArgMatches, id: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    matches.try_get_raw(id).ok().flatten().into_iter().flatten().filter_map(|value| value.to_str())
}

/// JSON with the pairs that were given beside it.
fn body(parameter: &Parameter, form: Form, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let whole = texts(matches, &option_id(parameter)).next().map(api::json).transpose()?;
    let pairs: Vec<(&str, &str)> = texts(matches, &pairs_id(parameter))
        .chain(texts(matches, &word_id(parameter)))
        .filter_map(|pair| pair.split_once('='))
        .collect();
    if pairs.is_empty() {
        return Ok(whole);
    }
    let wrong = |expected| {
        Failure::usage(format!("--{} is no {expected}, so that no KEY=VALUE can be added to it", parameter.command))
    };
    if let Form::Tuples([first, second]) = form {
        let Value::Array(mut tuples) = whole.unwrap_or_else(|| json!([])) else { return Err(wrong("list")) };
        tuples.extend(pairs.iter().map(|(key, value)| json!({*first: key, *second: value})));
        return Ok(Some(Value::Array(tuples)));
    }
    let Value::Object(mut object) = whole.unwrap_or_else(|| json!({})) else { return Err(wrong("object")) };
    object.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))));
    Ok(Some(Value::Object(object)))
}
