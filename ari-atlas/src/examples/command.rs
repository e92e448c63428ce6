//! The command line: what the path needs by its place, the rest as options.

use ari_codegen::api::Operation;
use ari_codegen::rust::OfferedReply;
use serde_json::Value;

use super::curl::quoted;
use crate::samples::{Given, Place, plain};
use crate::site::Site;

pub(super) const NOTE: &str = "The command of ari-cli.";

/// A line of a shell; none for what opens events.
pub(super) fn example(site: &Site<'_>, operation: &Operation, given: &[Given<'_>]) -> Option<String> {
    let resource = site.rust.reference.resources.iter().find(|resource| resource.name == operation.resource)?;
    let offered = resource.operations.iter().find(|offered| offered.name == operation.nickname)?;
    if offered.reply == OfferedReply::Events {
        return None;
    }
    let mut words = vec!["ari".to_owned(), resource.command.clone(), offered.command.clone()];
    for Given { parameter, value, place } in given {
        if *place != Place::Path {
            let option = offered.parameters.iter().find(|option| option.name == parameter.name)?;
            words.push(format!("--{}", option.command));
        }
        words.push(quoted(&text(value)));
    }
    Some(words.join(" "))
}

/// JSON where the value has structure, else the text of a query.
fn text(value: &Value) -> String {
    match value {
        Value::Object(_) => value.to_string(),
        Value::Array(elements) if elements.iter().any(Value::is_object) => value.to_string(),
        other => plain(other),
    }
}
