//! When a packet is due: the sender's clock, the jitter of the network, and the delay that evens it out.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::Instant;

/// How long the fastest packet counts. A drift of the clocks by 100 ppm makes 1 ms in twice this time.
const WINDOW: i64 = 5_000_000;

/// How far from the expected time a packet may come before that is no jitter.
const MOST_JITTER: i64 = 500_000;

/// How much longer than the measured jitter a packet may take without being too late.
const MARGIN: i64 = 10_000;

/// By which part of itself the jitter falls with each packet that is faster: to a half in 3.5 s.
const DECAY: i64 = 256;

/// All times in microseconds since `origin`.
///
/// A packet's transit is the time of its arrival minus its timestamp. The fastest packet of the last seconds gives the
/// sender's clock; how much slower others are is the jitter, which rises at once and falls slowly, and sets the delay.
pub(super) struct Timing {
    origin: Instant,
    clock: i64,
    limits: RangeInclusive<i64>,
    /// The least transit of this window and of the one before.
    fastest: [i64; 2],
    window_end: i64,
    jitter: i64,
}

/// How the time of an arrival fits to the timestamp.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Regular,
    /// Far too late: the network stood still, or the sender's clock did.
    Late,
    /// Far too early: the timestamp has jumped.
    Early,
}

impl Timing {
    pub(super) fn new(clock: u32, limits: &RangeInclusive<Duration>, now: Instant, timestamp: i64) -> Self {
        let transit = -micros(timestamp, clock.into());
        let limits = as_micros(*limits.start())..=as_micros(*limits.end());
        Self { origin: now, clock: clock.into(), limits, fastest: [transit; 2], window_end: WINDOW, jitter: 0 }
    }

    pub(super) fn fit(&self, now: Instant, timestamp: i64) -> Fit {
        let late = self.transit(now, timestamp) - self.fastest();
        match late.abs() > MOST_JITTER {
            false => Fit::Regular,
            true if late > 0 => Fit::Late,
            true => Fit::Early,
        }
    }

    /// Takes in an arrival. Behind a pause (`is_first`), timestamps are too rough to measure the jitter.
    pub(super) fn arrived(&mut self, now: Instant, timestamp: i64, is_first: bool) {
        let transit = self.transit(now, timestamp);
        if self.fit(now, timestamp) == Fit::Late {
            self.fastest = [transit; 2];
            return;
        }
        let before = self.fastest();
        self.fastest[0] = self.fastest[0].min(transit);
        if !is_first {
            // If this is the fastest, those before were slower than known.
            let known = self.jitter + before - self.fastest();
            self.jitter = (known - known / DECAY).max(transit - self.fastest());
        }
        let elapsed = as_micros(now.saturating_duration_since(self.origin));
        if elapsed >= self.window_end {
            self.fastest = [transit, self.fastest[0]];
            self.window_end = elapsed + WINDOW;
        }
    }

    /// When sound of this timestamp is to be handed on.
    pub(super) fn play_at(&self, timestamp: i64) -> Instant {
        self.after_origin(self.fastest() + micros(timestamp, self.clock) + as_micros(self.delay()))
    }

    /// How many ticks too late the time is for this timestamp, if it is.
    pub(super) fn overdue(&self, now: Instant, timestamp: i64) -> i64 {
        let late = self.transit(now, timestamp) - self.fastest();
        late.max(0).saturating_mul(self.clock) / 1_000_000
    }

    pub(super) fn delay(&self) -> Duration {
        let delay = (self.jitter + MARGIN).clamp(*self.limits.start(), *self.limits.end());
        Duration::from_micros(delay.unsigned_abs())
    }

    fn fastest(&self) -> i64 {
        self.fastest[0].min(self.fastest[1])
    }

    fn transit(&self, now: Instant, timestamp: i64) -> i64 {
        as_micros(now.saturating_duration_since(self.origin)) - micros(timestamp, self.clock)
    }

    fn after_origin(&self, micros: i64) -> Instant {
        self.origin + Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

fn micros(ticks: i64, clock: i64) -> i64 {
    // Whole seconds apart: a timestamp has 32 bits and more.
    ticks / clock * 1_000_000 + ticks % clock * 1_000_000 / clock
}

fn as_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_millis(200);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn delay_is_the_least_without_jitter_and_follows_the_jitter_within_its_limits() {
        let start = Instant::now();
        let mut timing = Timing::new(8_000, &LIMITS, start, 0);
        let mut feed = |from: i64, jitter: u64| {
            for i in from..from + 500 {
                let late = if i % 2 == 0 { jitter } else { 0 };
                let at = start + ms(i.unsigned_abs() * 20 + late);
                timing.arrived(at, i * 160, false);
            }
            timing.delay()
        };
        assert_eq!(feed(1, 0), ms(20));
        let delay = feed(501, 30);
        assert!(delay > ms(39) && delay <= ms(40), "{delay:?}");
        assert_eq!(feed(1_001, 250), ms(200));
        let delay = feed(1_501, 0);
        assert!(delay < ms(60), "{delay:?}");
        assert_eq!(feed(2_001, 0), ms(20));
    }

    #[test]
    fn play_at_follows_a_sender_whose_clock_is_slow() {
        let start = Instant::now();
        let mut timing = Timing::new(8_000, &LIMITS, start, 0);
        // 1000 ppm: 20 µs a frame, for 100 s.
        for i in 1..=5_000_i64 {
            let at = start + Duration::from_micros(i.unsigned_abs() * 20_020);
            timing.arrived(at, i * 160, false);
            let wait = timing.play_at(i * 160).saturating_duration_since(at);
            assert!(wait >= ms(9) && wait <= ms(20), "{i}: {wait:?}");
        }
    }

    #[test]
    fn fit_tells_jitter_from_a_jump() {
        let start = Instant::now();
        let mut timing = Timing::new(8_000, &LIMITS, start, 1 << 31);
        let fit = |timing: &Timing, millis, seconds: i64| timing.fit(start + ms(millis), (1 << 31) + seconds * 8_000);
        assert_eq!(fit(&timing, 1_200, 1), Fit::Regular);
        assert_eq!(fit(&timing, 1_200, 2), Fit::Early);
        assert_eq!(fit(&timing, 1_600, 1), Fit::Late);
        timing.arrived(start + ms(1_600), (1 << 31) + 8_000, false);
        assert_eq!(fit(&timing, 2_600, 2), Fit::Regular);
    }
}
