//! The command line: path parameters by position, the others as flags.

use ari_codegen::api::Operation;
use heck::ToKebabCase as _;
use serde_json::Value;

use super::curl::quoted;
use crate::samples::{Given, Place, plain};

pub(super) const NOTE: &str = "The command line that is being built: its form, not yet a program.";

pub(super) fn example(operation: &Operation, given: &[Given<'_>]) -> String {
    let mut words = vec!["ari".to_owned(), operation.resource.to_kebab_case(), operation.nickname.to_kebab_case()];
    for Given { parameter, value, place } in given {
        let text = match value {
            Value::Object(_) => value.to_string(),
            Value::Array(elements) if elements.iter().any(Value::is_object) => value.to_string(),
            other => plain(other),
        };
        if *place != Place::Path {
            words.push(format!("--{}", parameter.name.to_kebab_case()));
        }
        words.push(quoted(&text));
    }
    words.join(" ")
}
