use std::sync::Arc;
use std::{fmt, io};

/// Why an event connection was lost, or has ended, without the program asking for it.
///
/// Two reasons are equal if they say the same.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server has closed it, as it does when it shuts down.
    #[non_exhaustive]
    ClosedByServer {
        /// The status code of the Close frame, if it has one.
        code: Option<u16>,
        /// The reason in the Close frame; usually empty.
        reason: Box<str>,
    },
    /// The connection broke.
    ConnectionLost(Arc<io::Error>),
    /// The server did not answer a ping: it, or the network on the way, is gone.
    PingTimeout,
    /// The program took events more slowly than they came, until more bytes waited than
    /// [`EventsBuilder::buffer_limit`](crate::EventsBuilder::buffer_limit) allows. Those that waited were still given out.
    #[non_exhaustive]
    Overflow {
        /// How many bytes waited.
        bytes: usize,
    },
    /// The server has sent something that is against the WebSocket protocol.
    #[non_exhaustive]
    Protocol {
        /// What it was.
        reason: Box<str>,
    },
    /// The server has accepted the connection, but does not send the events of this application over it. Asterisk
    /// takes the end of one connection for that of the next where they follow each other closely; over the next one,
    /// events usually arrive again.
    #[non_exhaustive]
    NotDelivering {
        /// The application.
        application: Box<str>,
    },
    /// Other connections have taken over all applications of this one, each reported by an
    /// [`ApplicationReplaced`](crate::events::ApplicationReplaced). The client does not reconnect, because the two
    /// connections would take the applications from each other indefinitely.
    #[non_exhaustive]
    Replaced {
        /// The application that was taken over last.
        application: Box<str>,
    },
}

#[cfg(feature = "websocket")]
impl DisconnectReason {
    pub(crate) fn lost(what: &str) -> Self {
        Self::ConnectionLost(Arc::new(io::Error::new(io::ErrorKind::UnexpectedEof, what)))
    }

    /// Whether the same would only happen again.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Replaced { .. })
    }
}

impl PartialEq for DisconnectReason {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.to_string() == other.to_string()
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByServer { code, reason } => {
                f.write_str("closed by the server")?;
                if let Some(code) = code {
                    write!(f, " with code {code}")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {}", reason.escape_debug()) }
            }
            Self::ConnectionLost(error) => write!(f, "connection lost: {error}"),
            Self::PingTimeout => f.write_str("the server did not answer a ping in time"),
            Self::Overflow { bytes } => {
                write!(f, "the program is too slow: {bytes} bytes of events waited for it")
            }
            Self::Protocol { reason } => write!(f, "not the WebSocket protocol: {reason}"),
            Self::NotDelivering { application } => {
                write!(f, "the server sends no events of the application {application:?} over it")
            }
            Self::Replaced { application } => {
                write!(f, "another connection has taken over the application {application:?}")
            }
        }
    }
}

#[cfg(all(test, feature = "websocket"))]
mod tests {
    use super::*;

    #[test]
    fn reasons_differ_by_kind_and_words() {
        let closed = |code, reason: &str| DisconnectReason::ClosedByServer { code, reason: reason.into() };
        let reasons = [
            (closed(None, ""), "closed by the server"),
            (closed(Some(1000), ""), "closed by the server with code 1000"),
            (closed(Some(1000), "bye\n"), "closed by the server with code 1000: bye\\n"),
        ];
        for (number, (reason, shown)) in reasons.iter().enumerate() {
            assert_eq!(reason.to_string(), *shown);
            assert_ne!(*reason, DisconnectReason::PingTimeout);
            for (other, _) in &reasons[..number] {
                assert_ne!(reason, other);
            }
        }
        assert_eq!(closed(Some(1), "x"), closed(Some(1), "x"));
        let protocol = DisconnectReason::Protocol { reason: "x".into() };
        assert_ne!(protocol, DisconnectReason::Protocol { reason: "y".into() });
    }
}
