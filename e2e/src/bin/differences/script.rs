//! Scenes: requests and the events to wait for, as text.
//!
//! ```text
//! == play
//! > POST /channels/{c}?endpoint=Local/wait&app={app}
//! + StasisStart {c}
//! > PUT /applications/{app}/eventFilter | application/json {"allowed":[]}
//! ```
//!
//! A word in braces is an id that differs from run to run. `22:` before a line restricts it to that branch.

use std::fs;
use std::path::{Path, PathBuf};

/// What is done one after the other, with an application that takes the events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Request(Request),
    /// Waits for the next event of this type about this object.
    Event {
        kind: String,
        object: String,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

impl Scene {
    pub(crate) fn has_events(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Event { .. }))
    }
}

/// The scenes for a branch, from a file of `e2e/differences`.
pub(crate) fn read(file: &str, major: u32) -> Vec<Scene> {
    let path = folder().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut scenes: Vec<Scene> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            scenes.push(Scene { name: name.to_owned(), steps: Vec::new() });
            continue;
        }
        let scene = scenes.last_mut().unwrap_or_else(|| panic!("{file}:{}: no scene", number + 1));
        let line = match line.split_once(": ") {
            Some((branch, rest)) if branch.parse::<u32>().is_ok() => {
                if branch != major.to_string() {
                    continue;
                }
                rest
            }
            _ => line,
        };
        scene.steps.push(step(line).unwrap_or_else(|| panic!("{file}:{}: `{line}`", number + 1)));
    }
    scenes
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differences")
}

fn step(line: &str) -> Option<Step> {
    if let Some(rest) = line.strip_prefix("+ ") {
        let (kind, object) = rest.split_once(' ')?;
        return Some(Step::Event { kind: kind.to_owned(), object: object.to_owned() });
    }
    let rest = line.strip_prefix("> ")?;
    let (head, body) = match rest.split_once(" | ") {
        Some((head, body)) => (head, Some(body)),
        None => (rest, None),
    };
    let (method, target) = head.split_once(' ')?;
    let (content_type, body) = match body.map(|body| body.split_once(' ').unwrap_or((body, ""))) {
        Some(("-", body)) => (None, body),
        Some((content_type, body)) => (Some(content_type.to_owned()), body),
        None => (None, ""),
    };
    let (method, target, body) = (method.to_owned(), target.to_owned(), body.to_owned());
    Some(Step::Request(Request { method, target, content_type, body }))
}
