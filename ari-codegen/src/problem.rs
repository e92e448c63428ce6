//! What is wrong with the input, and where.

use std::fmt;
use std::sync::Arc;

/// Where something stands in the declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the caller named it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// JSON path from the file's root: `$.apis[0].path`; empty in a file that is not JSON.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ": {}", self.path) }
    }
}

/// One thing that is wrong: what was found, what was expected, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, if it has a place in a file.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// All that a pass found wrong; printed one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem at a place.
    pub fn at(&mut self, place: &Place, message: impl Into<String>) {
        self.0.push(Problem { place: Some(place.clone()), message: message.into() });
    }

    /// Adds a problem that has no place in a file.
    pub fn general(&mut self, message: impl Into<String>) {
        self.0.push(Problem { place: None, message: message.into() });
    }

    /// The value, if nothing was found wrong.
    ///
    /// # Errors
    /// All problems collected so far.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Takes over the problems of another pass.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes over the problems of another pass; gives its value if it had none.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.extend(problems);
                None
            }
        }
    }

    /// The problems of one file from its top to its end.
    pub(crate) fn in_order_of_lines(mut self) -> Self {
        let line = |problem: &Problem| problem.place.as_ref().map(|place| (place.line, place.column));
        self.0.sort_by_key(line);
        self
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
