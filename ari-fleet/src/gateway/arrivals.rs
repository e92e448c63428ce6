//! New calls that wait for a worker.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

/// How many events of a waiting call are kept. One that sends more than that before a worker comes is not served well
/// anyway: its further events are dropped, and its lane looks at it as at one found.
const EVENTS: usize = 256;

/// A call that has no lane yet.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) app: Arc<str>,
    pub(super) call: Arc<str>,
    pub(super) since: Instant,
    /// What has happened to it so far: types and texts of events.
    pub(super) events: Vec<(Box<str>, Bytes)>,
    /// Whether it was there before the gateway, or so many events have come that they are not kept.
    pub(super) is_found: bool,
}

/// The calls that wait, in their order.
#[derive(Debug)]
pub(super) struct Arrivals {
    waiting: VecDeque<Arrival>,
    most: usize,
}

impl Arrival {
    /// That of an event.
    pub(super) fn new(app: &Arc<str>, call: &Arc<str>, (kind, body): (&str, Bytes)) -> Self {
        Self { events: vec![(kind.into(), body)], is_found: false, ..Self::found(app, call) }
    }

    /// A call that a listing shows.
    pub(super) fn found(app: &Arc<str>, call: &Arc<str>) -> Self {
        let (app, call) = (Arc::clone(app), Arc::clone(call));
        Self { app, call, since: Instant::now(), events: Vec::new(), is_found: true }
    }
}

impl Arrivals {
    /// At most so many wait.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), most }
    }

    /// Lets a call wait, or returns it if there are too many.
    pub(super) fn wait(&mut self, arrival: Arrival) -> Result<(), Arrival> {
        if self.waiting.len() >= self.most {
            return Err(arrival);
        }
        self.waiting.push_back(arrival);
        Ok(())
    }

    /// Keeps an event of a waiting call.
    pub(super) fn event(&mut self, call: &str, kind: &str, body: Bytes) {
        let Some(arrival) = self.waiting.iter_mut().find(|arrival| *arrival.call == *call) else { return };
        if arrival.events.len() >= EVENTS {
            arrival.events.clear();
            arrival.is_found = true;
        }
        if !arrival.is_found {
            arrival.events.push((kind.into(), body));
        }
    }

    /// A call does not wait any more.
    pub(super) fn remove(&mut self, call: &str) {
        self.waiting.retain(|arrival| *arrival.call != *call);
    }

    /// Keeps those calls, of these applications, that are still there.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str, &str) -> bool) {
        self.waiting.retain(|arrival| is_there(&arrival.app, &arrival.call));
    }

    /// Whether a call waits.
    pub(super) fn has(&self, call: &str) -> bool {
        self.waiting.iter().any(|arrival| *arrival.call == *call)
    }

    /// All calls that wait.
    pub(super) fn take(&mut self) -> VecDeque<Arrival> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(call: &str) -> Arrival {
        Arrival::new(&"app".into(), &call.into(), ("StasisStart", Bytes::from_static(b"{}")))
    }

    #[test]
    fn so_many_calls_wait_in_their_order() {
        let mut arrivals = Arrivals::new(2);
        assert!(arrivals.wait(arrival("1")).is_ok() && arrivals.wait(arrival("2")).is_ok());
        assert_eq!(&*arrivals.wait(arrival("3")).unwrap_err().call, "3");
        arrivals.event("2", "ChannelDtmfReceived", Bytes::from_static(b"{}"));
        arrivals.remove("1");
        assert!(!arrivals.has("1"));
        let waiting = arrivals.take();
        assert_eq!((waiting.len(), &*waiting[0].call, waiting[0].events.len()), (1, "2", 2));
    }

    #[test]
    fn call_with_too_many_events_counts_as_found() {
        let mut arrivals = Arrivals::new(1);
        arrivals.wait(arrival("1")).unwrap();
        for _ in 0..2 * EVENTS {
            arrivals.event("1", "ChannelDtmfReceived", Bytes::from_static(b"{}"));
        }
        let waiting = arrivals.take();
        assert!(waiting[0].is_found && waiting[0].events.is_empty());
    }
}
