//! Annotations: lines that GitHub shows as marks next to the code.

use std::fmt::Write;

use super::{context, summary, title, values};
use crate::change::Side;
use crate::judge::{Finding, Report};
use crate::rules::{Audience, Level};

/// The open findings as annotations, graded for one audience.
#[must_use]
pub fn github(report: &Report, audience: Audience) -> String {
    let mut out = String::new();
    for finding in report.open() {
        let _ = writeln!(out, "{}", line(finding, audience));
    }
    let _ = writeln!(out, "::notice title=ari diff::{}", escaped(&format!("{}: {}", title(report), summary(report))));
    out
}

fn line(finding: &Finding, audience: Audience) -> String {
    let command = match finding.level(audience) {
        Level::Break => "error",
        Level::Risk => "warning",
        Level::Add | Level::Note => "notice",
    };
    let mut properties = String::new();
    // What a server serves is no file of the repository, and cannot be annotated.
    let in_repository = |side: &&Side| !side.span.file.contains("://");
    if let Some(side) = [&finding.change.new, &finding.change.old].into_iter().flatten().find(in_repository) {
        let (file, place) = (property(&side.span.file), &side.span);
        let _ = write!(properties, "file={file},line={},col={},", place.line, place.column);
    }
    let context = context(finding).map(|context| format!(" ({context})")).unwrap_or_default();
    let values = values(finding).map(|values| format!(": {values}")).unwrap_or_default();
    let message = format!("{}{context}: {}{values}", finding.change.subject, finding.rule.detects);
    format!("::{command} {properties}title={}::{}", property(finding.rule.id), escaped(&message))
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
