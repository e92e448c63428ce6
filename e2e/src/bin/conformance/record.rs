//! Writes the test data of the decoding tests: for each type of event, one frame for each distinct set of members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use ari_e2e::redact;
use serde_json::{Value, json};

use crate::declaration::Declaration;
use crate::proxy::Log;

/// The maximum number of elements kept of a list.
const ELEMENTS: usize = 3;

/// Writes `events.jsonl` and `replies.jsonl` in this folder. Returns the error, if any.
pub(crate) fn write(folder: &Path, log: &Log, declaration: &Declaration) -> Option<String> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("events.jsonl"), events(log))?;
        fs::write(folder.join("replies.jsonl"), replies(log, declaration))
    };
    write().err().map(|error| format!("{}: {error}", folder.display()))
}

fn events(log: &Log) -> String {
    let mut kept: BTreeMap<(String, BTreeSet<String>), String> = BTreeMap::new();
    for frame in log.frames() {
        let Ok(event) = serde_json::from_str::<Value>(&frame) else { continue };
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let mut members = BTreeSet::new();
        shape("", &event, &mut members);
        kept.entry((kind, members)).or_insert_with(|| redact(&event).to_string());
    }
    kept.values().flat_map(|line| [line, "\n"]).collect()
}

/// For each operation, one reply for each distinct set of members.
fn replies(log: &Log, declaration: &Declaration) -> String {
    let mut kept: BTreeMap<(String, BTreeSet<String>), String> = BTreeMap::new();
    for exchange in log.exchanges().into_iter().filter(|exchange| (200..300).contains(&exchange.status)) {
        let Some(operation) = declaration.find(&exchange.method, &exchange.path) else { continue };
        let Ok(mut body) = serde_json::from_str::<Value>(&exchange.body) else { continue };
        if let Some(elements) = body.as_array_mut() {
            elements.truncate(ELEMENTS);
        }
        let mut members: BTreeSet<String> = body["state"].as_str().map(str::to_owned).into_iter().collect();
        shape("", &body, &mut members);
        let line =
            || json!({ "operation": operation.name, "status": exchange.status, "body": redact(&body) }).to_string();
        kept.entry((operation.name.clone(), members)).or_insert_with(line);
    }
    kept.values().flat_map(|line| [line, "\n"]).collect()
}

/// The members down to the second level; names below it may be arbitrary.
fn shape(path: &str, value: &Value, members: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let place = format!("{path}{name}");
        if path.is_empty() && name != "userevent" {
            shape(&format!("{place}."), value, members);
        }
        members.insert(place);
    }
}
