//! Reports: they print what was found and decide nothing.

mod explain;
mod github;
mod json;
mod markdown;
mod text;

pub use explain::{explain, list};
pub use github::github;
pub use json::{SCHEMA, json};
pub use markdown::markdown;
pub use text::{Paint, text};

use super::change::Side;
use super::judge::{Finding, Report};
use super::rules::{Audience, Level};

/// The heading of a group of findings.
#[must_use]
pub fn heading(resource: Option<&str>) -> &str {
    resource.unwrap_or("the release as a whole")
}

/// `Asterisk 20.20.1 → 21.12.3`
fn title(report: &Report) -> String {
    format!("Asterisk {} → {}", report.old, report.new)
}

/// `9 changes`
fn total(report: &Report) -> String {
    match report.open().count() {
        0 => "no changes".to_owned(),
        1 => "1 change".to_owned(),
        more => format!("{more} changes"),
    }
}

/// `9 changes · wire: 7 break, 2 note · Rust: 7 break, 2 note · 1 accepted`
#[must_use]
pub fn summary(report: &Report) -> String {
    let open = report.open().count();
    let mut parts = vec![total(report)];
    if open > 0 {
        for (name, audience) in [("wire", Audience::Wire), ("Rust", Audience::Rust)] {
            let counts = Level::ALL.map(|level| (report.count(audience, level), level));
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<String> = counts.map(|(count, level)| format!("{count} {level}")).collect();
            parts.push(format!("{name}: {}", counts.join(", ")));
        }
    }
    let accepted = report.findings.len() - open;
    if accepted > 0 {
        parts.push(format!("{accepted} accepted"));
    }
    parts.join(" · ")
}

/// What was and what is: `optional → required`; only one of them where the other does not exist.
///
/// Nothing where the context has said it already.
#[must_use]
pub fn values(finding: &Finding) -> Option<String> {
    let value = |side: &Option<Side>| side.as_ref().map(|side| side.value.clone());
    let values = match (value(&finding.change.old), value(&finding.change.new)) {
        (Some(old), Some(new)) => Some(format!("{old} → {new}")),
        (one, other) => one.or(other),
    };
    values.filter(|values| Some(values) != finding.change.context.as_ref())
}

/// The number of models that inherit the change, if any.
fn inherited(finding: &Finding) -> Option<String> {
    let heirs = finding.change.inherited_by;
    (heirs > 0).then(|| format!("inherited by {heirs} {}", if heirs == 1 { "model" } else { "models" }))
}

/// The operation or model of the subject, its direction, and the number of heirs, as far as they apply.
#[must_use]
pub fn context(finding: &Finding) -> Option<String> {
    let ways = finding.change.uses.names();
    let is_model = finding.change.context.is_none() && finding.change.resource.is_some();
    let ways = (is_model && !ways.is_empty()).then(|| format!("in {}", ways.join(", ")));
    let parts: Vec<String> = [finding.change.context.clone(), ways, inherited(finding)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn located(side: &Side) -> String {
    format!("{}:{}", side.span.file, side.span.line)
}

/// The spans of both sides, the old one first.
fn spans(finding: &Finding) -> Vec<String> {
    [&finding.change.old, &finding.change.new].into_iter().flatten().map(located).collect()
}
