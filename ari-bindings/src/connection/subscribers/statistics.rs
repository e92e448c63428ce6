//! Statistics of a connection.

use std::sync::atomic::{AtomicU64, Ordering};

/// The statistics as they are kept.
#[derive(Debug, Default)]
pub(in crate::connection) struct Counters {
    connection: ConnectionCounters,
    subscribers: SubscriberCounters,
}

/// What the task of the connection counts. Two processors that write to the same cache line slow each other down, so
/// these are far from those of the subscribers.
#[derive(Debug, Default)]
#[repr(align(128))]
struct ConnectionCounters {
    received: AtomicU64,
    received_bytes: AtomicU64,
    dropped: AtomicU64,
    disconnects: AtomicU64,
    reconnects: AtomicU64,
    control_frames: AtomicU64,
}

/// What the subscribers count.
#[derive(Debug, Default)]
#[repr(align(128))]
struct SubscriberCounters {
    delivered: AtomicU64,
    undecodable: AtomicU64,
}

/// What a connection has done since it was opened: for health checks and dashboards.
///
/// [`Connection::statistics`](crate::Connection::statistics) returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Frames with data that have come, without replies to requests.
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
    /// How often it was re-established.
    pub reconnects: u64,
    /// Pings and pongs that have come.
    pub control_frames: u64,
    /// Events that wait for the slowest subscriber now, apart from those that it has taken in a batch.
    pub queued: usize,
    /// Their bytes, with what keeping them costs.
    pub queued_bytes: usize,
}

impl Counters {
    pub(in crate::connection) fn received(&self, events: u64, bytes: u64) {
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

    pub(in crate::connection) fn disconnected(&self) {
        add(&self.connection.disconnects, 1);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_disconnects_total").increment(1);
    }

    pub(in crate::connection) fn reconnected(&self) {
        add(&self.connection.reconnects, 1);
        #[cfg(feature = "metrics")]
        metrics::counter!("ari_reconnects_total").increment(1);
    }

    pub(in crate::connection) fn control_frame(&self) {
        add(&self.connection.control_frames, 1);
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
            control_frames: read(&connection.control_frames),
            queued,
            queued_bytes,
        }
    }
}

fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
