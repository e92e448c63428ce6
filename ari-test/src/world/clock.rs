//! The server's clock, which is tokio's.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// The time at which every server starts: 2026-01-01, midnight.
const START: DateTime<Utc> = DateTime::from_timestamp_nanos(1_767_225_600_000_000_000);

/// How long a restart takes: neither the time of the start nor the ids that begin with it are those of before.
const RESTART: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Clock {
    /// When the wall clock showed [`START`].
    start: Instant,
    booted: Instant,
    now: Instant,
    /// How much later the wall clock is than tokio's says, since a restart takes time.
    ahead: Duration,
}

impl Clock {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, booted: start, now: start, ahead: Duration::ZERO }
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn set(&mut self, now: Instant) {
        self.now = now.max(self.now);
    }

    /// The time since the server's first start.
    pub(super) fn elapsed(&self) -> Duration {
        self.since(self.start)
    }

    pub(super) fn since(&self, instant: Instant) -> Duration {
        self.now.saturating_duration_since(instant)
    }

    /// Keeps the wall clock of the server that was restarted.
    pub(super) fn restarted_from(&mut self, old: &Self) {
        self.start = old.start;
        self.ahead = old.ahead + RESTART;
    }

    fn wall(&self, now: Instant) -> DateTime<Utc> {
        let millis = (now.saturating_duration_since(self.start) + self.ahead).as_millis();
        START + TimeDelta::milliseconds(i64::try_from(millis).unwrap_or_default())
    }

    /// Seconds since 1970.
    pub(super) fn epoch(&self) -> i64 {
        self.wall(self.now).timestamp()
    }

    /// Now, as Asterisk writes dates.
    pub(super) fn stamp(&self) -> String {
        stamp(self.wall(self.now))
    }

    /// The server's start, as Asterisk writes dates.
    pub(super) fn startup(&self) -> String {
        stamp(self.wall(self.booted))
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}
