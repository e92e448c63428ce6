//! JSON for programs. `docs/src/comparing.md` describes it; within one number of the schema members are only ever added.

use serde_json::{Map, Value, json};

use crate::change::Side;
use crate::judge::{Finding, Report};
use crate::rules::{Audience, Level};

/// The number of the schema.
pub const SCHEMA: u32 = 1;

/// The report as JSON.
#[must_use]
pub fn json(report: &Report) -> String {
    let counts = |audience| {
        let counts = Level::ALL.map(|level| (level.name().to_owned(), json!(report.count(audience, level))));
        Value::Object(Map::from_iter(counts))
    };
    let open = report.open().count();
    let value = json!({
        "schema": SCHEMA,
        "old": report.old,
        "new": report.new,
        "summary": {
            "changes": open,
            "accepted": report.findings.len() - open,
            "wire": counts(Audience::Wire),
            "rust": counts(Audience::Rust),
        },
        "changes": report.findings.iter().map(finding).collect::<Value>(),
    });
    format!("{value:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let change = &finding.change;
    json!({
        "rule": finding.rule.id,
        "detects": finding.rule.detects,
        "wire": finding.wire.name(),
        "rust": finding.rust.name(),
        "resource": change.resource,
        "subject": change.subject,
        "context": change.context,
        "direction": change.uses.names(),
        "inherited_by": change.inherited_by,
        "old": change.old.as_ref().map(side),
        "new": change.new.as_ref().map(side),
        "accepted": finding.accepted,
    })
}

fn side(side: &Side) -> Value {
    json!({
        "value": side.value,
        "file": *side.span.file,
        "line": side.span.line,
        "column": side.span.column,
        "path": side.span.path,
    })
}
