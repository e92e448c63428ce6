//! The sending end of a stream, and when the stream ends.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::Kind;
use crate::{Dropped, Event};

/// How many events a stream holds.
const CAPACITY: usize = 1000;

/// When a channel that hung up left its application. Set, the stream ends soon.
pub(super) type Left = Arc<OnceLock<Instant>>;

pub(super) struct Route {
    kind: Kind,
    events: mpsc::Sender<Event>,
    /// What was left out and not reported yet.
    dropped: Dropped,
    /// The application that the channel is in: the one that its last `StasisStart` named.
    application: Option<Box<str>>,
    /// Whether the channel is hanging up.
    hangs_up: bool,
    left: Left,
    /// Whether the stream was open when the connection was lost for the last time.
    before_gap: bool,
}

impl Route {
    pub(super) fn new(kind: Kind) -> (Self, mpsc::Receiver<Event>, Left) {
        let (sender, events) = mpsc::channel(CAPACITY + 1);
        let left = Left::default();
        let route = Self {
            kind,
            events: sender,
            dropped: Dropped::default(),
            application: None,
            hangs_up: false,
            left: Arc::clone(&left),
            before_gap: false,
        };
        (route, events, left)
    }

    /// Whether the stream was dropped, or has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }

    /// Whether another stream may take its place.
    pub(super) fn is_over(&self) -> bool {
        self.is_closed() || self.left.get().is_some()
    }

    /// Notes what an event says about this channel or bridge: whether it is the last event of the stream, or `None`
    /// if the stream ended before it.
    pub(super) fn note(&mut self, id: &str, event: &Event) -> Option<bool> {
        if self.kind == Kind::Bridge {
            return Some(event.kind() == "BridgeDestroyed");
        }
        // It may be about the channel that replaces this one.
        if event.channel_id() != Some(id) {
            return Some(false);
        }
        match event.kind() {
            "StasisStart" if self.left.get().is_some() => return None,
            "StasisStart" => self.application = event.application().map(Into::into),
            "ChannelHangupRequest" => self.hangs_up = true,
            "StasisEnd" if self.is_in_another(event.application()) => {}
            "StasisEnd" if self.hangs_up => {
                self.left.get_or_init(Instant::now);
            }
            "StasisEnd" | "ChannelDestroyed" => return Some(true),
            _ => {}
        }
        Some(false)
    }

    /// Whether the channel has already moved on from this application.
    fn is_in_another(&self, application: Option<&str>) -> bool {
        matches!((&self.application, application), (Some(inside), Some(left)) if **inside != *left)
    }

    /// Whether a notice about a gap shows that the channel or bridge is gone.
    pub(super) fn ends_with_gap(&mut self, id: &str, notice: &Event) -> bool {
        match notice {
            Event::Disconnected(_) => {
                self.before_gap = true;
                false
            }
            Event::Reconnected(gap) => gap.restarted == Some(true),
            Event::Resynced(resync) if resync.failure.is_none() => {
                let before_gap = std::mem::take(&mut self.before_gap);
                let (is_gone, exists) = match self.kind {
                    Kind::Channel => (has(&resync.channels.vanished, id), has(&resync.channels.existing, id)),
                    Kind::Bridge => (has(&resync.bridges.vanished, id), has(&resync.bridges.existing, id)),
                };
                // What a stream opened since then waits for may not exist yet.
                is_gone || before_gap && !exists
            }
            _ => false,
        }
    }

    /// Puts an event in, or counts it if there is no room. Returns it if the stream was dropped.
    pub(super) fn put(&mut self, event: Event) -> Result<(), Event> {
        if self.events.is_closed() {
            return Err(event);
        }
        // One place stays free, to report at the end what was left out.
        let taken = if self.dropped.events > 0 { 2 } else { 1 };
        if self.events.capacity() <= taken {
            self.leave_out(&event);
            return Ok(());
        }
        self.report_dropped();
        self.events.try_send(event).map_err(TrySendError::into_inner)
    }

    fn leave_out(&mut self, event: &Event) {
        let Dropped { events, bytes } = match event {
            Event::Dropped(before) => **before,
            event => Dropped { events: 1, bytes: serde_json::to_string(event).map_or(0, |text| text.len() as u64) },
        };
        self.dropped.events += events;
        self.dropped.bytes += bytes;
    }

    fn report_dropped(&mut self) {
        if self.dropped.events > 0 {
            // It fails where the stream was dropped meanwhile, and then it does not matter.
            let _ = self.events.try_send(Event::Dropped(Box::new(self.dropped)));
            self.dropped = Dropped::default();
        }
    }
}

/// Searches a sorted list.
fn has(sorted: &[impl AsRef<str>], id: &str) -> bool {
    sorted.binary_search_by(|other| other.as_ref().cmp(id)).is_ok()
}

impl Drop for Route {
    fn drop(&mut self) {
        self.report_dropped();
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::{DisconnectReason, Disconnected, Resync};

    #[test]
    fn last_place_is_kept_for_what_was_left_out() {
        let (mut route, mut events, _left) = Route::new(Kind::Channel);
        let event = || Event::from_text(r#"{"type":"Test"}"#);
        for _ in 0..CAPACITY + 5 {
            route.put(event()).unwrap();
        }
        assert_eq!(events.len(), CAPACITY);
        events.try_recv().unwrap();
        // Its report would take the only place.
        route.put(event()).unwrap();
        events.try_recv().unwrap();
        route.put(event()).unwrap();
        assert_eq!(events.len(), CAPACITY);
        for _ in 0..CAPACITY - 2 {
            assert!(matches!(events.try_recv(), Ok(Event::Unknown(_))));
        }
        assert!(matches!(events.try_recv(), Ok(Event::Dropped(dropped)) if dropped.events == 6));
        assert!(matches!(events.try_recv(), Ok(Event::Unknown(_))));
        // A count of the connection adds to it.
        for _ in 0..CAPACITY {
            route.put(event()).unwrap();
        }
        let before = Dropped { events: 7, bytes: 70 };
        route.put(Event::Dropped(Box::new(before))).unwrap();
        drop(route);
        let last = std::iter::from_fn(|| events.try_recv().ok()).last();
        assert_eq!(last, Some(Event::Dropped(Box::new(before))));
    }

    #[test]
    fn gap_ends_only_streams_of_what_is_known_to_be_gone() {
        let (mut route, _events, _left) = Route::new(Kind::Channel);
        let disconnected = Event::Disconnected(Box::new(Disconnected {
            since: SystemTime::now(),
            reason: DisconnectReason::PingTimeout,
        }));
        let resynced = |ids: &[&str], failure: Option<&str>| {
            let mut resync = Resync { failure: failure.map(Into::into), ..Resync::default() };
            resync.channels.existing = ids.iter().map(|id| (*id).into()).collect();
            Event::Resynced(Box::new(resync))
        };
        for (notice, ends) in [
            (resynced(&[], None), false),
            (disconnected.clone(), false),
            (resynced(&[], Some("no")), false),
            (resynced(&["a", "c"], None), false),
            (disconnected, false),
            (resynced(&["a"], None), true),
        ] {
            assert_eq!(route.ends_with_gap("c", &notice), ends, "{notice:?}");
        }
    }

    #[test]
    fn stream_that_is_closed_or_soon_ends_may_be_replaced() {
        let (route, events, left) = Route::new(Kind::Channel);
        assert!(!route.is_over());
        left.set(Instant::now()).unwrap();
        assert!(route.is_over());
        drop(events);
        let (route, events, _left) = Route::new(Kind::Channel);
        drop(events);
        assert!(route.is_over());
    }
}
