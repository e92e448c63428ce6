//! Changes that were reviewed and accepted.
//!
//! One per line: `RULE SUBJECT # REASON`, such as `operation-removed channels.getVariables # not called by this program`.
//! Empty lines and lines that begin with `#` are skipped. An entry that matches no finding is an error, so that the file
//! contains no outdated entries.

use std::sync::Arc;

use super::judge::Report;
use super::rules;
use ari_codegen::Source;
use ari_codegen::{Diagnostics, Span};

struct Entry<'a> {
    span: Span,
    rule: &'a str,
    subject: &'a str,
    reason: &'a str,
}

/// Marks the findings that a file accepts.
///
/// # Errors
/// Every line that cannot be understood, and every entry that no finding fits.
pub fn accept(report: Report, file: &Source) -> Result<Report, Diagnostics> {
    let mut report = report;
    let mut diagnostics = Diagnostics::default();
    for entry in entries(file, &mut diagnostics) {
        let mut used = false;
        let fits = |rule: &str, subject: &str| rule == entry.rule && subject == entry.subject;
        for finding in report.findings.iter_mut().filter(|found| fits(found.rule.id, &found.change.subject)) {
            finding.accepted = Some(entry.reason.to_owned());
            used = true;
        }
        if !used {
            let message = format!(
                "`{} {}` fits no change between {} and {}: remove the entry",
                entry.rule, entry.subject, report.old, report.new
            );
            diagnostics.at(&entry.span, message);
        }
    }
    diagnostics.or(report)
}

fn entries<'a>(file: &'a Source, diagnostics: &mut Diagnostics) -> Vec<Entry<'a>> {
    let name: Arc<str> = Arc::from(file.file.as_str());
    let mut entries = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let span = Span { file: name.clone(), line: index + 1, column: 1, path: line.trim().to_owned() };
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (what, reason) = line.split_once('#').unwrap_or((line, ""));
        let words: Vec<&str> = what.split_whitespace().collect();
        match (words.as_slice(), reason.trim()) {
            ([_, _], "") => diagnostics.at(&span, "no reason: expected `RULE SUBJECT # REASON`"),
            ([rule, _], _) if rules::by_id(rule).is_none() => {
                diagnostics.at(&span, format!("there is no rule `{rule}`: `cargo xtask diff --explain` lists them"));
            }
            ([rule, subject], reason) => entries.push(Entry { span, rule, subject, reason }),
            _ => diagnostics.at(&span, "expected `RULE SUBJECT # REASON`"),
        }
    }
    entries
}
