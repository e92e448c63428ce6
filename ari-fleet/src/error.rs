use std::fmt;

/// Why something of a fleet fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The NATS server cannot be reached, or refuses the credentials.
    Connect {
        /// The addresses.
        servers: String,
        /// Why.
        source: async_nats::ConnectError,
    },
    /// The NATS server is older than 2.11, which pins consumers.
    TooOld {
        /// The server's version.
        version: String,
    },
    /// JetStream is not enabled on the server, or not for this account.
    NoJetStream {
        /// What JetStream said.
        source: BoxError,
    },
    /// JetStream refuses or does not answer.
    JetStream {
        /// What was asked for.
        what: String,
        /// What JetStream said.
        source: BoxError,
    },
    /// A setting cannot work.
    Invalid {
        /// The setting.
        setting: &'static str,
        /// Why not.
        reason: String,
    },
    /// A gateway refuses, or does not answer.
    Gateway {
        /// The node.
        node: String,
        /// Why.
        reason: String,
    },
    /// No node takes calls of the application, or the application is not served.
    NoNode {
        /// The node, if one was named.
        node: Option<String>,
    },
    /// Asterisk cannot be reached, or refuses.
    Ari(ari_bindings::Error),
    /// The application cannot be served.
    Serve(ari_app::ServeError),
}

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    pub(crate) fn jetstream(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::JetStream { what: what.into(), source: source.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { servers, .. } => write!(f, "cannot connect to NATS at {servers}"),
            Self::TooOld { version } => {
                write!(f, "the NATS server is {version}; a fleet needs 2.11 or newer, which pins consumers")
            }
            Self::NoJetStream { .. } => {
                f.write_str("JetStream is not enabled: start nats-server with -js, and allow it for this account")
            }
            Self::JetStream { what, .. } => write!(f, "JetStream: {what}"),
            Self::Invalid { setting, reason } => write!(f, "{setting}: {reason}"),
            Self::Gateway { node, reason } => write!(f, "gateway of {node}: {reason}"),
            Self::NoNode { node: Some(node) } => write!(f, "the node {node} takes no calls of the application"),
            Self::NoNode { node: None } => f.write_str("no node takes calls of the application"),
            Self::Ari(_) => f.write_str("Asterisk"),
            Self::Serve(_) => f.write_str("the application cannot be served"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } => Some(source),
            Self::NoJetStream { source } | Self::JetStream { source, .. } => Some(&**source),
            Self::Ari(source) => Some(source),
            Self::Serve(source) => Some(source),
            Self::TooOld { .. } | Self::Invalid { .. } | Self::Gateway { .. } | Self::NoNode { .. } => None,
        }
    }
}

impl From<ari_bindings::Error> for Error {
    fn from(error: ari_bindings::Error) -> Self {
        Self::Ari(error)
    }
}

impl From<ari_app::ServeError> for Error {
    fn from(error: ari_app::ServeError) -> Self {
        Self::Serve(error)
    }
}
