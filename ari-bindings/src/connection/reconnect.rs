use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Whether and when a lost connection is made again.
///
/// The wait before an attempt doubles from the first delay up to the greatest, and each is shortened by a random part
/// of up to a half, so that the clients of a server that comes back do not all arrive at once. The default begins with
/// 0.2 s, goes up to 2 s, and never gives up.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use std::time::Duration;
///
/// use ari_bindings::Reconnect;
///
/// let patient = Reconnect::new().delays(Duration::from_secs(1), Duration::from_secs(60)).attempts(100);
/// let mut events = ari.events(["hello-world"]).reconnect(patient).await?;
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

    pub(super) fn is_never(self) -> bool {
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
pub(super) struct Backoff {
    policy: Reconnect,
    attempts: u32,
}

impl Backoff {
    pub(super) fn new(policy: Reconnect) -> Self {
        Self { policy, attempts: 0 }
    }

    /// Notes how long a connection has held. One that is lost at once does not count: a server that accepts and hangs
    /// up, as at its `sessionlimit`, would be asked without a pause.
    pub(super) fn held(&mut self, lasted: Duration) {
        if lasted >= self.policy.greatest {
            self.attempts = 0;
        }
    }

    /// Whether there shall be another attempt.
    pub(super) fn is_possible(&self) -> bool {
        self.policy.attempts.is_none_or(|most| self.attempts < most)
    }

    /// How long to wait before the next attempt; `None` when there shall be none.
    pub(super) fn next(&mut self) -> Option<Duration> {
        if !self.is_possible() {
            return None;
        }
        let doubled = self.policy.first.saturating_mul(1 << self.attempts.min(20));
        self.attempts = self.attempts.saturating_add(1);
        let delay = doubled.min(self.policy.greatest);
        Some(delay.mul_f64(1.0 - fraction() / 2.0))
    }
}

/// A random number from 0 to 1. Nobody is harmed if it is guessed.
#[allow(clippy::cast_precision_loss, reason = "any number will do")]
fn fraction() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(from: u64, to: u64) -> std::ops::RangeInclusive<Duration> {
        Duration::from_millis(from)..=Duration::from_millis(to)
    }

    #[test]
    fn delays_grow_to_the_greatest_and_vary() {
        let mut backoff = Backoff::new(Reconnect::new());
        let delays: Vec<Duration> = (0..100).map(|_| backoff.next().unwrap()).collect();
        assert!(millis(100, 200).contains(&delays[0]), "{delays:?}");
        assert!(millis(200, 400).contains(&delays[1]), "{delays:?}");
        assert!(delays[5..].iter().all(|delay| millis(1000, 2000).contains(delay)), "{delays:?}");
        let different: std::collections::BTreeSet<_> = delays[5..].iter().collect();
        assert!(different.len() > 10, "{delays:?}");
    }

    #[test]
    fn attempts_count_until_a_connection_holds() {
        let mut backoff = Backoff::new(Reconnect::new().attempts(2));
        assert!(backoff.next().is_some() && backoff.next().is_some());
        backoff.held(Duration::from_secs(1));
        assert_eq!(backoff.next(), None, "it was lost at once");
        backoff.held(Duration::from_secs(2));
        assert!(backoff.next().is_some());
        assert_eq!(Backoff::new(Reconnect::never()).next(), None);
    }

    #[test]
    fn delays_without_measure_are_no_panic() {
        let mut backoff = Backoff::new(Reconnect::new().delays(Duration::MAX, Duration::ZERO));
        assert!(backoff.next().is_some() && backoff.next().is_some());
    }
}
