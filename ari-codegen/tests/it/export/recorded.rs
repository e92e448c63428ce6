//! What servers were seen to send is valid.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{branch, document, recorded};

/// The recordings by their folders, and the branches that they are of.
const RECORDINGS: [(&str, u32); 3] = [("", 22), ("22.10.1/", 22), ("16.28.0/", 16)];

fn is_event(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|event| event["type"].is_string())
}

fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{value}");
}

/// The schema of one type of event, or of a model: its errors say more than those of the union.
fn definition(document: &Value, name: &str) -> Validator {
    let mut schema = document.clone();
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    jsonschema::validator_for(&schema).unwrap()
}

fn check_events(lines: &[String], folder: &str) -> BTreeSet<String> {
    let schema = document(&format!("{folder}schema.json"));
    let event = jsonschema::validator_for(&schema).unwrap();
    let mut types: BTreeMap<String, Validator> = BTreeMap::new();
    for line in lines.iter().filter(|line| is_event(line)) {
        let value: Value = serde_json::from_str(line).unwrap();
        let name = value["type"].as_str().unwrap();
        let of_type = types.entry(name.to_owned()).or_insert_with(|| definition(&schema, name));
        assert_valid(of_type, &value, name);
        assert!(event.is_valid(&value), "{name} is no event: {value}");
    }
    types.into_keys().collect()
}

#[test]
fn recorded_events_are_valid() {
    for (recording, major) in RECORDINGS {
        for folder in ["", &branch(major)] {
            let types = check_events(&recorded(&format!("{recording}events.jsonl")), folder);
            assert!(types.len() > 30, "{recording}: {types:?}");
        }
    }
}

/// `ARI_RECORDED` names further files of events, such as those of `cargo xtask record`.
#[test]
fn events_of_other_recordings_are_valid() {
    let files = std::env::var("ARI_RECORDED").unwrap_or_default();
    for file in files.split(':').filter(|file| !file.is_empty()) {
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let types = check_events(&lines, "");
        println!("{file}: {} lines, {types:?}", lines.len());
    }
}

#[test]
fn events_and_values_of_newer_servers_are_valid() {
    let event = jsonschema::validator_for(&document("schema.json")).unwrap();
    let of_type = |name: &str| json!({ "type": name, "application": "a", "timestamp": "2026-11-23T11:49:38.950+0000" });
    assert!(event.is_valid(&of_type("ChannelLevitated")));
    assert!(!event.is_valid(&of_type("StasisStart")), "without a channel");
    assert!(!event.is_valid(&json!({ "application": "a" })), "without a type");
    let line = recorded("events.jsonl").into_iter().find(|line| line.contains(r#""type":"StasisEnd""#)).unwrap();
    let mut end: Value = serde_json::from_str(&line).unwrap();
    assert!(event.is_valid(&end));
    end["channel"]["state"] = json!("Levitating");
    end["channel"]["altitude"] = json!(3);
    assert!(event.is_valid(&end));
    end["timestamp"] = json!("2026-11-23T11:49:38.950Z");
    assert!(!event.is_valid(&end), "dates have an offset in digits");
    end["timestamp"] = json!("2026-11-23T11:49:38.950+0000");
    end["channel"]["state"] = json!(6);
    assert!(!event.is_valid(&end), "a state is text");
}

/// The operation of a document that serves a path, by its template.
fn serves<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next().unwrap_or_default().strip_prefix("/ari")?;
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == segments.len()
            && parts
                .iter()
                .zip(&segments)
                .all(|(part, segment)| part == segment || (part.starts_with('{') && !segment.is_empty()))
    };
    let paths = document["paths"].as_object().unwrap();
    // A path of fewer parameters takes precedence.
    let fitting = paths.iter().filter(|(template, _)| fits(template));
    fitting.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| item)
}

fn by_name<'a>(document: &'a Value, name: &str) -> &'a Value {
    let id: String = name
        .split('.')
        .enumerate()
        .map(|(index, word)| if index == 0 { word.to_owned() } else { upper(word) })
        .collect();
    let items = document["paths"].as_object().unwrap().values();
    items.flat_map(|item| item.as_object().unwrap().values()).find(|it| it["operationId"] == *id).unwrap()
}

fn upper(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// Checks a response as far as its status is declared, and its content by that or as any error's.
fn check_response(
    document: &Value,
    operation: &Value,
    status: u64,
    kind: Option<&str>,
    body: &Value,
) -> Result<(), String> {
    let responses = &operation["responses"];
    let declared = &responses[status.to_string()];
    if declared.is_null() && status < 400 {
        return Err(format!("{status} is not declared"));
    }
    let mut response = if declared.is_null() { &responses["default"] } else { declared };
    if let Some(name) = response["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        response = &document["components"]["responses"][name];
    }
    let Some(kind) = kind else {
        return if response["content"].is_null() || status >= 400 { Ok(()) } else { Err("has no body".to_owned()) };
    };
    let kind = kind.split(';').next().unwrap_or(kind);
    let range = format!("{}/*", kind.split('/').next().unwrap_or(kind));
    let content = &response["content"];
    let schema =
        [kind, range.as_str()].into_iter().find_map(|kind| content.get(kind)).map_or(&Value::Null, |it| &it["schema"]);
    if schema.is_null() {
        return Err(format!("{status} has {kind}"));
    }
    let schema = json!({ "components": document["components"], "allOf": [schema] });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(body).map(|error| error.to_string()).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("{errors:?}: {body}")) }
}

#[test]
fn recorded_replies_are_valid() {
    let document = document(&format!("{}openapi.json", branch(22)));
    let (mut checked, mut wrong) = (0, Vec::new());
    for line in recorded("replies.jsonl") {
        let reply: Value = serde_json::from_str(&line).unwrap();
        let [method, path] = ["method", "path"].map(|key| reply[key].as_str().unwrap());
        let operation = serves(&document, path).map_or(&Value::Null, |item| &item[method.to_lowercase()]);
        // Requests that were padded beyond the limit of the HTTP server do not get as far as the API.
        if operation.is_null() || path.contains("&pad=") {
            continue;
        }
        let (kind, text) = (reply["headers"]["content-type"].as_str(), reply["body"].as_str().unwrap());
        let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
        let body = if is_json { serde_json::from_str(text).unwrap() } else { json!(text) };
        checked += 1;
        if let Err(fault) = check_response(&document, operation, reply["status"].as_u64().unwrap(), kind, &body) {
            wrong.push(format!("{method} {path}: {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 400, "{checked}");
}

#[test]
fn recorded_results_of_each_release_are_valid() {
    for (recording, major) in &RECORDINGS[1..] {
        for folder in ["", &branch(*major)] {
            let document = document(&format!("{folder}openapi.json"));
            for line in recorded(&format!("{recording}replies.jsonl")) {
                let reply: Value = serde_json::from_str(&line).unwrap();
                let operation = by_name(&document, reply["operation"].as_str().unwrap());
                let kind = Some("application/json");
                let checked =
                    check_response(&document, operation, reply["status"].as_u64().unwrap(), kind, &reply["body"]);
                assert_eq!(checked, Ok(()), "{recording} {folder} {}", reply["operation"]);
            }
        }
    }
}
