//! Retries requests that cannot be executed twice.

use std::time::{Duration, Instant};

use crate::backoff::Backoff;
use crate::{ConnectErrorKind, Error, Method};

const FIRST_DELAY: Duration = Duration::from_millis(100);
const GREATEST_DELAY: Duration = Duration::from_secs(2);

/// How often a request may be sent again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Retries(pub(crate) u32);

/// The attempts of one request.
pub(crate) struct Tries {
    backoff: Backoff,
    deadline: Instant,
}

impl Retries {
    pub(crate) fn start(self, deadline: Instant) -> Tries {
        Tries { backoff: Backoff::new(FIRST_DELAY, GREATEST_DELAY, Some(self.0)), deadline }
    }
}

impl Tries {
    /// How long to wait before the request is sent again; `None` if it must not be, or no longer.
    pub(crate) fn next(&mut self, method: Method, error: &Error) -> Option<Duration> {
        if !is_retryable(method, error) {
            return None;
        }
        self.backoff.next().filter(|delay| Instant::now() + *delay < self.deadline)
    }
}

/// The number of retries of the runtime's requests.
#[cfg(feature = "websocket")]
const OWN_RETRIES: u32 = 4;

/// Sends a request of the runtime, and retries it if that is safe: shortly after a lost connection, the next one may be
/// lost as well.
#[cfg(feature = "websocket")]
pub(crate) async fn retry<T, Asking>(ask: impl Fn() -> Asking) -> Result<T, Error>
where
    Asking: IntoFuture<Output = Result<T, Error>>,
{
    let mut tries = Retries(OWN_RETRIES).start(Instant::now() + Duration::from_secs(60));
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Some(delay) = tries.next(Method::Get, &error) else { return Err(error) };
        tokio::time::sleep(delay).await;
    }
}

fn is_retryable(method: Method, error: &Error) -> bool {
    match error {
        Error::Connect { kind, .. } => {
            !matches!(kind, ConnectErrorKind::Tls | ConnectErrorKind::NotHttp | ConnectErrorKind::Busy)
        }
        Error::OutcomeUnknown { timed_out: false, .. } => method == Method::Get,
        _ => false,
    }
}
