//! Pings, and how long the server may be silent.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A ping.
    Ping,
    /// The end: nothing has come since the last ping.
    End,
}

/// Decides when to ping and when to give up. Only silence leads to either.
pub(in crate::connection) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    alive: Instant,
    pinged: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Heartbeat {
    /// Must be called in a Tokio runtime.
    pub(in crate::connection) fn new(interval: Duration, timeout: Duration) -> Self {
        let alive = Instant::now();
        let timer = Box::pin(sleep_until(after(alive, interval)));
        Self { interval, timeout, alive, pinged: None, timer }
    }

    /// Notes a sign of life, or that silence means nothing for now.
    pub(super) fn alive(&mut self) {
        self.alive = Instant::now();
    }

    /// When the last sign of life came.
    pub(super) fn last_alive(&self) -> Instant {
        self.alive
    }

    /// How long a silence ends the connection.
    pub(super) fn longest_silence(&self) -> Duration {
        self.interval.saturating_add(self.timeout)
    }

    /// Waits until something is due. Before `busy_until`, silence does not end the connection.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>, busy_until: Option<Instant>) -> Poll<Due> {
        if self.pinged.is_some_and(|pinged| self.alive >= pinged) {
            self.pinged = None;
            self.timer.as_mut().reset(after(self.alive, self.interval));
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if self.pinged.is_some() {
                let Some(until) = busy_until.filter(|until| *until > now) else { return Poll::Ready(Due::End) };
                self.timer.as_mut().reset(until);
                continue;
            }
            let next_ping = after(self.alive, self.interval);
            if now >= next_ping {
                self.pinged = Some(now);
                self.timer.as_mut().reset(after(now, self.timeout));
                return Poll::Ready(Due::Ping);
            }
            self.timer.as_mut().reset(next_ping);
        }
    }
}

/// `duration` after `instant`, or so late that it never comes.
pub(super) fn after(instant: Instant, duration: Duration) -> Instant {
    const AGES: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    instant.checked_add(duration).unwrap_or_else(|| instant + AGES)
}
