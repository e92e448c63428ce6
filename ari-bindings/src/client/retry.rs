//! Sends a request again where that cannot execute it twice.

use std::time::{Duration, Instant};

use crate::{ConnectErrorKind, Error, Method};

/// The wait before the second try; it doubles with each.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// How often a request may be sent again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Retries(pub(crate) u32);

/// The tries of one request.
pub(crate) struct Tries {
    left: u32,
    delay: Duration,
    deadline: Instant,
}

impl Retries {
    pub(crate) fn start(self, deadline: Instant) -> Tries {
        Tries { left: self.0, delay: FIRST_DELAY, deadline }
    }
}

impl Tries {
    /// How long to wait before the request is sent again; `None` if it shall not be.
    pub(crate) fn next(&mut self, method: Method, error: &Error) -> Option<Duration> {
        let is_safe = match error {
            Error::Connect { kind, .. } => {
                !matches!(kind, ConnectErrorKind::Tls | ConnectErrorKind::NotHttp | ConnectErrorKind::Busy)
            }
            Error::OutcomeUnknown { timed_out: false, .. } => method == Method::Get,
            _ => false,
        };
        let delay = self.delay;
        if !is_safe || self.left == 0 || Instant::now() + delay >= self.deadline {
            return None;
        }
        self.left -= 1;
        self.delay *= 2;
        Some(delay)
    }
}
