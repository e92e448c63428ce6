//! Decodes everything that a real Asterisk has sent: nothing is rejected, and nothing is lost.

mod errors;
mod events;
mod loopback;
mod models;
mod point_releases;
mod replies;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A reply of `recorded/replies.jsonl`.
#[derive(Debug, Deserialize)]
struct Recorded {
    method: String,
    path: String,
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    /// Whether the reply refuses an event connection.
    #[serde(default)]
    websocket: bool,
}

impl Recorded {
    fn all() -> Vec<Self> {
        let text = read("replies.jsonl");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn is_json(&self) -> bool {
        self.headers.get("content-type").is_some_and(|kind| kind.starts_with("application/json"))
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/data").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
