//! What can go wrong, said so that the reader knows what to do.

use std::fmt;
use std::path::Path;

/// A failure, in one or more lines for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Error(String);

/// The result of everything here.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure that says `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// For `map_err`: names the file that an I/O error is about.
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self(format!("{}: {error}", path.display()))
    }

    /// For `map_err`: names the program that could not be started.
    pub(crate) fn program(name: &str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self(format!("cannot run `{name}`: {error}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
