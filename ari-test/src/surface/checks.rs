//! What the code of an operation asks for before it looks at the server's state.
//!
//! Everything that it asks for later, such as the digits to send to a channel that must exist, belongs to the state.

use ari_bindings::Release;
use serde_json::Value;

use super::arguments::Arguments;
use super::table::{Operation, has};
use crate::exchange::Reply;

/// A parameter without which an operation is refused.
struct Needed {
    /// Such as `channels.getChannelVar`.
    operation: &'static str,
    parameter: &'static str,
    /// Whether an empty value counts as none.
    or_empty: bool,
    message: &'static str,
}

const fn needed(operation: &'static str, parameter: &'static str, message: &'static str) -> Needed {
    Needed { operation, parameter, or_empty: true, message }
}

const fn present(operation: &'static str, parameter: &'static str, message: &'static str) -> Needed {
    Needed { operation, parameter, or_empty: false, message }
}

const ENDPOINT: &str = "Endpoint must be specified";
const VARIABLE: &str = "Variable name is required";
const VARIABLES: &str = "At least one variable name is required";
const SOURCE: &str = "Missing parameter eventSource";
const TO: &str = "To must be specified";
pub(crate) const INVALID_VARIABLE: &str =
    "Each value in 'variables' must be a string or an object with 'value' and optional 'report_events'";

/// Seen on 16.28.0 and 22.10.1. Where an operation has several, the first that is missing is named.
const NEEDED: &[Needed] = &[
    present("applications.subscribe", "eventSource", SOURCE),
    present("applications.unsubscribe", "eventSource", SOURCE),
    needed("asterisk.addLog", "configuration", "Configuration levels are required"),
    needed("asterisk.getGlobalVar", "variable", VARIABLE),
    needed("asterisk.setGlobalVar", "variable", VARIABLE),
    needed("bridges.getBridgeVar", "variable", VARIABLE),
    present("bridges.getBridgeVars", "variables", VARIABLES),
    needed("channels.create", "endpoint", ENDPOINT),
    needed("channels.externalMedia", "app", "app cannot be empty"),
    needed("channels.getChannelVar", "variable", VARIABLE),
    present("channels.getChannelVars", "variables", VARIABLES),
    needed("channels.originate", "endpoint", ENDPOINT),
    needed("channels.originateWithId", "endpoint", ENDPOINT),
    needed("channels.setChannelVar", "variable", VARIABLE),
    needed("endpoints.refer", "to", TO),
    needed("endpoints.sendMessage", "to", TO),
    needed("events.claimChannel", "channelId", "channelId parameter is required"),
    needed("events.claimChannel", "application", "application parameter is required"),
    needed("events.userEvent", "application", "Missing parameter application"),
    present("playbacks.control", "operation", "Missing operation"),
];

/// The refusal of a call for what it says alone.
pub(super) fn check(operation: &Operation, release: Release, arguments: &Arguments) -> Result<(), Reply> {
    let name = operation.full_name();
    if let Some(variables) = arguments.object("variables") {
        variables.values().try_for_each(|value| variable(&name, release, value))?;
    }
    required(&name, arguments)?;
    match name.as_str() {
        "channels.setChannelVars" | "bridges.setBridgeVars" if arguments.body().is_none() => {
            refuse("The 'variables' field is required")
        }
        "channels.snoopChannel" | "channels.snoopChannelWithId" => snoop(arguments),
        "channels.record" => record(arguments),
        "playbacks.control" => control(arguments),
        _ => Ok(()),
    }
}

fn refuse(message: impl AsRef<str>) -> Result<(), Reply> {
    Err(Reply::message(400, message))
}

fn required(name: &str, arguments: &Arguments) -> Result<(), Reply> {
    let is_missing = |needed: &&Needed| {
        let is_empty = || arguments.texts(needed.parameter).iter().all(|text| text.is_empty());
        !arguments.has(needed.parameter) || (needed.or_empty && is_empty())
    };
    match NEEDED.iter().filter(|needed| needed.operation == name).find(is_missing) {
        Some(needed) => refuse(needed.message),
        None => Ok(()),
    }
}

/// The value of a variable, which is a text, or an object in releases that can report it.
fn variable(name: &str, release: Release, value: &Value) -> Result<(), Reply> {
    let is_of_channel = matches!(
        name,
        "channels.originate" | "channels.originateWithId" | "channels.create" | "channels.externalMedia"
    );
    let is_of_message = name.starts_with("endpoints.");
    if value.is_string() || !(is_of_channel || is_of_message) {
        return Ok(());
    }
    if is_of_message || !has("parameter channels.setChannelVar.report_events", release) {
        return refuse("Only string values in the 'variables' object allowed");
    }
    match value {
        Value::Object(members) if members.get("value").is_some_and(Value::is_string) => Ok(()),
        Value::Object(_) => refuse("Each object value in 'variables' must include string field 'value'"),
        _ => refuse(INVALID_VARIABLE),
    }
}

fn snoop(arguments: &Arguments) -> Result<(), Reply> {
    let direction = |name: &str| arguments.text(name).filter(|text| !text.is_empty()).unwrap_or("none");
    for name in ["spy", "whisper"] {
        if !matches!(direction(name), "none" | "both" | "in" | "out") {
            return refuse(format!("Invalid direction specified for {name}"));
        }
    }
    if direction("spy") == "none" && direction("whisper") == "none" {
        return refuse("Direction must be specified for at least spy or whisper");
    }
    if arguments.text("app").is_none_or(str::is_empty) {
        return refuse("Application name is required");
    }
    Ok(())
}

fn record(arguments: &Arguments) -> Result<(), Reply> {
    for (parameter, shown) in
        [("maxDurationSeconds", "max_duration_seconds"), ("maxSilenceSeconds", "max_silence_seconds")]
    {
        if arguments.number(parameter).is_some_and(|seconds| seconds < 0) {
            return refuse(format!("{shown} cannot be negative"));
        }
    }
    Ok(())
}

fn control(arguments: &Arguments) -> Result<(), Reply> {
    match arguments.text("operation").unwrap_or_default() {
        "restart" | "pause" | "unpause" | "reverse" | "forward" => Ok(()),
        other => refuse(format!("Invalid operation {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::surface::OPERATIONS;

    #[test]
    fn needed_parameters_are_declared() {
        for needed in NEEDED {
            let operation = OPERATIONS.iter().find(|operation| operation.full_name() == needed.operation);
            let parameters = operation.unwrap_or_else(|| panic!("{}", needed.operation)).parameters;
            assert!(parameters.iter().any(|it| it.name == needed.parameter), "{}", needed.operation);
        }
    }
}
