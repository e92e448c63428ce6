//! What is wrong with the input, and where.

use std::fmt;
use std::sync::Arc;

/// Where something stands in the declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// JSON path from the file's root: `$.apis[0].path`; empty in a file that is not JSON.
    pub path: String,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ": {}", self.path) }
    }
}

/// One thing that is wrong: what was found, what was expected, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where, if it has a place in a file.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.span {
            Some(span) => format!("{span}: {}", self.message),
            None => self.message.clone(),
        };
        f.write_str(&printable(&text))
    }
}

/// Removes control characters except line ends, which input could use to control the terminal.
fn printable(text: &str) -> String {
    let escape = |character: char| match character {
        '\n' => character.to_string(),
        control if control.is_control() => control.escape_default().to_string(),
        plain => plain.to_string(),
    };
    text.chars().map(escape).collect()
}

/// All that a pass found wrong; printed one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a diagnostic at a place.
    pub fn at(&mut self, span: &Span, message: impl Into<String>) {
        self.0.push(Diagnostic { span: Some(span.clone()), message: message.into() });
    }

    /// Adds a diagnostic that has no place in a file.
    pub fn general(&mut self, message: impl Into<String>) {
        self.0.push(Diagnostic { span: None, message: message.into() });
    }

    /// The value, if nothing was found wrong.
    ///
    /// # Errors
    /// All diagnostics collected so far.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Takes over the diagnostics of another pass.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes over the diagnostics of another pass; gives its value if it had none.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostics) => {
                self.extend(diagnostics);
                None
            }
        }
    }

    /// The diagnostics of one file from its top to its end.
    pub(crate) fn in_order_of_lines(mut self) -> Self {
        let line = |diagnostic: &Diagnostic| diagnostic.span.as_ref().map(|span| (span.line, span.column));
        self.0.sort_by_key(line);
        self
    }

    /// The diagnostics in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
