use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why an operation on media failed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum MediaError {
    /// An argument that cannot work. Nothing has been sent.
    #[non_exhaustive]
    Invalid {
        /// Which argument.
        argument: &'static str,
        /// What is wrong with it, and what to write instead.
        reason: Box<str>,
    },
    /// The peer refused the connection.
    Refused(Box<str>),
    /// The medium has ended: the call is over, or the peer has closed the connection.
    Ended,
    /// Nothing came from the other side in time.
    Timeout(&'static str),
    /// The peer broke the protocol, and the connection was closed.
    Protocol(Box<str>),
    /// The peer reported an error, and the connection was closed.
    Peer(Box<str>),
    /// An I/O operation failed, such as that of a socket.
    Io(Arc<io::Error>),
    /// The sound to be played could not be read, or the file of a recording not written.
    Audio(Arc<dyn Error + Send + Sync>),
    /// A request to Asterisk failed.
    #[cfg(feature = "ari")]
    Ari(ari_bindings::Error),
}

impl MediaError {
    pub(crate) fn invalid(argument: &'static str, reason: impl Into<Box<str>>) -> Self {
        Self::Invalid { argument, reason: reason.into() }
    }

    pub(crate) fn audio(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Audio(Arc::from(error.into()))
    }

    /// Whether the medium has ended, which is no failure.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Ended)
    }
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { argument, reason } => write!(f, "invalid `{argument}`: {reason}"),
            Self::Refused(reason) => write!(f, "the peer refused the connection: {reason}"),
            Self::Ended => f.write_str("the medium has ended"),
            Self::Timeout(what) => write!(f, "timed out: {what}"),
            Self::Protocol(fault) => write!(f, "the peer broke the protocol: {fault}"),
            Self::Peer(fault) => write!(f, "the peer reported a fault: {fault}"),
            Self::Io(_) => f.write_str("an I/O operation failed"),
            Self::Audio(_) => f.write_str("the sound could not be read or written"),
            #[cfg(feature = "ari")]
            Self::Ari(_) => f.write_str("a request to Asterisk failed"),
        }
    }
}

impl Error for MediaError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Audio(error) => Some(error.as_ref()),
            #[cfg(feature = "ari")]
            Self::Ari(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

#[cfg(feature = "ari")]
impl From<ari_bindings::Error> for MediaError {
    fn from(error: ari_bindings::Error) -> Self {
        Self::Ari(error)
    }
}
