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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;

    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Pings after 5 s of silence, and gives up after 2 s more.
    async fn heartbeat() -> Heartbeat {
        let mut heartbeat = Heartbeat::new(5 * SECOND, 2 * SECOND);
        assert_eq!(due(&mut heartbeat).await, None);
        heartbeat
    }

    async fn due(heartbeat: &mut Heartbeat) -> Option<Due> {
        due_unless_busy(heartbeat, None).await
    }

    async fn due_unless_busy(heartbeat: &mut Heartbeat, busy_until: Option<Instant>) -> Option<Due> {
        let woken = Arc::new(Woken::default());
        match heartbeat.poll_due(&mut Context::from_waker(&Arc::clone(&woken).into()), busy_until) {
            Poll::Ready(due) => Some(due),
            Poll::Pending => {
                // Tokio wakes a task that has used up its time when that is over.
                tokio::task::yield_now().await;
                assert!(!woken.0.load(Ordering::Relaxed), "it does not wait");
                None
            }
        }
    }

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_pinged_and_then_ends() {
        let mut heartbeat = heartbeat().await;
        for (seconds, expected) in [(5, Due::Ping), (2, Due::End)] {
            advance(Duration::from_millis(seconds * 1000 - 1)).await;
            assert_eq!(due(&mut heartbeat).await, None);
            advance(Duration::from_millis(1)).await;
            assert_eq!(due(&mut heartbeat).await, Some(expected));
        }
        assert_eq!(heartbeat.longest_silence(), 7 * SECOND);
        assert_eq!(Heartbeat::new(Duration::MAX, SECOND).longest_silence(), Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn sign_of_life_postpones_the_ping() {
        let mut heartbeat = heartbeat().await;
        advance(3 * SECOND).await;
        heartbeat.alive();
        for (wait, expected) in [(2 * SECOND, None), (3 * SECOND, Some(Due::Ping))] {
            advance(wait).await;
            assert_eq!(due(&mut heartbeat).await, expected);
        }
        // An answer within the same moment is one.
        heartbeat.alive();
        assert_eq!(due(&mut heartbeat).await, None);
        advance(5 * SECOND).await;
        assert_eq!(due(&mut heartbeat).await, Some(Due::Ping));
    }

    #[tokio::test(start_paused = true)]
    async fn busy_server_may_be_silent() {
        let mut heartbeat = heartbeat().await;
        let busy_until = Some(Instant::now() + 20 * SECOND);
        advance(5 * SECOND).await;
        assert_eq!(due_unless_busy(&mut heartbeat, busy_until).await, Some(Due::Ping));
        for _ in 0..2 {
            advance(7 * SECOND).await;
            assert_eq!(due_unless_busy(&mut heartbeat, busy_until).await, None);
        }
        advance(SECOND).await;
        assert_eq!(due_unless_busy(&mut heartbeat, busy_until).await, Some(Due::End));
    }
}
