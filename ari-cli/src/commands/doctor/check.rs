//! The result of a check, and all of them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::failure::{Failure, Kind};
use crate::output::{ERROR, HINT, sanitized, styled};

const MAX_WIDTH: usize = 110;

/// How a check ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    /// It could not be made.
    Skipped,
    Warning,
    Error,
}

/// The result of a check.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    #[serde(rename = "check")]
    name: &'static str,
    level: Level,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// The exit status of an error.
    #[serde(skip)]
    kind: Kind,
}

impl Check {
    fn new(name: &'static str, level: Level, found: impl Into<String>, remedy: Option<String>) -> Self {
        Self { name, level, found: found.into(), remedy, kind: Kind::Asterisk }
    }

    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, Level::Ok, found, None)
    }

    pub(super) fn skipped(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, Level::Skipped, found, None)
    }

    pub(super) fn warning(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Level::Warning, found, Some(remedy.into()))
    }

    pub(super) fn error(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Level::Error, found, Some(remedy.into()))
    }

    pub(super) fn is_ok(&self) -> bool {
        self.level == Level::Ok
    }

    pub(super) fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// The results as text.
pub(super) fn text(checks: &[Check]) -> String {
    let width = textwrap::termwidth().min(MAX_WIDTH);
    let indent = " ".repeat(24);
    let mut text = String::new();
    for check in checks {
        let (word, style) = check.level.shown();
        // Addresses stay whole, to be followed.
        let options = textwrap::Options::new(width)
            .initial_indent(&indent)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let found = textwrap::fill(&sanitized(&check.found), &options);
        let _ = writeln!(text, "{}  {:<13}{}", styled(&format!("{word:<9}"), style), check.name, found.trim_start());
        if let Some(remedy) = &check.remedy {
            let _ = writeln!(text, "{}", textwrap::fill(&format!("→ {}", sanitized(remedy)), &options));
        }
    }
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    let (warnings, errors) = (count(Level::Warning), count(Level::Error));
    let _ = writeln!(text, "\n{}, {}", counted(errors, "error"), counted(warnings, "warning"));
    text
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

impl Level {
    fn shown(self) -> (&'static str, Style) {
        match self {
            Self::Ok => ("ok", AnsiColor::Green.on_default()),
            Self::Skipped => ("skipped", HINT),
            Self::Warning => ("warning", AnsiColor::Yellow.on_default().bold()),
            Self::Error => ("error", ERROR),
        }
    }
}

/// The worst result as the exit status.
pub(super) fn verdict(checks: &[Check]) -> Result<(), Failure> {
    if let Some(error) = checks.iter().find(|check| check.level == Level::Error) {
        return Err(Failure::verdict(error.kind));
    }
    let has_warning = checks.iter().any(|check| check.level == Level::Warning);
    if has_warning { Err(Failure::verdict(Kind::Other)) } else { Ok(()) }
}
