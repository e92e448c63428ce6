//! Text for a terminal, grouped by resource.

use std::fmt::Write;

use super::{context, heading, spans, summary, title, values};
use crate::judge::{Finding, Report};
use crate::rules::Level;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Without colours, for files and pipes.
    Plain,
    /// For terminals.
    Ansi,
}

impl Paint {
    fn wrap(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }

    fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    fn level(self, level: Level) -> String {
        let code = match level {
            Level::Break => "1;31",
            Level::Risk => "33",
            Level::Add => "32",
            Level::Note => "2",
        };
        self.wrap(code, &format!("{level:<5}"))
    }
}

/// The report as text.
#[must_use]
pub fn text(report: &Report, paint: Paint) -> String {
    let mut out = format!("{}\n", paint.bold(&title(report)));
    for (resource, findings) in report.groups() {
        let _ = writeln!(out, "\n{}", paint.bold(heading(resource)));
        let _ = writeln!(out, "  {}", paint.dim("wire  Rust"));
        for found in findings {
            finding(&mut out, found, paint);
        }
    }
    meanings(&mut out, report, paint);
    let _ = writeln!(out, "\n{}", paint.bold(&summary(report)));
    out
}

fn finding(out: &mut String, finding: &Finding, paint: Paint) {
    let (wire, rust) = (paint.level(finding.wire), paint.level(finding.rust));
    let context = context(finding).map(|context| format!(" ({context})")).unwrap_or_default();
    let subject = paint.bold(&finding.change.subject);
    let _ = writeln!(out, "  {wire} {rust} {}: {subject}{}", finding.rule.id, paint.dim(&context));
    if let Some(values) = values(finding) {
        let _ = writeln!(out, "              {values}");
    }
    if let Some(reason) = &finding.accepted {
        let _ = writeln!(out, "              accepted: {reason}");
    }
    let _ = writeln!(out, "              {}", paint.dim(&spans(finding).join(" → ")));
}

/// Why what was found matters, once a rule.
fn meanings(out: &mut String, report: &Report, paint: Paint) {
    let rules = report.rules(Level::Risk);
    if rules.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", paint.bold("why it matters"));
    for rule in rules {
        let _ = writeln!(out, "  {}: {}", paint.bold(rule.id), rule.detects);
        for (level, audience, why) in [(rule.wire, "wire", rule.wire_why), (rule.rust, "Rust", rule.rust_why)] {
            if level >= Level::Risk {
                let _ = writeln!(out, "    {audience}: {why}");
            }
        }
        let _ = writeln!(out, "    do:   {}", rule.advice);
    }
}
