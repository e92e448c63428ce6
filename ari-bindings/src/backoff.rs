//! The delays between attempts, wherever something is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Delays that double from the first up to the greatest, as an iterator.
///
/// Each is shortened by a random part of up to a half, so that the clients of a server that restarts do not all come
/// back at the same moment.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    greatest: Duration,
    limit: Option<u32>,
    attempts: u32,
}

impl Backoff {
    /// Delays for at most `limit` attempts; without a limit, they never end.
    pub(crate) fn new(first: Duration, greatest: Duration, limit: Option<u32>) -> Self {
        Self { first, greatest, limit, attempts: 0 }
    }

    /// Starts again with the first delay and the full number of attempts.
    #[cfg(feature = "websocket")]
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Whether no attempt is left.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.limit.is_some_and(|limit| self.attempts >= limit)
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.is_exhausted() {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << self.attempts.min(20));
        self.attempts = self.attempts.saturating_add(1);
        Some(doubled.min(self.greatest).mul_f64(1.0 - random_fraction() / 2.0))
    }
}

/// A random number from 0 to 1, which need not be hard to guess.
#[allow(clippy::cast_precision_loss, reason = "any number will do")]
fn random_fraction() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ops::RangeInclusive;

    use super::*;

    fn millis(from: u64, to: u64) -> RangeInclusive<Duration> {
        Duration::from_millis(from)..=Duration::from_millis(to)
    }

    #[test]
    fn delays_double_up_to_the_greatest_and_vary() {
        let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2), None);
        let delays: Vec<Duration> = backoff.take(100).collect();
        assert!(millis(100, 200).contains(&delays[0]), "{delays:?}");
        assert!(millis(200, 400).contains(&delays[1]), "{delays:?}");
        assert!(delays[5..].iter().all(|delay| millis(1000, 2000).contains(delay)), "{delays:?}");
        assert!(delays[5..].iter().collect::<BTreeSet<_>>().len() > 10, "{delays:?}");
    }

    #[test]
    fn attempts_end_at_the_limit() {
        let mut backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(1), Some(2));
        assert!(backoff.next().is_some() && backoff.next().is_some());
        assert!(backoff.is_exhausted() && backoff.next().is_none());
        assert_eq!(Backoff::new(Duration::ZERO, Duration::ZERO, Some(0)).next(), None);
    }

    #[cfg(feature = "websocket")]
    #[test]
    fn reset_starts_again() {
        let mut backoff = Backoff::new(Duration::from_millis(1), Duration::from_secs(1), Some(1));
        assert!(backoff.next().is_some());
        backoff.reset();
        assert!(millis(0, 1).contains(&backoff.next().unwrap()));
    }

    #[test]
    fn immense_delays_do_not_panic() {
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX, None);
        assert!(backoff.next().is_some() && backoff.next().is_some());
    }
}
