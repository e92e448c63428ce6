//! That a lane is this worker's, as long as it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::wire::Lane;

/// A lane of this worker. Clones are of the same one.
#[derive(Clone)]
pub(super) struct Ownership {
    pub(super) lane: Lane,
    /// The pin; `None` once the lane is lost.
    token: watch::Sender<Option<Arc<str>>>,
    calls: Arc<AtomicU64>,
    /// Those of all lanes of the worker.
    total: Arc<AtomicU64>,
}

/// Counts a call until it is dropped.
pub(super) struct Counted([Arc<AtomicU64>; 2]);

impl Ownership {
    /// That of a lane with this pin. `total` counts the calls of all lanes of the worker.
    pub(super) fn new(lane: Lane, token: &str, total: Arc<AtomicU64>) -> Self {
        Self { lane, token: watch::Sender::new(Some(token.into())), calls: Arc::default(), total }
    }

    pub(super) fn token(&self) -> Option<Arc<str>> {
        self.token.borrow().clone()
    }

    /// The lane has another pin, which is this worker's, too.
    pub(super) fn renew(&self, token: &str) {
        self.token.send_if_modified(|known| {
            let is_held = known.is_some();
            if is_held {
                *known = Some(token.into());
            }
            is_held
        });
    }

    /// The lane is another worker's. What comes from this one is refused from now on.
    pub(super) fn lose(&self) {
        self.token.send_replace(None);
    }

    /// As [`Ownership::lose`], unless the lane has another pin by now than the one that was refused. Returns whether it is
    /// lost.
    pub(super) fn lose_with(&self, refused: &str) -> bool {
        self.token.send_if_modified(|known| {
            let is_lost = known.as_deref() == Some(refused);
            if is_lost {
                *known = None;
            }
            is_lost
        });
        self.token().is_none()
    }

    /// Waits until the lane is lost.
    pub(super) async fn lost(&self) {
        // It holds the sender.
        let _ = self.token.subscribe().wait_for(Option::is_none).await;
    }

    /// The calls of the lane.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many calls the lane can have, if the worker takes so many.
    pub(super) fn capacity(&self, most: u64) -> u64 {
        let elsewhere = self.total.load(Ordering::Relaxed).saturating_sub(self.calls());
        most.saturating_sub(elsewhere)
    }

    pub(super) fn count(&self) -> Counted {
        let counters = [Arc::clone(&self.calls), Arc::clone(&self.total)];
        for counter in &counters {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Counted(counters)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        for counter in &self.0 {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership").field("lane", &self.lane).field("calls", &self.calls()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(number: u16, total: &Arc<AtomicU64>) -> Ownership {
        Ownership::new(Lane { app: "app".to_owned(), number }, "first", Arc::clone(total))
    }

    #[test]
    fn calls_of_other_lanes_take_from_the_capacity() {
        let total = Arc::default();
        let (own, adopted) = (lane(0, &total), lane(1, &total));
        let calls = [own.count(), adopted.count(), adopted.count()];
        assert_eq!((own.calls(), own.capacity(10), own.capacity(1)), (1, 8, 0));
        drop(calls);
        assert_eq!((own.calls(), own.capacity(10)), (0, 10));
    }

    #[test]
    fn refusal_of_an_earlier_pin_loses_nothing() {
        let own = lane(0, &Arc::default());
        own.renew("second");
        assert!(!own.lose_with("first"));
        assert_eq!(own.token().as_deref(), Some("second"));
        assert!(own.lose_with("second"));
        own.renew("third");
        assert_eq!(own.token(), None);
    }
}
