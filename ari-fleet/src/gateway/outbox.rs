//! The events that wait for NATS, and how they get there.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::header::HeaderMap;
use async_nats::jetstream::context::{Context, ContextBuilder, PublishAckFuture, PublishError};
use async_nats::{Client, HeaderValue};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;

use crate::gateway::lock;
use crate::wire::{EventSubject, Lane, Subjects, headers};

/// How many events may be without an acknowledgement.
const WINDOW: usize = 512;
/// How long an acknowledgement may take.
const ACK: Duration = Duration::from_secs(5);
/// The pauses before an event is sent again grow from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(500));
/// What an event takes beside its text.
const OVERHEAD: usize = 512;

/// An event to be published.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) lane: Option<Lane>,
    pub(super) app: Option<Arc<str>>,
    pub(super) call: Option<Arc<str>>,
    pub(super) kind: Box<str>,
    pub(super) body: Bytes,
}

/// An event that has its number.
struct Numbered {
    event: Outgoing,
    headers: HeaderMap,
    subject: String,
    size: usize,
}

/// What became of an event that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Pushed {
    /// It will be published.
    Kept,
    /// There is no room: it is dropped, with all others that were not sent. A gap begins.
    Overflow,
    /// It is dropped, because it belongs to the gap.
    Missed,
    /// It is larger than NATS accepts, and dropped.
    TooLarge,
}

/// The events that wait for NATS.
#[derive(Debug)]
pub(super) struct Outbox {
    origin: Origin,
    limit: usize,
    buffer: Mutex<Buffer>,
    changed: Notify,
}

/// Where the events come from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) subjects: Subjects,
    pub(super) node: Arc<str>,
    pub(super) boot: Arc<str>,
}

#[derive(Debug, Default)]
struct Buffer {
    waiting: VecDeque<Outgoing>,
    /// Those of `waiting` and of the events that are sent and not acknowledged.
    bytes: usize,
    sent: usize,
    dropped: u64,
    number: u64,
    lanes: HashMap<Option<Lane>, u64>,
    /// How many events are being sent again.
    failing: usize,
    is_in_gap: bool,
}

impl Outbox {
    pub(super) fn new(origin: Origin, limit: usize) -> Self {
        Self { origin, limit, buffer: Mutex::default(), changed: Notify::new() }
    }

    /// Hands over an event. `largest` is what NATS accepts.
    pub(super) fn push(&self, event: Outgoing, largest: usize) -> Pushed {
        let mut buffer = lock(&self.buffer);
        if event.body.len() + OVERHEAD > largest {
            buffer.dropped += 1;
            return Pushed::TooLarge;
        }
        if buffer.is_in_gap {
            buffer.dropped += 1;
            return Pushed::Missed;
        }
        if buffer.bytes + event.size() > self.limit {
            buffer.overflow();
            return Pushed::Overflow;
        }
        buffer.push(event);
        self.changed.notify_waiters();
        Pushed::Kept
    }

    /// Whether events are being dropped.
    pub(super) fn is_in_gap(&self) -> bool {
        lock(&self.buffer).is_in_gap
    }

    /// Ends the gap once half of the room is free; returns whether it has ended just now.
    pub(super) fn end_gap(&self) -> bool {
        let mut buffer = lock(&self.buffer);
        let ends = buffer.is_in_gap && buffer.bytes <= self.limit / 2;
        buffer.is_in_gap &= !ends;
        ends
    }

    /// Hands over an event of the gateway itself, for which there is always room: there are few.
    pub(super) fn push_notice(&self, event: Outgoing) {
        lock(&self.buffer).push(event);
        self.changed.notify_waiters();
    }

    /// The number of the last event of a lane; what waits comes after it.
    pub(super) fn last_number(&self, lane: &Lane) -> u64 {
        lock(&self.buffer).lanes.get(&Some(lane.clone())).copied().unwrap_or_default()
    }

    /// How many events are not acknowledged, and how many have been dropped.
    pub(super) fn counts(&self) -> (u64, u64) {
        let buffer = lock(&self.buffer);
        ((buffer.waiting.len() + buffer.sent) as u64, buffer.dropped)
    }

    /// Publishes what is handed over, for as long as it is polled.
    pub(super) async fn publish(&self, nats: &Client) {
        let jetstream = ContextBuilder::new().ack_timeout(ACK).max_ack_inflight(2 * WINDOW).build(nats.clone());
        let mut confirming = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(size) = confirming.next() => self.confirmed(size),
                event = self.next(), if confirming.len() < WINDOW => {
                    // Awaited here, so that events are sent in order.
                    let sent = send(&jetstream, &event).await;
                    confirming.push(self.confirm(&jetstream, event, sent));
                }
            }
        }
    }

    /// Waits until everything is acknowledged.
    pub(super) async fn flushed(&self) {
        self.until(|buffer| (buffer.waiting.is_empty() && buffer.sent == 0).then_some(())).await;
    }

    async fn next(&self) -> Numbered {
        self.until(|buffer| buffer.take(&self.origin)).await
    }

    async fn until<T>(&self, mut ready: impl FnMut(&mut Buffer) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            if let Some(value) = ready(&mut lock(&self.buffer)) {
                return value;
            }
            changed.await;
        }
    }

    /// Sends an event again until it is acknowledged; JetStream drops what it has already. Returns the event's size.
    async fn confirm(
        &self,
        jetstream: &Context,
        event: Numbered,
        sent: Result<PublishAckFuture, PublishError>,
    ) -> usize {
        let acknowledged = |sent: Result<PublishAckFuture, PublishError>| async { sent?.await };
        let Err(error) = acknowledged(sent).await else { return event.size };
        self.fails(&error);
        let mut pause = PAUSES.0;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
            match acknowledged(send(jetstream, &event).await).await {
                Ok(_) => break,
                Err(error) => tracing::debug!(subject = event.subject, %error, "an event is not acknowledged"),
            }
        }
        self.recovers();
        event.size
    }

    fn fails(&self, error: &PublishError) {
        let mut buffer = lock(&self.buffer);
        if buffer.failing == 0 {
            let node = &*self.origin.node;
            tracing::warn!(
                node,
                error = error as &dyn std::error::Error,
                "NATS does not take events: they are buffered"
            );
        }
        buffer.failing += 1;
    }

    fn recovers(&self) {
        let mut buffer = lock(&self.buffer);
        buffer.failing -= 1;
        if buffer.failing == 0 {
            tracing::info!(node = &*self.origin.node, "NATS takes events again");
        }
    }

    fn confirmed(&self, size: usize) {
        let mut buffer = lock(&self.buffer);
        buffer.bytes -= size;
        buffer.sent -= 1;
        drop(buffer);
        self.changed.notify_waiters();
    }
}

impl Outgoing {
    /// An event of this type that belongs to no call.
    pub(super) fn of(kind: &str, body: Bytes) -> Self {
        let kind = if kind.is_empty() { "Unknown" } else { kind };
        Self { lane: None, app: None, call: None, kind: kind.into(), body }
    }

    /// One that belongs to a lane.
    pub(super) fn to(self, app: &Arc<str>, number: u16) -> Self {
        let lane = Lane { app: app.to_string(), number };
        Self { lane: Some(lane), app: Some(Arc::clone(app)), ..self }
    }

    /// One that belongs to this call, if to any.
    pub(super) fn with(self, call: Option<Arc<str>>) -> Self {
        Self { call, ..self }
    }

    fn size(&self) -> usize {
        self.body.len() + OVERHEAD
    }
}

impl Buffer {
    fn push(&mut self, event: Outgoing) {
        self.bytes += event.size();
        self.waiting.push_back(event);
    }

    /// Drops what is not sent, and one event more.
    fn overflow(&mut self) {
        let dropped = std::mem::take(&mut self.waiting);
        self.bytes -= dropped.iter().map(Outgoing::size).sum::<usize>();
        self.dropped += dropped.len() as u64 + 1;
        self.is_in_gap = true;
    }

    /// Takes the first event. Its number is given out only now, so that dropped ones leave no hole.
    fn take(&mut self, origin: &Origin) -> Option<Numbered> {
        let event = self.waiting.pop_front()?;
        self.sent += 1;
        self.number += 1;
        let of_lane = self.lanes.entry(event.lane.clone()).or_default();
        *of_lane += 1;
        let mut headers = HeaderMap::new();
        let id = format!("{}/{}/{}", origin.node, origin.boot, self.number);
        headers.insert(headers::MESSAGE_ID, id);
        headers.insert(headers::LANE_SEQ, of_lane.to_string());
        for (name, value) in [(headers::APP, &event.app), (headers::CALL, &event.call)] {
            // An id that is no header's value is in the subject all the same.
            if let Some(value) = value.as_ref().and_then(|value| value.parse::<HeaderValue>().ok()) {
                headers.insert(name, value);
            }
        }
        let subject = origin.subjects.event(&EventSubject {
            lane: event.lane.clone(),
            node: Some(origin.node.to_string()),
            call: event.call.as_deref().map(str::to_owned),
            kind: event.kind.to_string(),
        });
        let size = event.size();
        Some(Numbered { event, headers, subject, size })
    }
}

fn send<'a>(
    jetstream: &'a Context,
    event: &Numbered,
) -> impl Future<Output = Result<PublishAckFuture, PublishError>> + use<'a> {
    jetstream.publish_with_headers(event.subject.clone(), event.headers.clone(), event.event.body.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: usize = 1 << 20;

    fn outbox(limit: usize) -> Outbox {
        let origin = Origin { subjects: Subjects::default(), node: "n".into(), boot: "b".into() };
        Outbox::new(origin, limit)
    }

    fn event(lane: u16, body: &'static str) -> Outgoing {
        Outgoing {
            lane: Some(Lane { app: "a".to_owned(), number: lane }),
            app: Some("a".into()),
            call: Some("1.2".into()),
            kind: "Dial".into(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    fn header(event: &Numbered, name: &str) -> String {
        event.headers.get(name).unwrap().to_string()
    }

    #[tokio::test]
    async fn events_are_numbered_by_run_and_by_lane() {
        let outbox = outbox(LARGEST);
        for lane in [0, 1, 0] {
            assert_eq!(outbox.push(event(lane, "{}"), LARGEST), Pushed::Kept);
        }
        let sent = [outbox.next().await, outbox.next().await, outbox.next().await];
        let ids: Vec<_> = sent.iter().map(|event| header(event, headers::MESSAGE_ID)).collect();
        assert_eq!(ids, ["n/b/1", "n/b/2", "n/b/3"]);
        let numbers: Vec<_> = sent.iter().map(|event| header(event, headers::LANE_SEQ)).collect();
        assert_eq!(numbers, ["1", "1", "2"]);
        assert_eq!(sent[0].subject, "ari.ev.a-0.n.1=2E2.Dial");
        assert_eq!(header(&sent[0], headers::CALL), "1.2");
        assert_eq!(outbox.last_number(&Lane { app: "a".to_owned(), number: 0 }), 2);
        assert_eq!(outbox.counts(), (3, 0));
        for event in sent {
            outbox.confirmed(event.size);
        }
        outbox.flushed().await;
        assert_eq!(outbox.counts(), (0, 0));
    }

    #[tokio::test]
    async fn overflow_drops_what_is_not_sent_and_leaves_no_hole() {
        let outbox = outbox(4 * OVERHEAD);
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
        let first = outbox.next().await;
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Overflow);
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Missed);
        assert_eq!(outbox.counts(), (1, 4));
        outbox.push_notice(event(0, "{}"));
        let notice = outbox.next().await;
        assert_eq!((header(&first, headers::LANE_SEQ), header(&notice, headers::LANE_SEQ)), ("1".into(), "2".into()));
        outbox.confirmed(first.size);
        outbox.confirmed(notice.size);
        assert_eq!(lock(&outbox.buffer).bytes, 0);
    }

    #[tokio::test]
    async fn gap_lasts_until_half_of_the_room_is_free() {
        let outbox = outbox(4 * OVERHEAD);
        for _ in 0..3 {
            assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
        }
        let sent = [outbox.next().await, outbox.next().await, outbox.next().await];
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Overflow);
        outbox.confirmed(sent[0].size);
        assert!(!outbox.end_gap() && outbox.is_in_gap());
        outbox.confirmed(sent[1].size);
        assert!(outbox.end_gap() && !outbox.is_in_gap());
        assert!(!outbox.end_gap(), "it has ended before");
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
    }

    #[test]
    fn event_that_nats_does_not_accept_is_dropped_alone() {
        let outbox = outbox(LARGEST);
        assert_eq!(outbox.push(event(0, "{}"), LARGEST), Pushed::Kept);
        assert_eq!(outbox.push(event(0, "{}"), OVERHEAD), Pushed::TooLarge);
        assert_eq!(outbox.counts(), (1, 1));
    }
}
