use std::sync::atomic::{AtomicU64, Ordering};

/// What a medium has counted since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MediaStats {
    /// Frames that were sent to Asterisk.
    pub sent: u64,
    /// What came from Asterisk: on a WebSocket 20 ms each, else frames or packets of the protocol.
    pub received: u64,
    /// Received frames that the program did not read in time; the oldest are dropped.
    pub dropped: u64,
    /// Frames that the crate sent more than 20 ms after their time. Asterisk keeps the time itself on a WebSocket.
    pub late: u64,
    /// How often the sound ran out before it was complete.
    pub underruns: u64,
    /// Frames that the network lost (RTP).
    pub lost: u64,
    /// Lost frames that were concealed (RTP).
    pub concealed: u64,
    /// Packets that were of no use (RTP): from elsewhere, not RTP, of another format, doubled, or too late.
    pub discarded: u64,
}

#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) sent: Counter,
    pub(crate) received: Counter,
    pub(crate) dropped: Counter,
    pub(crate) late: Counter,
    pub(crate) underruns: Counter,
    pub(crate) lost: Counter,
    pub(crate) concealed: Counter,
    pub(crate) discarded: Counter,
}

#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stats {
    pub(crate) fn snapshot(&self) -> MediaStats {
        MediaStats {
            sent: self.sent.get(),
            received: self.received.get(),
            dropped: self.dropped.get(),
            late: self.late.get(),
            underruns: self.underruns.get(),
            lost: self.lost.get(),
            concealed: self.concealed.get(),
            discarded: self.discarded.get(),
        }
    }
}
