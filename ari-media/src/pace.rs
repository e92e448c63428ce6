//! The clock of transports on which the program keeps the time.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::format::FRAME;
use crate::stats::Counter;

/// How late a frame may be before the clock starts anew rather than catch up.
pub(crate) const CATCH_UP: Duration = Duration::from_millis(60);

/// One tick a frame, on deadlines rather than intervals, so that delays do not add up.
#[derive(Default)]
pub(crate) struct Pace {
    next: Option<Instant>,
    has_paused: bool,
}

impl Pace {
    /// Waits until the next frame is due without counting it as sent, so that what is sent can be chosen as late as possible.
    pub(crate) async fn due(&self) {
        if let Some(due) = self.next {
            sleep_until(due).await;
        }
    }

    /// Waits until the next frame is due, and moves on to the one after. Counts a frame that comes more than 20 ms late, unless
    /// it is the first after a pause.
    pub(crate) async fn tick(&mut self, late: &Counter) {
        let now = Instant::now();
        let due = self.next.unwrap_or(now);
        let delay = now.saturating_duration_since(due);
        if delay > FRAME && !self.has_paused {
            late.add(1);
        }
        self.has_paused = false;
        if due > now {
            sleep_until(due).await;
        }
        let base = if delay > CATCH_UP { now } else { due };
        self.next = Some(base + FRAME);
    }

    /// Notes that nothing waits to be sent. The deadline stays, or a frame that comes a little late would delay all that
    /// follow it.
    pub(crate) fn pause(&mut self) {
        self.has_paused = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Stats;

    #[tokio::test(start_paused = true)]
    async fn ticks_do_not_drift_and_late_ones_are_counted() {
        let (stats, mut pace, start) = (Stats::default(), Pace::default(), Instant::now());
        for _ in 0..50 {
            pace.tick(&stats.late).await;
            tokio::time::advance(Duration::from_millis(7)).await;
        }
        assert_eq!(start.elapsed(), FRAME * 49 + Duration::from_millis(7));
        assert_eq!(stats.snapshot().late, 0);
        tokio::time::advance(Duration::from_millis(45)).await;
        pace.tick(&stats.late).await;
        pace.tick(&stats.late).await;
        assert_eq!(stats.snapshot().late, 1);
        tokio::time::advance(Duration::from_secs(5)).await;
        pace.tick(&stats.late).await;
        let anew = Instant::now();
        pace.tick(&stats.late).await;
        assert_eq!((anew.elapsed(), stats.snapshot().late), (FRAME, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn frame_after_a_pause_is_sent_at_once() {
        let (stats, mut pace) = (Stats::default(), Pace::default());
        pace.tick(&stats.late).await;
        pace.pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        pace.pause();
        let resumed = Instant::now();
        pace.tick(&stats.late).await;
        assert_eq!((resumed.elapsed(), stats.snapshot().late), (Duration::ZERO, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn frame_that_comes_late_does_not_delay_those_after_it() {
        let (stats, mut pace, start) = (Stats::default(), Pace::default(), Instant::now());
        pace.tick(&stats.late).await;
        pace.pause();
        tokio::time::advance(Duration::from_millis(25)).await;
        pace.tick(&stats.late).await;
        assert_eq!(start.elapsed(), Duration::from_millis(25));
        pace.tick(&stats.late).await;
        assert_eq!((start.elapsed(), stats.snapshot().late), (FRAME * 2, 0));
    }
}
