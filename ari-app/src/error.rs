use std::fmt;

use serde::Serialize;

/// Why a verb on a call did not return its outcome.
///
/// [`CallError::Ended`] is the normal end of most calls: the caller hung up. A handler passes it on with `?`, and
/// [`App::serve`](crate::App::serve) does not log it as an error.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CallError {
    /// The call has ended.
    Ended(End),
    /// An argument cannot work; nothing was sent.
    #[non_exhaustive]
    Invalid {
        /// The argument, such as `media`.
        argument: &'static str,
        /// What is wrong with it, and what is accepted.
        reason: Box<str>,
    },
    /// Asterisk could not record, or has reported no end of the recording.
    #[non_exhaustive]
    Recording {
        /// The name of the recording.
        name: Box<str>,
        /// What is known of the cause.
        cause: Box<str>,
    },
    /// A request to Asterisk failed while the call was up.
    Ari(ari_bindings::Error),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct End {
    /// What ended it.
    pub reason: EndReason,
    /// The Q.850 cause of the hang-up, such as 16 for normal clearing, if Asterisk reported one: it does not when
    /// the application itself hangs a caller up.
    pub cause: Option<i64>,
}

/// What ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The channel was hung up, by the caller or by a request.
    HungUp,
    /// The channel left the application: it continued in the dialplan or moved to another application. Also that of a
    /// [detached](crate::Call::detach) call whose handler has returned.
    Left,
    /// The channel no longer existed after a gap in the events.
    Gone,
    /// Asterisk was restarted, which ends every channel.
    Restarted,
    /// The event connection ended for good, so nothing more is known about the call.
    Disconnected,
}

impl End {
    pub(crate) fn new(reason: EndReason, cause: Option<i64>) -> Self {
        Self { reason, cause }
    }

    /// The end, unless a cause is still to come.
    pub(crate) fn settled(&self) -> Option<Self> {
        (self.reason != EndReason::HungUp || self.cause.is_some()).then(|| self.clone())
    }
}

impl CallError {
    /// What the text of [`CallError::Ended`] begins with.
    pub(crate) const ENDED: &str = "the call has ended: ";

    /// Whether the call has ended, which is no failure of the handler.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }

    pub(crate) fn invalid(argument: &'static str, reason: impl Into<Box<str>>) -> Self {
        Self::Invalid { argument, reason: reason.into() }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HungUp => "hung up",
            Self::Left => "left the application",
            Self::Gone => "gone after a gap in the events",
            Self::Restarted => "Asterisk was restarted",
            Self::Disconnected => "the event connection has ended",
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Some(cause) => write!(f, "{} (cause {cause})", self.reason),
            None => write!(f, "{}", self.reason),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(end) => write!(f, "{}{end}", Self::ENDED),
            Self::Invalid { argument, reason } => write!(f, "not sent: `{argument}`: {reason}"),
            Self::Recording { name, cause } => write!(f, "cannot record {name:?}: {cause}"),
            Self::Ari(_) => f.write_str("a request to Asterisk failed"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ari(error) => Some(error),
            _ => None,
        }
    }
}
