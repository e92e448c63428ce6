//! What the connection has received and one subscriber has not yet taken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use super::frame::Frame;
use crate::event::DisconnectReason;
use crate::event::notice::Dropped;
use crate::{Error, Event};

/// How long a subscriber that takes events may keep the connection waiting under [`OverflowPolicy::Fail`], and how long
/// one that takes none.
const FAIL_WAIT: Duration = Duration::from_secs(1);
const FAIL_IDLE: Duration = Duration::from_millis(100);

/// How many bytes the connection reads ahead of a subscriber that takes events: what waits longer has left the caches.
const LEAD: usize = 1 << 20;

/// How long the connection then lets the server wait at a time. Asterisk disconnects a client after 100 ms.
const LEAD_WAIT: Duration = Duration::from_millis(10);

/// How many notices about the connection wait for a subscriber whose oldest events are dropped.
const MOST_NOTICES: usize = 1_000;

/// What happens when the program takes events more slowly than they come, and more wait for it than
/// [`EventsBuilder::buffer_limit`](crate::EventsBuilder::buffer_limit) allows.
///
/// Up to the limit nothing is lost, whatever the policy: a task of the connection reads while the program is busy, so
/// that Asterisk, which gives a slow reader no more than its `websocket_write_timeout` of 100 ms, does not wait for the
/// program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// The stream ends: the waiting events are still returned, then
    /// [`Overflow`](crate::DisconnectReason::Overflow). This is the default; it loses nothing silently.
    ///
    /// A program that keeps taking events survives a burst: at the limit, the connection stops reading until there is
    /// room again, for up to 1 s, as long as the program takes an event at least every 100 ms. There is room when an
    /// eighth of the limit is free, or 256 KiB of a large one. All subscribers of the connection wait for that moment.
    #[default]
    Fail,
    /// The oldest waiting events are dropped for the newest, and an [`Event::Dropped`] with their count takes their
    /// place. Notices about gaps stay, except that beyond 1,000 the oldest are dropped as well, uncounted.
    DropOldest,
    /// The connection stops reading until there is room, for at most this long; then as [`OverflowPolicy::Fail`].
    ///
    /// Asterisk disconnects clients that stop reading: set `websocket_write_timeout` in ari.conf to more than this. All
    /// subscribers of the connection wait for the slowest.
    Wait(Duration),
}

/// What a subscriber finds when it looks for more frames.
pub(super) enum Taken {
    /// At least one frame.
    Frames,
    /// The end, with its cause unless the program asked for it.
    End(Option<Error>),
}

/// What the connection finds when it looks for room.
pub(super) enum Room {
    /// This many bytes may be added.
    Free(usize),
    /// No room; some must become free by this time.
    Full(Instant),
    /// Nothing may be added any more.
    Ended,
}

/// The queue between the connection and one subscriber.
///
/// Frames cross it in batches: the connection locks and wakes once for all that it could read at once, the subscriber
/// takes all there are. Their sizes are counted until the subscriber is done with them.
pub(in crate::connection) struct Queue {
    limit: usize,
    policy: OverflowPolicy,
    bytes: AtomicUsize,
    /// How many bytes the subscriber has been done with, modulo the largest number.
    released: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    dropped: Dropped,
    /// Nothing is added any more.
    ended: bool,
    /// The end, until the subscriber has taken it.
    end: Option<Taken>,
    subscriber: Option<Waker>,
    /// The connection, where it waits for room.
    connection: Option<Waker>,
    /// Since when it waits.
    full: Option<Full>,
    lead: Option<Lead>,
}

/// The connection is far ahead of the subscriber.
#[derive(Clone, Copy)]
struct Lead {
    /// Until when it waits for the subscriber; `None` once it has waited.
    until: Option<Instant>,
    /// What the subscriber had been done with by then.
    released: usize,
}

/// A subscriber that keeps the connection waiting.
#[derive(Clone, Copy)]
struct Full {
    since: Instant,
    /// When the subscriber was last seen to make progress, and how far it had come by then.
    progress: Instant,
    released: usize,
}

impl Queue {
    pub(in crate::connection) fn new(limit: usize, policy: OverflowPolicy) -> Self {
        Self { limit, policy, bytes: AtomicUsize::new(0), released: AtomicUsize::new(0), state: Mutex::default() }
    }

    /// The limit and the policy.
    pub(super) fn settings(&self) -> (usize, OverflowPolicy) {
        (self.limit, self.policy)
    }

    /// How many bytes may be held back from the subscriber: half of what there is room for. Where the oldest frames are
    /// dropped, those that wait make room for those that are held.
    pub(super) fn may_hold(&self) -> usize {
        let waiting = if self.policy == OverflowPolicy::DropOldest { 0 } else { self.bytes() };
        self.limit.saturating_sub(waiting) / 2
    }

    /// Resets the wait for this subscriber, because the waiting connection was lost.
    pub(super) fn forget_waits(&self) {
        let mut state = self.lock();
        (state.full, state.lead) = (None, None);
    }

    /// Adds frames and wakes the subscriber. Returns how many were dropped.
    ///
    /// While the connection is closing, a queue that is full ends without an error: what does not fit comes after the
    /// end.
    pub(super) fn push(&self, frames: impl Iterator<Item = Frame>, closing: bool) -> u64 {
        let mut state = self.lock();
        if state.ended {
            return 0;
        }
        let (before, mut dropped) = (self.bytes(), Dropped::default());
        let mut waiting = before;
        for frame in frames {
            let drops = self.policy == OverflowPolicy::DropOldest;
            if closing && !drops && waiting.saturating_add(frame.size()) > self.limit {
                state.finish(None);
                break;
            }
            waiting += frame.size();
            state.frames.push_back(frame);
            if drops && waiting > self.limit {
                waiting -= state.drop_oldest(waiting - self.limit, &mut dropped);
            }
        }
        self.bytes.fetch_add(waiting.wrapping_sub(before), Ordering::Relaxed);
        let waker = state.subscriber.take();
        drop(state);
        wake(waker);
        dropped.events
    }

    /// How many bytes wait for the subscriber.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many items wait in the queue.
    pub(super) fn len(&self) -> usize {
        self.lock().frames.len()
    }

    /// Whether the connection may be waiting for room: it does until there is some, not only at the limit.
    pub(super) fn is_full(&self) -> bool {
        self.bytes() >= self.resume_below()
    }

    /// Counts bytes off that the subscriber is done with.
    pub(super) fn release(&self, size: usize) {
        self.released.fetch_add(size, Ordering::Relaxed);
        let before = self.bytes.fetch_sub(size, Ordering::Relaxed);
        let falls_below = |mark| before >= mark && before - size < mark;
        if falls_below(self.resume_below()) || falls_below(LEAD / 2) {
            let waker = self.lock().connection.take();
            wake(waker);
        }
    }

    /// Below how many bytes a connection that waits goes on: not with every single event.
    fn resume_below(&self) -> usize {
        const MOST: usize = 256 << 10;
        (self.limit - (self.limit / 8).min(MOST)).max(1)
    }

    /// Whether there is room. If there is none, the connection is woken when there is; a subscriber that has kept it
    /// waiting for too long is ended.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Room {
        let mut state = self.lock();
        if state.ended {
            return Room::Ended;
        }
        let (bytes, released) = (self.bytes(), self.released.load(Ordering::Relaxed));
        if let Some(until) = self.lead_wait(&mut state, bytes, released) {
            remember(&mut state.connection, cx);
            return Room::Full(until);
        }
        if self.policy == OverflowPolicy::DropOldest {
            return Room::Free(self.limit.max(1));
        }
        let enough = if state.full.is_some() { self.resume_below() } else { self.limit.max(1) };
        if bytes < enough {
            state.full = None;
            return Room::Free(self.limit.saturating_sub(bytes).max(1));
        }
        remember(&mut state.connection, cx);
        let now = Instant::now();
        let full = state.full.get_or_insert(Full { since: now, progress: now, released });
        if full.released != released {
            (full.progress, full.released) = (now, released);
        }
        let deadline = match self.policy {
            OverflowPolicy::Wait(longest) => full.since.checked_add(longest),
            _ => Some((full.since + FAIL_WAIT).min(full.progress + FAIL_IDLE)),
        };
        let deadline = deadline.unwrap_or(now + FAIL_WAIT);
        if now < deadline {
            return Room::Full(deadline);
        }
        state.finish(Some(Error::Disconnected { reason: DisconnectReason::Overflow { bytes } }));
        let waker = state.subscriber.take();
        drop(state);
        wake(waker);
        Room::Ended
    }

    /// Until when the connection waits for a subscriber that it is far ahead of.
    ///
    /// It waits only for one that takes events, and reads a batch after each wait, so that the server never waits long.
    fn lead_wait(&self, state: &mut State, bytes: usize, released: usize) -> Option<Instant> {
        let is_waiting = state.lead.is_some_and(|lead| lead.until.is_some());
        if self.limit < 2 * LEAD || bytes < if is_waiting { LEAD / 2 } else { LEAD } {
            state.lead = None;
            return None;
        }
        let now = Instant::now();
        let until = match state.lead {
            Some(Lead { until: Some(until), .. }) if now < until => Some(until),
            Some(Lead { until: Some(_), released: before }) => {
                state.lead = Some(Lead { until: None, released: before });
                return None;
            }
            Some(Lead { until: None, released: before }) if before == released => return None,
            _ => Some(now + LEAD_WAIT),
        };
        if !is_waiting {
            state.lead = Some(Lead { until, released });
        }
        until
    }

    /// Ends the queue, unless it has ended already.
    pub(super) fn end(&self, error: Option<Error>) {
        let mut state = self.lock();
        state.finish(error);
        let waker = state.subscriber.take();
        drop(state);
        wake(waker);
    }

    /// Moves all frames to `frames`, which must be empty; after them comes the end.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, frames: &mut VecDeque<Frame>) -> Poll<Taken> {
        let mut state = self.lock();
        if state.dropped.events > 0 {
            let dropped = std::mem::take(&mut state.dropped);
            let notice = Frame::Notice(Event::Dropped(Box::new(dropped)));
            self.bytes.fetch_add(notice.size(), Ordering::Relaxed);
            state.frames.push_front(notice);
        }
        if !state.frames.is_empty() {
            std::mem::swap(&mut state.frames, frames);
            return Poll::Ready(Taken::Frames);
        }
        if let Some(end) = state.end.take() {
            return Poll::Ready(end);
        }
        remember(&mut state.subscriber, cx);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn finish(&mut self, error: Option<Error>) {
        if !self.ended {
            self.ended = true;
            self.end = Some(Taken::End(error));
        }
    }

    /// Drops the oldest frames until `excess` bytes are freed or none is left, and returns the number of freed bytes.
    ///
    /// Notices about the connection are kept, and follow the count of dropped events. Beyond [`MOST_NOTICES`], the
    /// oldest are dropped in pairs, so that losses and reconnects still alternate.
    fn drop_oldest(&mut self, excess: usize, dropped: &mut Dropped) -> usize {
        let (mut freed, mut at) = (0, 0);
        while freed < excess && at < self.frames.len() {
            if matches!(self.frames[at], Frame::Notice(_)) {
                at += 1;
                continue;
            }
            let Some(frame) = self.frames.remove(at) else { break };
            freed += frame.size();
            for count in [&mut *dropped, &mut self.dropped] {
                count.events += 1;
                count.bytes += frame.text_size() as u64;
            }
        }
        // All frames before this place are notices.
        if at > MOST_NOTICES {
            let excess = (at - MOST_NOTICES).next_multiple_of(2);
            freed += self.frames.drain(..excess).map(|notice| notice.size()).sum::<usize>();
        }
        freed
    }
}

pub(super) fn remember(slot: &mut Option<Waker>, cx: &mut Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests;
