//! Markdown for a pull request.

use std::fmt::Write;

use super::{context, heading, spans, summary, title, values};
use crate::judge::{Finding, Report};
use crate::rules::Level;

/// The report as Markdown.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# {}\n\n{}\n", cell(&title(report)), summary(report));
    for (resource, findings) in report.groups() {
        let _ = write!(
            out,
            "\n## {}\n\n| wire | Rust | change | what | where |\n|---|---|---|---|---|\n",
            heading(resource)
        );
        for finding in findings {
            row(&mut out, finding);
        }
    }
    let rules = report.rules(Level::Risk);
    if !rules.is_empty() {
        out.push_str("\n## Why it matters\n\n");
    }
    for rule in rules {
        let _ = writeln!(
            out,
            "- **{}**: {}. Wire: {} Rust: {} *{}*",
            rule.id, rule.detects, rule.wire_why, rule.rust_why, rule.advice
        );
    }
    out
}

fn row(out: &mut String, finding: &Finding) {
    let context = context(finding).map(|context| format!("<br>{}", cell(&context))).unwrap_or_default();
    let accepted =
        finding.accepted.as_ref().map(|reason| format!("<br>accepted: {}", cell(reason))).unwrap_or_default();
    let spans: Vec<String> = spans(finding).iter().map(|place| cell(place)).collect();
    let _ = writeln!(
        out,
        "| {} | {} | {}<br>`{}`{context} | {}{accepted} | {} |",
        mark(finding.wire),
        mark(finding.rust),
        finding.rule.id,
        finding.change.subject,
        cell(&values(finding).unwrap_or_else(|| finding.rule.detects.to_owned())),
        spans.join("<br>")
    );
}

fn mark(level: Level) -> String {
    match level {
        Level::Break => "**break**".to_owned(),
        other => other.to_string(),
    }
}

/// Escapes text for a cell of a table.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}
