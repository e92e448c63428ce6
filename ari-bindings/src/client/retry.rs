//! Retries requests that cannot be executed twice.

use std::time::Duration;

use tokio::time::Instant;

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

/// What Asterisk answers to every request while `res_ari` is being reloaded, if it does not answer 404 without JSON.
const RELOADING: &str = "URI handler config missing";

fn is_retryable(method: Method, error: &Error) -> bool {
    match error {
        // Until the module has its configuration again, no request is executed.
        Error::NotAri { status: 404, .. } => true,
        Error::Refused { status: 500, message, .. } => &**message == RELOADING,
        Error::Connect { kind, .. } => {
            !matches!(kind, ConnectErrorKind::Tls | ConnectErrorKind::NotHttp | ConnectErrorKind::Busy)
        }
        Error::OutcomeUnknown { timed_out: false, .. } => method == Method::Get,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn unsent(kind: ConnectErrorKind) -> Error {
        Error::Connect { url: "".into(), kind, source: Arc::new(std::io::Error::other("no")) }
    }

    fn refused() -> Error {
        unsent(ConnectErrorKind::Refused)
    }

    #[test]
    fn only_what_cannot_be_executed_twice_and_may_pass_is_retried() {
        let lost = |timed_out| Error::OutcomeUnknown {
            request: crate::Request::new(Method::Get, "/x").line(),
            timed_out,
            source: Arc::new(std::io::Error::other("lost")),
        };
        let refused = |message: &str| Error::Refused {
            request: crate::Request::new(Method::Post, "/x").line(),
            status: 500,
            message: message.into(),
            body: "".into(),
        };
        let no_ari =
            |status| Error::NotAri { url: "".into(), status, content_type: "text/html".into(), excerpt: "".into() };
        for (method, error, retried) in [
            (Method::Post, refused("URI handler config missing"), true),
            (Method::Post, refused("Allocation failed"), false),
            (Method::Post, no_ari(404), true),
            (Method::Post, no_ari(502), false),
            (Method::Post, unsent(ConnectErrorKind::Timeout), true),
            (Method::Post, unsent(ConnectErrorKind::Disconnected), true),
            (Method::Get, unsent(ConnectErrorKind::Tls), false),
            (Method::Get, unsent(ConnectErrorKind::NotHttp), false),
            (Method::Get, unsent(ConnectErrorKind::Busy), false),
            (Method::Get, lost(false), true),
            (Method::Get, lost(true), false),
            (Method::Post, lost(false), false),
            (Method::Put, lost(false), false),
            (Method::Delete, lost(false), false),
            (Method::Get, Error::config("no"), false),
        ] {
            assert_eq!(is_retryable(method, &error), retried, "{method} {error:?}");
        }
    }

    fn attempts(mut tries: Tries) -> usize {
        std::iter::from_fn(|| tries.next(Method::Post, &refused())).count()
    }

    #[test]
    fn retries_end_with_their_number_or_at_the_deadline() {
        let now = Instant::now();
        assert_eq!(attempts(Retries(3).start(now + Duration::from_secs(60))), 3);
        assert_eq!(attempts(Retries(3).start(now)), 0);
        // The delay alone would last until then.
        assert_eq!(attempts(Retries(3).start(now + FIRST_DELAY / 2)), 0);
    }

    #[cfg(feature = "websocket")]
    #[tokio::test(start_paused = true)]
    async fn requests_of_the_runtime_are_retried_after_a_while() {
        let (asked, started) = (std::cell::Cell::new(0), Instant::now());
        let ask = || {
            asked.set(asked.get() + 1);
            std::future::ready(Err::<(), _>(refused()))
        };
        assert!(retry(ask).await.is_err());
        assert_eq!(asked.get(), 1 + OWN_RETRIES);
        assert!(started.elapsed() >= FIRST_DELAY / 2 * OWN_RETRIES, "{:?}", started.elapsed());
    }
}
