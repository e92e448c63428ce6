//! What the connection has received and one subscriber has not yet taken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::notice::Dropped;
use super::{DisconnectReason, OverflowPolicy};
use crate::{Error, Event};

/// One item of the stream.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
    /// No frame of the connection, but something about it.
    Notice(Event),
}

impl Frame {
    /// How much memory it takes: even an empty one takes some.
    pub(super) fn size(&self) -> usize {
        self.text_size() + size_of::<Self>()
    }

    /// Takes it out of the buffer that it was read into, all of which it would keep in memory.
    pub(super) fn detach(&mut self) {
        match self {
            Self::Text(text) => *text = text.as_str().to_owned().into(),
            Self::Binary(bytes) => *bytes = bytes.to_vec().into(),
            Self::Notice(_) => {}
        }
    }

    pub(super) fn text_size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Notice(_) => 0,
        }
    }
}

/// What a subscriber finds when it looks for more frames.
pub(super) enum Taken {
    /// At least one frame.
    Frames,
    /// The end, with its cause unless the program asked for it.
    End(Option<Error>),
}

/// The queue between the connection and one subscriber.
///
/// Frames cross it in batches: the connection locks and wakes once for all that it could read at once, the subscriber
/// takes all there are. Their sizes are counted until the subscriber is done with them.
pub(super) struct Queue {
    limit: usize,
    slow: OverflowPolicy,
    bytes: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    dropped: Dropped,
    /// Nothing is added any more.
    ended: bool,
    /// What the subscriber still has to be told of that.
    end: Option<Taken>,
    subscriber: Option<Waker>,
    /// The connection, where it waits for room.
    connection: Option<Waker>,
}

impl Queue {
    pub(super) fn new(limit: usize, slow: OverflowPolicy) -> Self {
        Self { limit, slow, bytes: AtomicUsize::new(0), state: Mutex::default() }
    }

    /// A queue for another subscriber with the same wishes.
    pub(super) fn like(&self) -> Self {
        Self::new(self.limit, self.slow)
    }

    pub(super) fn slow(&self) -> OverflowPolicy {
        self.slow
    }

    /// Adds frames and wakes the subscriber. Says how many were dropped, and whether the queue goes on.
    pub(super) fn push(&self, frames: impl Iterator<Item = Frame>) -> (u64, bool) {
        let mut state = self.lock();
        if state.ended {
            return (0, false);
        }
        let mut waiting = self.bytes();
        let (before, mut dropped) = (waiting, Dropped::default());
        for frame in frames {
            waiting += frame.size();
            state.frames.push_back(frame);
            if waiting <= self.limit {
                continue;
            }
            match self.slow {
                OverflowPolicy::Wait(_) => {}
                OverflowPolicy::DropOldest => waiting -= state.drop_oldest(waiting - self.limit, &mut dropped),
                OverflowPolicy::Fail => {
                    let reason = DisconnectReason::Overflow { bytes: waiting };
                    state.finish(Some(Error::Disconnected { reason }));
                    break;
                }
            }
        }
        self.bytes.fetch_add(waiting.wrapping_sub(before), Ordering::Relaxed);
        let goes_on = !state.ended;
        let waker = state.subscriber.take();
        drop(state);
        wake(waker);
        (dropped.events, goes_on)
    }

    /// Ends the subscription that has kept the connection waiting too long.
    pub(super) fn overflow(&self) {
        self.end(Some(Error::Disconnected { reason: DisconnectReason::Overflow { bytes: self.bytes() } }));
    }

    /// How many bytes the subscriber may read by itself at once: as many may come while it works on them.
    pub(super) fn room_for_own(&self) -> usize {
        self.limit / 2
    }

    /// Counts frames that the subscriber has read by itself as taken.
    pub(super) fn adopt(&self, frames: &VecDeque<Frame>) {
        self.bytes.fetch_add(frames.iter().map(Frame::size).sum(), Ordering::Relaxed);
    }

    /// How much waits for the subscriber.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many items wait in the queue.
    pub(super) fn len(&self) -> usize {
        self.lock().frames.len()
    }

    /// Counts bytes off that the subscriber is done with.
    pub(super) fn release(&self, size: usize) {
        let before = self.bytes.fetch_sub(size, Ordering::Relaxed);
        if before > self.limit && before - size <= self.limit {
            let waker = self.lock().connection.take();
            wake(waker);
        }
    }

    /// Whether the connection need not wait for this subscriber; if it must, it is woken when there is room.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.ended || !matches!(self.slow, OverflowPolicy::Wait(_)) || self.bytes() <= self.limit {
            return Poll::Ready(());
        }
        remember(&mut state.connection, cx);
        Poll::Pending
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

    /// Drops the oldest frames until so many bytes are free, or none is left; says how many bytes it were.
    ///
    /// What is told about the connection stays, and comes after the count of what was dropped.
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
