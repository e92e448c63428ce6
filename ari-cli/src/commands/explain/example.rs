//! One call of an operation, in three languages.

use serde::Serialize;

use crate::commands::operation;
use crate::output;
use crate::reference::{Kind, Operation, Parameter, Place, Resource};

/// The server of the examples.
const URL: &str = "http://localhost:8088/ari";
const USER: &str = "asterisk";

/// What belongs into an example besides what the operation requires.
const BESIDES: [(&str, &[&str]); 3] = [
    ("originate", &["--app", "hello"]),
    ("originateWithId", &["--app", "hello"]),
    ("continueInDialplan", &["--extension", "1000"]),
];

/// One call of an operation.
#[derive(Debug, Serialize)]
pub(super) struct Examples {
    /// With this program.
    pub(super) ari: String,
    pub(super) curl: String,
    /// With `ari-bindings`.
    pub(super) rust: String,
}

/// Examples with every required parameter; none of what opens a connection.
pub(super) fn examples(resource: &Resource, operation: &'static Operation) -> Option<Examples> {
    let mut words = vec!["ari".to_owned(), resource.command.to_owned(), operation.command.to_owned()];
    words.extend(operation::words(operation).into_iter().map(value));
    let besides = BESIDES.iter().find(|(name, _)| *name == operation.name).map(|(_, besides)| *besides);
    words.extend(besides.into_iter().flatten().map(|word| (*word).to_owned()));
    let request = operation::request_of(&words)?;
    let ari: Vec<String> = words.iter().map(|word| output::word(word)).collect();
    Some(Examples {
        ari: ari.join(" "),
        curl: output::curl_command(URL, USER, &request),
        rust: rust(resource, operation),
    })
}

/// Code of the bindings: one of the examples written for the most used operations, or else the call alone.
fn rust(resource: &Resource, operation: &Operation) -> String {
    if !operation.example.is_empty() {
        return operation.example.to_owned();
    }
    let (receiver, arguments) = call(resource, operation);
    let arguments: Vec<String> = arguments.into_iter().map(argument).collect();
    format!("{receiver}.{}({}).await?;", method(operation), arguments.join(", "))
}

/// The method of the bindings.
fn method(operation: &Operation) -> String {
    match operation.command {
        "move" => "r#move".to_owned(),
        command => command.replace('-', "_"),
    }
}

/// What the method is called on, and the parameters that it takes as arguments: a handle, if there is one for the id
/// with which the path begins.
fn call<'a>(resource: &Resource, operation: &'a Operation) -> (String, Vec<&'a Parameter>) {
    let mut arguments: Vec<&Parameter> = operation.parameters.iter().filter(|parameter| parameter.required).collect();
    let handle = match arguments.first().map(|first| (first.place, first.id)) {
        Some((Place::Path, Some("ChannelId"))) => Some("channel"),
        Some((Place::Path, Some("BridgeId"))) => Some("bridge"),
        Some((Place::Path, Some("PlaybackId"))) => Some("playback"),
        _ => None,
    };
    match handle {
        Some(handle) => {
            let receiver = format!("ari.{handle}(\"{}\")", value(arguments.remove(0)));
            (receiver, arguments)
        }
        None if resource.name == "events" => ("ari.event_operations()".to_owned(), arguments),
        None => (format!("ari.{}()", resource.command.replace('-', "_")), arguments),
    }
}

fn argument(parameter: &Parameter) -> String {
    let value = value(parameter);
    match (parameter.place, value.split_once('=')) {
        (Place::Query(Kind::Integer | Kind::Long | Kind::Boolean), _) => value,
        (Place::Body(_), Some((key, text))) => format!("[(\"{key}\", \"{text}\")]"),
        _ => format!("\"{value}\""),
    }
}

/// A value that the parameter could have.
fn value(parameter: &Parameter) -> String {
    let value = match parameter.place {
        Place::Body(_) => "LANG=en",
        Place::Query(Kind::Integer | Kind::Long) => parameter.range.0.unwrap_or("1"),
        Place::Query(Kind::Boolean) => "true",
        Place::Path | Place::Query(Kind::Text) => match (parameter.values, parameter.id) {
            ([(value, _), ..], _) => value,
            ([], id) => id.and_then(of_id).unwrap_or_else(|| of_name(parameter.name)),
        },
    };
    value.to_owned()
}

fn of_id(id: &str) -> Option<&'static str> {
    Some(match id {
        "ChannelId" => "1700000000.1",
        "BridgeId" => "bridge-1",
        "PlaybackId" => "playback-1",
        "RecordingName" => "message-1",
        "ApplicationName" => "hello",
        "DeviceName" => "Stasis:desk",
        "MailboxName" => "100@default",
        "ModuleName" => "res_ari.so",
        "LogChannelName" => "debug.log",
        "SoundId" => "hello-world",
        _ => return None,
    })
}

fn of_name(name: &str) -> &'static str {
    match name {
        "endpoint" => "PJSIP/alice",
        "app" | "application" => "hello",
        "media" => "sound:hello-world",
        "format" => "wav",
        "eventSource" => "bridge:bridge-1",
        "variable" | "variables" => "LANG",
        "tech" => "PJSIP",
        "resource" | "id" => "alice",
        "to" => "pjsip:alice",
        "from" => "sip:desk@example.com",
        "refer_to" | "referTo" => "sip:bob@example.com",
        "configuration" => "notice,warning,error",
        "configClass" => "res_pjsip",
        "objectType" => "endpoint",
        "eventName" => "door-opened",
        "destinationRecordingName" => "message-2",
        "states" => "channel_answered",
        _ => "TEXT",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{RESOURCES, Reply};

    #[test]
    fn every_operation_has_examples_that_parse() {
        for resource in RESOURCES {
            for operation in resource.operations.iter().filter(|operation| operation.reply != Reply::Events) {
                let name = operation.full_name(resource);
                let examples = examples(resource, operation).unwrap_or_else(|| panic!("{name} has no example"));
                assert!(examples.curl.contains(&format!(" -X {} ", operation.method)), "{examples:?}");
                assert!(!examples.ari.contains("TEXT"), "{name}: {examples:?}");
            }
        }
    }

    #[test]
    fn the_bindings_have_the_methods_of_the_examples() {
        let api = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ari-bindings/api.txt")).unwrap();
        for resource in RESOURCES {
            for operation in resource.operations.iter().filter(|operation| operation.reply != Reply::Events) {
                let (receiver, arguments) = call(resource, operation);
                let name = operation.full_name(resource);
                let owner = owner(&receiver);
                let signature = format!("{owner}::{}(&self", method(operation).trim_start_matches("r#"));
                let line = api.lines().find(|line| line.contains(&signature));
                let line = line.unwrap_or_else(|| panic!("{name}: no {signature}"));
                let declared = line.split(") -> ").next().unwrap().split("&self").nth(1).unwrap();
                assert_eq!(parameters(declared), arguments.len(), "{name}: {line}");
            }
        }
    }

    /// The type that the public API lists the methods of a receiver under.
    fn owner(receiver: &str) -> String {
        let name = receiver.trim_start_matches("ari.").split('(').next().unwrap();
        match name {
            "channel" => "handles::ChannelHandle".to_owned(),
            "bridge" => "handles::BridgeHandle".to_owned(),
            "playback" => "handles::PlaybackHandle".to_owned(),
            "event_operations" => "operations::events::Events".to_owned(),
            name => {
                let pascal: String = name.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect();
                format!("operations::{name}::{pascal}")
            }
        }
    }

    /// How many parameters follow `&self`: commas outside of brackets.
    fn parameters(declared: &str) -> usize {
        let mut depth = 0;
        let mut count = 0;
        for character in declared.chars() {
            match character {
                '<' | '(' | '[' => depth += 1,
                '>' | ')' | ']' => depth -= 1,
                ',' if depth == 0 => count += 1,
                _ => {}
            }
        }
        count
    }
}
