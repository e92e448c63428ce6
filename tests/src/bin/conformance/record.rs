//! Keeps what the decoding is tested with: of every type of event, one frame for each set of members.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use ari_tests::clean;
use serde_json::Value;

use crate::proxy::Log;

/// Writes `events.jsonl` in this folder; gives what went wrong.
pub(crate) fn write(folder: &Path, log: &Log) -> Option<String> {
    let mut kept: BTreeMap<(String, BTreeSet<String>), String> = BTreeMap::new();
    for frame in log.frames() {
        let Ok(event) = serde_json::from_str::<Value>(&frame) else { continue };
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let mut members = BTreeSet::new();
        shape("", &event, &mut members);
        kept.entry((kind, members)).or_insert_with(|| clean(&event).to_string());
    }
    let text: String = kept.values().flat_map(|line| [line, "\n"]).collect();
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("events.jsonl"), text)
    };
    write().err().map(|error| format!("{}: {error}", folder.display()))
}

/// The members down to the second level; deeper there are names that are anyone's.
fn shape(path: &str, value: &Value, members: &mut BTreeSet<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let place = format!("{path}{name}");
        if path.is_empty() && name != "userevent" {
            shape(&format!("{place}."), value, members);
        }
        members.insert(place);
    }
}
