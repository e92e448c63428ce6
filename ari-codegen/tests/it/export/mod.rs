//! Documents in other forms: the committed ones against what servers send, and small ones of one feature each.

mod documents;
mod golden;
mod recorded;

use std::path::Path;

use serde_json::Value;

use crate::support::{read, supported};

/// The folder of a branch's release, whichever is supported.
fn branch(major: u32) -> String {
    let release = supported().into_iter().map(|source| source.release).find(|release| release.major == major).unwrap();
    format!("{release}/")
}

/// A committed document: `openapi.json`.
fn document(path: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/export");
    serde_json::from_str(&read(&folder.join(path))).unwrap()
}

/// Every text in a document, with the key that it stands at.
fn texts<'a>(value: &'a Value, key: &'a str) -> Vec<(&'a str, &'a str)> {
    match value {
        Value::String(text) => vec![(key, text)],
        Value::Array(elements) => elements.iter().flat_map(|element| texts(element, key)).collect(),
        Value::Object(members) => members.iter().flat_map(|(key, member)| texts(member, key)).collect(),
        _ => Vec::new(),
    }
}

/// The references in a document to what it does not have.
fn dangling(document: &Value) -> Vec<String> {
    let references = texts(document, "").into_iter().filter(|(key, _)| *key == "$ref");
    let is_dangling = |target: &&str| target.strip_prefix('#').and_then(|at| document.pointer(at)).is_none();
    references.map(|(_, target)| target).filter(is_dangling).map(str::to_owned).collect()
}

/// The lines of a file of recorded traffic.
fn recorded(path: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ari-bindings/tests/recorded/data");
    read(&folder.join(path)).lines().map(str::to_owned).collect()
}
