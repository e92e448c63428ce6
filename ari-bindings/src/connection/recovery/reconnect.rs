use std::time::Duration;

use crate::Error;
use crate::backoff::Backoff;

/// Whether and when a lost connection is re-established.
///
/// The wait before an attempt doubles from the first delay up to the greatest, and each is shortened by a random part
/// of up to a half, so that the clients of a restarted server do not all connect at the same time. The default begins
/// with 0.2 s, goes up to 2 s, and never gives up.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use std::time::Duration;
///
/// use ari_bindings::Reconnect;
///
/// let patient = Reconnect::new().delays(Duration::from_secs(1), Duration::from_secs(60)).attempts(100);
/// let mut events = ari.events("hello-world").reconnect(patient).await?;
/// # Ok(())
/// # }
/// ```
///
/// Whatever the choice, the stream ends at once with the error when trying again cannot help: the password is wrong
/// (401), the user may not (403), or the server refuses the request as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Reconnect {
    first: Duration,
    greatest: Duration,
    attempts: Option<u32>,
}

impl Reconnect {
    /// The default.
    pub fn new() -> Self {
        Self { first: Duration::from_millis(200), greatest: Duration::from_secs(2), attempts: None }
    }

    /// Never: the stream ends with the connection.
    pub fn never() -> Self {
        Self::new().attempts(0)
    }

    /// The wait before the first attempt, and the one that it grows to.
    pub fn delays(mut self, first: Duration, greatest: Duration) -> Self {
        (self.first, self.greatest) = (first, greatest.max(first));
        self
    }

    /// After how many attempts in a row to give up.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    pub(in crate::connection) fn is_never(self) -> bool {
        self.attempts == Some(0)
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new()
    }
}

/// The attempts since the connection last held.
#[derive(Debug)]
pub(in crate::connection) struct Attempts {
    policy: Reconnect,
    backoff: Backoff,
}

impl Attempts {
    pub(in crate::connection) fn new(policy: Reconnect) -> Self {
        Self { policy, backoff: Backoff::new(policy.first, policy.greatest, policy.attempts) }
    }

    /// Resets the delays if a connection has lasted long enough. One that is lost immediately does not count: otherwise
    /// the client would reconnect without a pause to a server that accepts and closes, as at its `sessionlimit`.
    pub(super) fn held(&mut self, lasted: Duration) {
        if lasted >= self.policy.greatest {
            self.backoff.reset();
        }
    }

    /// Whether there can be another attempt.
    pub(super) fn is_possible(&self) -> bool {
        !self.backoff.is_exhausted()
    }

    /// The delay before the next attempt; `None` if no attempt is left.
    pub(in crate::connection) fn next(&mut self) -> Option<Duration> {
        self.backoff.next()
    }
}

/// Whether trying again cannot help. A server that is just starting answers 404 and 503 for a while.
pub(in crate::connection) fn is_final(error: &Error) -> bool {
    match error {
        Error::Config { .. } | Error::InvalidRequest { .. } | Error::Unauthorized { .. } => true,
        Error::Refused { status, .. } | Error::NotAri { status, .. } => {
            !matches!(status, 404 | 408 | 429) && *status < 500
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Request};

    #[test]
    fn refusals_that_may_pass_are_not_final() {
        for (status, final_) in
            [(400, true), (401, true), (403, true), (404, false), (408, false), (429, false), (499, true), (500, false)]
        {
            let request = Request::new(Method::Get, "/events").line();
            let refused = Error::Refused { request, status, message: "".into(), body: "".into() };
            let not_ari = Error::NotAri { url: "".into(), status, content_type: "".into(), excerpt: "".into() };
            assert_eq!((is_final(&refused), is_final(&not_ari)), (final_, final_), "{status}");
        }
        let invalid = Request::new(Method::Get, "/events").invalid("app", "no");
        assert!(is_final(&Error::config("no")) && is_final(&invalid));
    }

    #[test]
    fn attempts_count_until_a_connection_holds() {
        let mut attempts = Attempts::new(Reconnect::new().attempts(2));
        assert!(attempts.next().is_some() && attempts.is_possible() && attempts.next().is_some());
        attempts.held(Duration::from_secs(1));
        assert!(attempts.next().is_none() && !attempts.is_possible(), "it was lost at once");
        attempts.held(Duration::from_secs(2));
        assert!(attempts.next().is_some());
        assert_eq!(Attempts::new(Reconnect::never()).next(), None);
    }
}
