use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The state of an event connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Events come.
    #[non_exhaustive]
    Connected {
        /// Since when.
        since: SystemTime,
    },
    /// It is lost, and being re-established.
    #[non_exhaustive]
    Disconnected {
        /// When the last sign of life of the server came.
        since: SystemTime,
        /// How many attempts to connect have failed.
        attempts: u32,
        /// What happened last: why it was lost, or why the last attempt failed.
        error: Arc<str>,
    },
    /// It has ended, and will not be re-established.
    Closed,
}

impl ConnectionState {
    /// Whether events come.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { .. } => f.write_str("connected"),
            Self::Disconnected { attempts: 0, error, .. } => write!(f, "disconnected: {error}"),
            Self::Disconnected { attempts, error, .. } => {
                write!(f, "disconnected: attempt {attempts} to connect again failed: {error}")
            }
            Self::Closed => f.write_str("closed"),
        }
    }
}
