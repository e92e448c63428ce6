//! What the targets begin with: the recordings of real servers and the declarations.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::files::{Folder, read, told};
use crate::workspace::{self, shown};

/// Writes the seeds of a target into its corpus. What was found there before stays.
pub(super) fn write(seeds: Vec<String>, corpus: &Path) -> Result<(), Failure> {
    let files = seeds.into_iter().enumerate().map(|(number, seed)| (format!("seed-{number:04}"), seed)).collect();
    let is_ours = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"));
    Folder { path: corpus, files, is_ours }.write()?;
    Ok(())
}

/// Every recorded event.
pub(super) fn events() -> Result<Vec<String>, Failure> {
    let texts = recorded("events.jsonl")?;
    Ok(texts.iter().flat_map(|text| text.lines()).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The status and the JSON of every recorded reply.
fn replies() -> Result<Vec<(Value, String)>, Failure> {
    let mut replies = Vec::new();
    for text in recorded("replies.jsonl")? {
        for line in text.lines() {
            let unreadable = |error| format!("a reply of replies.jsonl: {error}: {line}");
            let reply: Value = serde_json::from_str(line).map_err(unreadable)?;
            let body = reply["body"].as_str().map_or_else(|| reply["body"].to_string(), str::to_owned);
            replies.push((reply["status"].clone(), body));
        }
    }
    Ok(replies)
}

/// The recordings of this name, of every server.
fn recorded(name: &str) -> Result<Vec<String>, Failure> {
    let recorded = workspace::root().join("tests/recorded");
    let folders = folders(&recorded)?.into_iter().map(|folder| recorded.join(folder));
    std::iter::once(recorded.clone()).chain(folders).map(|folder| read(&folder.join(name))).collect()
}

/// Some events a piece, as texts that the target makes frames of. It explains the two lines before them.
pub(super) fn frames() -> Result<Vec<String>, Failure> {
    let events = events()?;
    let settings = ["0", "1", "2", "3", "4", "5", "6", "7"].iter().cycle();
    let pieces = events.chunks(6).zip(settings);
    Ok(pieces.map(|(events, setting)| format!("{setting}\n@AZz\n{}", events.join("\n"))).collect())
}

/// Two requests, replies to them in the wrong order and twice, a foreign one, an event between them.
pub(super) fn conversations() -> Result<Vec<String>, Failure> {
    let (events, replies) = (events()?, replies()?);
    let reply = |id: &str, status: &Value, body: &str| {
        json!({
            "type": "RESTResponse",
            "transaction_id": id,
            "request_id": id,
            "status_code": status,
            "reason_phrase": "OK",
            "uri": "asterisk/variable",
            "content_type": "application/json",
            "message_body": body,
        })
    };
    let variable = r#"{"value":"one"}"#;
    let conversation = |(event, (status, body)): (&String, &(Value, String))| {
        let [first, second, foreign] =
            [reply("0", &json!(200), variable), reply("1", status, body), reply("one", status, body)];
        format!("?\n?\n\n{second}\n{event}\n{foreign}\n{first}\n{first}\n?\n!2")
    };
    Ok(events.iter().zip(&replies).map(conversation).collect())
}

/// Every operation and every model as a file of its own, and the listings.
pub(super) fn declarations() -> Result<Vec<String>, Failure> {
    let mut seeds = BTreeSet::new();
    let root = workspace::api_docs();
    for release in folders(&root)?.into_iter().filter(|name| name != "prose") {
        let folder = root.join(release);
        for entry in fs::read_dir(&folder).map_err(|error| told(&folder, "list", &error))? {
            let path = entry.map_err(|error| told(&folder, "list", &error))?.path();
            let text = read(&path)?;
            let file: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", shown(&path)))?;
            if file["resourcePath"].is_null() {
                seeds.insert(text);
                continue;
            }
            let with = |apis: Vec<&Value>, models: Value| {
                let mut part = json!({ "apis": apis, "models": models });
                for key in ["swaggerVersion", "apiVersion", "resourcePath"] {
                    part[key] = file[key].clone();
                }
                part.to_string()
            };
            seeds.extend(file["apis"].as_array().into_iter().flatten().map(|api| with(vec![api], json!({}))));
            let models = file["models"].as_object().into_iter().flatten();
            seeds.extend(models.map(|(name, model)| with(Vec::new(), json!({ name.as_str(): model }))));
        }
    }
    Ok(seeds.into_iter().collect())
}

/// The names of the folders in a folder, in order.
fn folders(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(|error| told(folder, "list", &error))? {
        let entry = entry.map_err(|error| told(folder, "list", &error))?;
        if entry.path().is_dir() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}
