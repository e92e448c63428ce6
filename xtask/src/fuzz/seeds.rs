//! What the targets begin with: the recordings of real servers and the declarations.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::files::{Folder, cannot, read};
use crate::workspace::{self, shown};

/// Replaces the seeds in the corpus of a target. Other files are kept.
pub(super) fn write(seeds: Vec<String>, corpus: &Path) -> Result<()> {
    let files = seeds.into_iter().enumerate().map(|(number, seed)| (format!("seed-{number:04}"), seed)).collect();
    let is_ours = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seed-"));
    Folder { path: corpus, files, is_ours }.write()?;
    Ok(())
}

/// Every recorded event.
pub(super) fn events() -> Result<Vec<String>> {
    let texts = recorded("events.jsonl")?;
    Ok(texts.iter().flat_map(|text| text.lines()).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The status and the JSON of every recorded reply.
fn replies() -> Result<Vec<(Value, String)>> {
    let mut replies = Vec::new();
    for text in recorded("replies.jsonl")? {
        for line in text.lines() {
            let reply: Value =
                serde_json::from_str(line).with_context(|| format!("replies.jsonl has an unreadable line: {line}"))?;
            let body = reply["body"].as_str().map_or_else(|| reply["body"].to_string(), str::to_owned);
            replies.push((reply["status"].clone(), body));
        }
    }
    Ok(replies)
}

/// The recordings of this name, of every server.
fn recorded(name: &str) -> Result<Vec<String>> {
    let recorded = workspace::root().join("ari-bindings/tests/recorded/data");
    let folders = folders(&recorded)?.into_iter().map(|folder| recorded.join(folder));
    std::iter::once(recorded.clone()).chain(folders).map(|folder| read(&folder.join(name))).collect()
}

/// Some events a piece, as texts that the target makes frames of. It explains the two lines before them.
pub(super) fn frames() -> Result<Vec<String>> {
    let events = events()?;
    let settings = ["0", "1", "2", "3", "4", "5", "6", "7"].iter().cycle();
    let pieces = events.chunks(6).zip(settings);
    Ok(pieces.map(|(events, setting)| format!("{setting}\n@AZz\n{}", events.join("\n"))).collect())
}

/// The frames of a call over AudioSocket: sound, digits, a fault, a hang-up. The first byte is the length of the first
/// piece.
#[allow(clippy::unnecessary_wraps, reason = "the signature of `Target::seeds`")]
pub(super) fn audiosocket() -> Result<Vec<String>> {
    let sound = format!("\u{10}\u{1}@{}", "ab".repeat(160));
    Ok(vec![format!("P{sound}\u{3}\0\u{1}5{sound}{sound}\0\0\0"), format!("P{sound}\u{11}\0\u{2}ab\u{2}\0\0")])
}

/// Packets of slin, each 16 ms after the one before: kind, time, sequence, timestamp and payload of each.
#[allow(clippy::unnecessary_wraps, reason = "the signature of `Target::seeds`")]
pub(super) fn packets() -> Result<Vec<String>> {
    let packets = (0..100).flat_map(|number| [b'a', 4, number, number, 1]).map(char::from);
    Ok(vec![std::iter::once('1').chain(packets).collect()])
}

/// A channel of `chan_websocket`, in both formats of its messages. The first line is explained by the target.
#[allow(clippy::unnecessary_wraps, reason = "the signature of `Target::seeds`")]
pub(super) fn media() -> Result<Vec<String>> {
    let json = r#"{"event":"MEDIA_START","connection_id":"c","channel":"W/1","channel_id":"1.2","format":"slin",
        "optimal_frame_size":320,"ptime":20,"channel_variables":{"A":"b"}}"#;
    let plain = "MEDIA_START connection_id:c channel:W/1 channel_id:1.2 format:slin optimal_frame_size:320 ptime:20";
    let events = [
        r#"{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":"0.320"}"#,
        r#"{"event":"STATUS","channel_id":"1.2","queue_length":3,"xon_level":800}"#,
        r#"{"event":"DTMF_END","channel_id":"1.2","digit":"5"}"#,
        r#"{"event":"MEDIA_XOFF","channel_id":"1.2"}"#,
        r#"{"event":"MEDIA_XON","channel_id":"1.2"}"#,
        r#"{"event":"ERROR","channel_id":"1.2","error_text":"no"}"#,
    ];
    let words = [
        "MEDIA_MARK_PROCESSED 0.320",
        "STATUS channel_id:1.2 queue_length:3 xon_level:800",
        "DTMF_END digit:5 channel_id:1.2",
        "MEDIA_XOFF",
        "MEDIA_XON",
        "ERROR channel_id:1.2 error_text:no: time",
    ];
    let sound = format!("={}", "ab".repeat(160));
    let script = |first: &str, events: [&str; 6]| {
        let first = first.replace('\n', " ");
        format!("0\n{first}\n{}\n{sound}\n!\n{sound}", events.join("\n"))
    };
    Ok(vec![script(json, events), script(plain, words)])
}

/// Two requests, replies to them in the wrong order and twice, a foreign one, an event between them.
pub(super) fn conversations() -> Result<Vec<String>> {
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

/// Every operation and every model as its own file, and the listings.
pub(super) fn declarations() -> Result<Vec<String>> {
    let mut seeds = BTreeSet::new();
    let root = workspace::api_docs();
    for release in folders(&root)?.into_iter().filter(|name| name.starts_with(|first: char| first.is_ascii_digit())) {
        let folder = root.join(release);
        for entry in fs::read_dir(&folder).with_context(|| cannot("list", &folder))? {
            let path = entry.with_context(|| cannot("list", &folder))?.path();
            let text = read(&path)?;
            let file: Value = serde_json::from_str(&text).with_context(|| shown(&path))?;
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
fn folders(folder: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| cannot("list", folder))? {
        let entry = entry.with_context(|| cannot("list", folder))?;
        if entry.path().is_dir() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}
