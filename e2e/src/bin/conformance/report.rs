//! The report: a table of the calls, the replies, and the deviations from the declaration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::PoisonError;

use ari_bindings::Event;
use ari_codegen::Release;
use serde_json::Value;

use crate::absent;
use crate::declaration::{Declaration, Operation};
use crate::deviation::{Deviation, compare};
use crate::proxy::{Exchange, Log};
use crate::scene::Notes;

/// The results for one operation or event.
#[derive(Debug, Default)]
struct Row {
    successes: BTreeSet<u16>,
    errors: BTreeSet<u16>,
    deviations: BTreeSet<Deviation>,
}

/// The outcome of a run.
pub(crate) struct Report {
    pub(crate) text: String,
    /// Faults, which fail the run.
    pub(crate) faults: Vec<String>,
    pub(crate) summary: String,
}

struct Table<'a> {
    declaration: &'a Declaration,
    release: Option<Release>,
    operations: BTreeMap<&'a str, Row>,
    events: BTreeMap<String, Row>,
    faults: BTreeSet<String>,
}

pub(crate) fn write(declaration: &Declaration, version: &str, log: &Log, notes: &Notes) -> Report {
    let release = Release::of_server(version);
    let (operations, events) = (BTreeMap::new(), BTreeMap::new());
    let mut table = Table { declaration, release, operations, events, faults: BTreeSet::new() };
    log.exchanges().iter().for_each(|exchange| table.exchange(exchange));
    log.frames().iter().for_each(|frame| table.frame(frame));
    let followed = notes.followed.lock().unwrap_or_else(PoisonError::into_inner);
    let name = release.map_or_else(|| version.to_owned(), |release| release.to_string());
    let mut text = format!(
        "# Asterisk {name}\n\nHow this release behaves compared with its declaration, as seen through the bindings. \
         Written by `cargo xtask conformance`; `--check` fails if this file differs.\n"
    );
    let summary = table.summary(&mut text);
    table.deviations(&mut text);
    table.operations(&followed, &mut text);
    table.events(&mut text);
    Report { text, faults: table.faults.into_iter().collect(), summary }
}

impl Table<'_> {
    fn exchange(&mut self, exchange: &Exchange) {
        let declaration = self.declaration;
        let Some(operation) = declaration.find(&exchange.method, &exchange.path) else {
            return;
        };
        let row = self.operations.entry(&operation.name).or_default();
        if !(100..300).contains(&exchange.status) {
            row.errors.insert(exchange.status);
            return;
        }
        row.successes.insert(exchange.status);
        if matches!(operation.answer.as_str(), "void" | "binary" | "Message") {
            return;
        }
        let found = match serde_json::from_str(&exchange.body) {
            Ok(value) => compare(declaration, &operation.name, &operation.answer, &value),
            Err(error) => {
                self.faults.insert(format!("{}: {error}", operation.name));
                return;
            }
        };
        row.deviations.extend(found);
    }

    fn frame(&mut self, frame: &str) {
        match Event::from_text(frame) {
            Event::Unknown(event) => self.faults.insert(format!("unknown event {}", event.raw())),
            Event::Undecodable(event) => self.faults.insert(format!("{}: {}", event.reason(), event.raw())),
            event => self.lossless(&event, frame),
        };
    }

    fn lossless(&mut self, event: &Event, frame: &str) -> bool {
        let sent: Value = serde_json::from_str(frame).unwrap_or_default();
        if serde_json::to_value(event).ok().as_ref() != Some(&sent) {
            self.faults.insert(format!("lost in decoding: {frame}"));
        }
        let found = compare(self.declaration, event.kind(), event.kind(), &sent);
        let row = self.events.entry(event.kind().to_owned()).or_default();
        row.deviations.extend(found);
        true
    }

    fn all_deviations(&self) -> BTreeSet<&Deviation> {
        let rows = self.operations.values().chain(self.events.values());
        rows.flat_map(|row| &row.deviations).collect()
    }

    fn summary(&self, text: &mut String) -> String {
        let called = self.operations.values().filter(|row| !row.successes.is_empty()).count();
        let declared = self.declaration.operations.len();
        let events = self.declaration.events();
        let seen = events.iter().filter(|kind| self.events.contains_key(**kind)).count();
        let summary = format!("{called} of {declared} operations called, {seen} of {} event types seen", events.len());
        writeln!(text, "\n{summary}.").expect("text takes text");
        summary
    }

    fn deviations(&mut self, text: &mut String) {
        text.push_str("\n## Deviations from the declaration\n\n");
        let (mut lines, mut faults) = (Vec::new(), Vec::new());
        for deviation in self.all_deviations() {
            let handling = match deviation.fixup(self.release) {
                Some(fixup) => format!("fixup \"{fixup}\""),
                None if deviation.is_harmless() => "none needed: every whole number has 64 bits".to_owned(),
                None => {
                    faults.push(format!("no fixup for {deviation}"));
                    "**no fixup**".to_owned()
                }
            };
            lines.push(format!("| {deviation} | {handling} |\n"));
        }
        self.faults.extend(faults);
        if lines.is_empty() {
            text.push_str("None.\n");
        } else {
            text.push_str("| deviation | handled by |\n|---|---|\n");
            text.push_str(&lines.concat());
        }
    }

    fn operations(&mut self, followed: &BTreeMap<String, BTreeSet<String>>, text: &mut String) {
        text.push_str(
            "\n## Operations\n\nErrors are the statuses that were provoked. A status in parentheses is not declared; \
             one that is struck out is declared but was not provoked.\n\n\
             | item | called | decoded | events seen | errors provoked | deviation |\n|---|---|---|---|---|---|\n",
        );
        for operation in &self.declaration.operations {
            let none = Row::default();
            let row = self.operations.get(operation.name.as_str()).unwrap_or(&none);
            if row.successes.is_empty() && absent::operation(&operation.name).is_none() {
                self.faults.insert(format!("{} was not called", operation.name));
            }
            let events = followed.get(&operation.name).into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
            let line = [
                format!("`{}`", operation.name),
                called(operation, row),
                if row.successes.is_empty() { String::new() } else { operation.answer.clone() },
                events.join(", "),
                errors(operation, row),
                places(row),
            ];
            writeln!(text, "| {} |", line.join(" | ")).expect("text takes text");
        }
    }

    fn events(&mut self, text: &mut String) {
        text.push_str("\n## Events\n\n| item | seen | deviation |\n|---|---|---|\n");
        for kind in self.declaration.events() {
            let row = self.events.get(kind);
            let seen = match (row, absent::event(kind)) {
                (Some(_), _) => "yes",
                (None, Some(reason)) => reason,
                (None, None) => {
                    self.faults.insert(format!("{kind} was not seen"));
                    "**no**"
                }
            };
            let deviations = row.map(places).unwrap_or_default();
            writeln!(text, "| `{kind}` | {seen} | {deviations} |").expect("text takes text");
        }
    }
}

fn called(operation: &Operation, row: &Row) -> String {
    match absent::operation(&operation.name) {
        Some(reason) if row.successes.is_empty() => format!("no: {reason}"),
        _ if row.successes.is_empty() => "**no**".to_owned(),
        _ => join(&row.successes),
    }
}

fn errors(operation: &Operation, row: &Row) -> String {
    let codes: BTreeSet<u16> = operation.errors.union(&row.errors).copied().collect();
    let each = codes.iter().map(|code| match (operation.errors.contains(code), row.errors.contains(code)) {
        (true, true) => code.to_string(),
        (true, false) => format!("~~{code}~~"),
        (false, _) => format!("({code})"),
    });
    each.collect::<Vec<_>>().join(" ")
}

fn places(row: &Row) -> String {
    row.deviations
        .iter()
        .map(|deviation| format!("`{}`", deviation.place))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(", ")
}

fn join(codes: &BTreeSet<u16>) -> String {
    codes.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}
