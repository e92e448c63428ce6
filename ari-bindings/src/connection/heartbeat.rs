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
    /// The end: the server has not been heard since the last ping.
    End,
}

/// Decides when to ping and when to give up. Only silence makes it do either.
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    heard: Instant,
    pinged: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Heartbeat {
    /// Must be called in a Tokio runtime.
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        let heard = Instant::now();
        let timer = Box::pin(sleep_until(after(heard, interval)));
        Self { interval, timeout, heard, pinged: None, timer }
    }

    /// Notes that the server has been heard.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// How long the server has been silent.
    pub(super) fn silence(&self) -> Duration {
        self.heard.elapsed()
    }

    /// Waits until something is due.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        if self.pinged.is_some_and(|pinged| self.heard >= pinged) {
            self.pinged = None;
            self.timer.as_mut().reset(after(self.heard, self.interval));
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if self.pinged.is_some() {
                return Poll::Ready(Due::End);
            }
            let now = Instant::now();
            let next_ping = after(self.heard, self.interval);
            if now >= next_ping {
                self.pinged = Some(now);
                self.timer.as_mut().reset(after(now, self.timeout));
                return Poll::Ready(Due::Ping);
            }
            self.timer.as_mut().reset(next_ping);
        }
    }
}

/// That much later, or so late that it never comes.
fn after(instant: Instant, duration: Duration) -> Instant {
    const AGES: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    instant.checked_add(duration).unwrap_or_else(|| instant + AGES)
}
