//! What a connection has done, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// The numbers as they are kept.
#[derive(Debug, Default)]
pub(super) struct Counters {
    connection: OfConnection,
    subscribers: OfSubscribers,
}

/// What the connection counts. Two processors that write to the same line of memory slow each other down, so these are
/// far from those of the subscribers.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OfConnection {
    received: AtomicU64,
    received_bytes: AtomicU64,
    dropped: AtomicU64,
    disconnects: AtomicU64,
    reconnects: AtomicU64,
}

/// What the subscribers count.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OfSubscribers {
    delivered: AtomicU64,
    undecodable: AtomicU64,
}

/// What a connection has done since it was made: for health checks and dashboards.
///
/// [`Connection::statistics`](crate::Connection::statistics) gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Frames with data that have come, replies to requests not among them.
    pub received: u64,
    /// The bytes of their text.
    pub received_bytes: u64,
    /// Events that subscribers have taken; with two subscribers, each event counts twice. While a subscriber is taking
    /// many in a row, it may lag behind by some dozens.
    pub delivered: u64,
    /// Events dropped under [`OverflowPolicy::DropOldest`](crate::OverflowPolicy::DropOldest).
    pub dropped: u64,
    /// Taken events that were [`Event::Undecodable`](crate::Event::Undecodable).
    pub undecodable: u64,
    /// How often the connection was lost.
    pub disconnects: u64,
    /// How often it was made again.
    pub reconnects: u64,
    /// Events that wait for the slowest subscriber now, apart from those that it has taken in a batch.
    pub queued: usize,
    /// Their bytes, with what keeping them costs.
    pub queued_bytes: usize,
}

impl Counters {
    pub(super) fn received(&self, events: u64, bytes: u64) {
        add(&self.connection.received, events);
        add(&self.connection.received_bytes, bytes);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_events_received_total").increment(events);
    }

    pub(super) fn delivered(&self, events: u64) {
        add(&self.subscribers.delivered, events);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_events_delivered_total").increment(events);
    }

    pub(super) fn dropped(&self, events: u64) {
        if events > 0 {
            add(&self.connection.dropped, events);
            #[cfg(feature = "metrics")]
            metrics::counter!("ari_events_dropped_total").increment(events);
        }
    }

    pub(super) fn undecodable(&self) {
        add(&self.subscribers.undecodable, 1);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_events_undecodable_total").increment(1);
    }

    pub(super) fn disconnected(&self) {
        add(&self.connection.disconnects, 1);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_disconnects_total").increment(1);
    }

    pub(super) fn reconnected(&self) {
        add(&self.connection.reconnects, 1);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_reconnects_total").increment(1);
    }

    pub(super) fn statistics(&self, (queued, queued_bytes): (usize, usize)) -> Statistics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Self { connection, subscribers } = self;
        Statistics {
            received: read(&connection.received),
            received_bytes: read(&connection.received_bytes),
            delivered: read(&subscribers.delivered),
            dropped: read(&connection.dropped),
            undecodable: read(&subscribers.undecodable),
            disconnects: read(&connection.disconnects),
            reconnects: read(&connection.reconnects),
            queued,
            queued_bytes,
        }
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
