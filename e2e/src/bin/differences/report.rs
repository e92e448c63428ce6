//! The report: each operation, and what differs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ari_bindings::operations::OPERATIONS;

use crate::compare::{Difference, Outcome};

/// The longest text of a response that is shown.
const LONGEST: usize = 240;

/// The comparison with one release.
pub(crate) struct Compared {
    pub(crate) release: String,
    pub(crate) outcomes: Vec<Outcome>,
}

#[derive(Default)]
struct Row {
    same: usize,
    differ: usize,
    not_modelled: usize,
}

pub(crate) fn write(compared: &[Compared]) -> String {
    let mut text = "# Differences from Asterisk\n\nThe same requests and scenes (`e2e/differences/`) on real servers and on \
                    the fake, compared by status, reason, headers and body, and by the events about each object in order; \
                    ids and times are left out. Written by `cargo xtask differences`.\n\n## Operations\n\n"
        .to_owned();
    operations(compared, &mut text);
    for Compared { release, outcomes } in compared {
        let _ = write!(text, "\n## Asterisk {release}\n");
        requests(outcomes, &mut text);
        scenes(outcomes, &mut text);
    }
    text
}

/// How much is the same.
pub(crate) fn summary(compared: &Compared) -> String {
    let requests = || compared.outcomes.iter().flat_map(|outcome| &outcome.requests);
    let same = requests().filter(|(_, difference)| difference.is_none()).count();
    let with_events = compared.outcomes.iter().filter(|outcome| outcome.events.is_empty()).count();
    format!(
        "Asterisk {}: {same} of {} requests and the events of {with_events} of {} scenes are the same",
        compared.release,
        requests().count(),
        compared.outcomes.len()
    )
}

fn operations(compared: &[Compared], text: &mut String) {
    let releases: Vec<&str> = compared.iter().map(|it| it.release.as_str()).collect();
    let _ = writeln!(text, "| operation | {} |\n|---|{}", releases.join(" | "), "---|".repeat(releases.len()));
    let rows: Vec<BTreeMap<&str, Row>> = compared.iter().map(|it| rows(&it.outcomes)).collect();
    let names = OPERATIONS.iter().map(|operation| format!("{}.{}", operation.resource, operation.name));
    for name in names.chain(["none".to_owned()]) {
        let cells: Vec<String> = rows.iter().map(|rows| cell(rows.get(name.as_str()))).collect();
        let shown = if name == "none" { "none: unknown paths and methods".to_owned() } else { format!("`{name}`") };
        let _ = writeln!(text, "| {shown} | {} |", cells.join(" | "));
    }
}

fn rows(outcomes: &[Outcome]) -> BTreeMap<&str, Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (operation, difference) in outcomes.iter().flat_map(|outcome| &outcome.requests) {
        let row = rows.entry(operation).or_default();
        match difference {
            None => row.same += 1,
            Some(Difference::NotModelled) => row.not_modelled += 1,
            Some(Difference::Differs { .. }) => row.differ += 1,
        }
    }
    rows
}

fn cell(row: Option<&Row>) -> String {
    match row {
        None => "not compared".to_owned(),
        Some(Row { same, differ: 0, not_modelled: 0 }) => format!("same ({same})"),
        Some(Row { differ: 0, not_modelled, .. }) => format!("not modelled ({not_modelled})"),
        Some(Row { same, differ, not_modelled }) => {
            format!("{} of {} differ", differ + not_modelled, same + differ + not_modelled)
        }
    }
}

fn requests(outcomes: &[Outcome], text: &mut String) {
    text.push_str("\n### Requests that differ\n\n");
    let before = text.len();
    for outcome in outcomes {
        for (_, difference) in &outcome.requests {
            if let Some(Difference::Differs { request, real, fake }) = difference {
                let (real, fake) = (cut(real), cut(fake));
                let _ = writeln!(text, "- {}: `{request}`\n  - Asterisk: `{real}`\n  - fake: `{fake}`", outcome.scene);
            }
        }
    }
    if text.len() == before {
        text.push_str("None.\n");
    }
}

fn scenes(outcomes: &[Outcome], text: &mut String) {
    let differ = outcomes.iter().flat_map(|outcome| outcome.events.iter().map(move |line| (outcome, line)));
    lines("Events that differ", differ, text);
    let unseen = outcomes.iter().flat_map(|outcome| outcome.unseen.iter().map(move |line| (outcome, line)));
    lines("Orders that no seed gives", unseen, text);
}

fn lines<'a>(title: &str, lines: impl Iterator<Item = (&'a Outcome, &'a String)>, text: &mut String) {
    let _ = write!(text, "\n### {title}\n\n");
    let before = text.len();
    for (outcome, line) in lines {
        let _ = writeln!(text, "- {}: {}", outcome.scene, cut(line));
    }
    if text.len() == before {
        text.push_str("None.\n");
    }
}

fn cut(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
