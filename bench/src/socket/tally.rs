//! What a contender's program counts while it receives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Failure, usage};

/// What came of one contender's turn.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Received {
    /// Events that the program got.
    pub(crate) delivered: u64,
    /// From the first event to the end.
    pub(crate) seconds: f64,
    /// Time on the processor in between.
    pub(crate) cpu_seconds: f64,
    /// The most resident memory, in KiB.
    pub(crate) peak_memory: u64,
    /// How the program learned of a loss.
    pub(crate) loss: Option<String>,
}

/// Counts the events of one program.
pub(crate) struct Tally {
    stall: Duration,
    start: OnceLock<(Instant, Duration)>,
    delivered: AtomicU64,
    loss: Mutex<Option<String>>,
}

impl Tally {
    /// A program that sleeps so long on its first event.
    pub(crate) fn new(stall: Duration) -> Self {
        Self { stall, start: OnceLock::new(), delivered: AtomicU64::new(0), loss: Mutex::new(None) }
    }

    /// The program has an event.
    pub(crate) async fn event(&self) {
        if self.delivered.fetch_add(1, Ordering::Relaxed) == 0 {
            self.start.get_or_init(|| (Instant::now(), usage::own_time()));
            if self.stall > Duration::ZERO {
                tokio::time::sleep(self.stall).await;
            }
        }
    }

    /// Notes a report that events may be lost; the first one counts.
    pub(crate) fn lost(&self, text: impl Into<String>) {
        self.loss.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| text.into());
    }

    /// The results.
    pub(crate) fn received(&self) -> Result<Received, Failure> {
        let (start, cpu) = *self.start.get_or_init(|| (Instant::now(), usage::own_time()));
        Ok(Received {
            delivered: self.delivered.load(Ordering::Relaxed),
            seconds: start.elapsed().as_secs_f64(),
            cpu_seconds: usage::own_time().saturating_sub(cpu).as_secs_f64(),
            peak_memory: usage::peak_memory()?,
            loss: self.loss.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }
}
