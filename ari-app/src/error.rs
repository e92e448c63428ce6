use std::fmt;

use serde::{Serialize, Serializer};

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
    /// The release of the server cannot do it; the call was left as it is.
    #[non_exhaustive]
    Unsupported {
        /// What it cannot do.
        what: &'static str,
        /// What the release is, and since which others there are that can do it.
        releases: Box<str>,
    },
    /// What an earlier run has kept of the call by [`Call::checkpoint`](crate::Call::checkpoint) is not as expected.
    #[non_exhaustive]
    Checkpoint {
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// The application does not serve calls: it has been shut down, was dropped, or has lost its connection for good.
    NotServing,
    /// A request to Asterisk failed while the call was up.
    Ari(ari_bindings::Error),
    /// A medium could not be opened, or has failed.
    #[cfg(feature = "media")]
    Media(ari_media::MediaError),
}

/// Why an application does not serve calls, or does so no more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServeError {
    /// A setting cannot work; nothing was sent.
    #[non_exhaustive]
    Invalid {
        /// The setting, such as `max_calls`.
        argument: &'static str,
        /// What is wrong with it, and what is accepted.
        reason: Box<str>,
    },
    /// The event connection could not be opened, or has ended for good.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl EndReason {
    /// The name in data and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Left => "left",
            Self::Gone => "gone",
            Self::Restarted => "restarted",
            Self::Disconnected => "disconnected",
        }
    }
}

impl Serialize for EndReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
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

impl ServeError {
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
            Self::Unsupported { what, releases } => write!(f, "cannot {what}: {releases}"),
            Self::Checkpoint { reason } => write!(f, "the checkpoint of the call cannot be read: {reason}"),
            Self::NotServing => f.write_str("the application does not serve calls"),
            Self::Ari(_) => f.write_str("a request to Asterisk failed"),
            #[cfg(feature = "media")]
            Self::Media(_) => f.write_str("the medium of the call failed"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ari(error) => Some(error),
            #[cfg(feature = "media")]
            Self::Media(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { argument, reason } => write!(f, "no call is served: `{argument}`: {reason}"),
            Self::Ari(_) => f.write_str("the event connection failed"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid { .. } => None,
            Self::Ari(error) => Some(error),
        }
    }
}

impl From<ari_bindings::Error> for ServeError {
    fn from(error: ari_bindings::Error) -> Self {
        Self::Ari(error)
    }
}

#[cfg(feature = "media")]
impl From<ari_media::MediaError> for CallError {
    fn from(error: ari_media::MediaError) -> Self {
        Self::Media(error)
    }
}
