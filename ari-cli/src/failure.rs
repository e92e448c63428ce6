//! Why a command failed, what to do about it, and the exit status that says so to scripts.

use std::fmt;
use std::io;
use std::process::ExitCode;

use ari_app::{CallError, ServeError};
use ari_bindings::Error;

use crate::output;

/// What kind of failure it is; the number is the exit status. `ari --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any other.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// There is no such object (404).
    NotFound = 3,
    /// The user may not do it (401, 403).
    Denied = 4,
    /// There is no server, or what answers is not ARI.
    Unreachable = 5,
    /// Asterisk refused or failed.
    Asterisk = 6,
    /// No answer in time.
    Timeout = 7,
    /// The server's release does not have it.
    Unavailable = 8,
    /// The reader of the output has closed it, which is no fault of anybody.
    Closed = 0,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None }
    }

    /// The command line, or what it refers to, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Any failure of no other kind.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Kind::Other, message)
    }

    /// An exit status alone: the output says the rest.
    pub(crate) fn verdict(kind: Kind) -> Self {
        Self::new(kind, "")
    }

    /// Says what to do about it, on a separate line.
    #[must_use]
    pub(crate) fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Prints it, and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        if self.kind != Kind::Closed && !self.message.is_empty() {
            output::note!("{}error:{} {self}", output::ERROR.render(), output::ERROR.render_reset());
            if let Some(remedy) = &self.remedy {
                output::note!("{}remedy:{} {remedy}", output::HINT.render(), output::HINT.render_reset());
            }
        }
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        output::sanitized(&self.message).fmt(f)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Kind::Closed, "the output was closed"),
            _ => Self::other(error.to_string()),
        }
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Ari(error) => error.into(),
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Ari(error) => error.into(),
            other => Self::other(other.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(kind(&error), with_causes(&error));
        match failure.kind {
            Kind::Denied => failure.with_remedy(denied(&error)),
            Kind::Unreachable if matches!(error, Error::Connect { .. }) => {
                failure.with_remedy("check --url, ARI_URL or the profile (`ari server show`), and that Asterisk runs")
            }
            Kind::Timeout => failure.with_remedy("--max-time gives it longer"),
            _ => failure,
        }
    }
}

fn kind(error: &Error) -> Kind {
    match error {
        Error::Config { .. } | Error::InvalidRequest { .. } => Kind::Usage,
        Error::Unavailable { .. } => Kind::Unavailable,
        Error::Unauthorized { .. } | Error::Refused { status: 403, .. } => Kind::Denied,
        Error::Refused { status: 404, .. } => Kind::NotFound,
        error if error.is_timeout() => Kind::Timeout,
        Error::Connect { .. } | Error::NotAri { .. } | Error::OutcomeUnknown { .. } | Error::Disconnected { .. } => {
            Kind::Unreachable
        }
        Error::Refused { .. } | Error::Decode { .. } => Kind::Asterisk,
        _ => Kind::Other,
    }
}

fn denied(error: &Error) -> &'static str {
    match error.status() {
        Some(403) => "the user is `read_only = yes` in ari.conf, or http.conf or a proxy forbids this; use another one",
        _ => "check --user or ARI_USER, and ARI_PASSWORD, against ari.conf; `ari server show` says what is in use",
    }
}

fn with_causes(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
