//! What the reader task has received and the program has not yet taken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::DisconnectReason;

/// A frame that carries data.
#[derive(Debug)]
pub(super) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Frame {
    /// How much memory it takes: even an empty one takes some.
    pub(super) fn size(&self) -> usize {
        let data = match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        };
        data + size_of::<Self>()
    }
}

/// What the program finds when it looks for more frames.
pub(super) enum Taken {
    /// At least one frame.
    Frames,
    /// The end, with its reason unless the program asked for it.
    End(Option<DisconnectReason>),
}

/// The queue between one reader task and one program.
///
/// Frames cross it in batches: the reader locks and wakes once for all that it could read at once,
/// the program takes all there are. Their sizes are counted until the program is done with them.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    bytes: AtomicUsize,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    end: Option<Taken>,
    program: Option<Waker>,
    close_asked: bool,
    reader: Option<Waker>,
}

impl Queue {
    /// Adds frames and wakes the program.
    pub(super) fn push(&self, batch: &mut VecDeque<Frame>) {
        if batch.is_empty() {
            return;
        }
        self.bytes.fetch_add(batch.iter().map(Frame::size).sum(), Ordering::Relaxed);
        let mut state = self.lock();
        state.frames.append(batch);
        let waker = state.program.take();
        drop(state);
        wake(waker);
    }

    /// How much waits for the program.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts a frame off.
    pub(super) fn release(&self, frame: &Frame) {
        self.bytes.fetch_sub(frame.size(), Ordering::Relaxed);
    }

    /// Ends the queue, unless it has ended already.
    pub(super) fn end(&self, reason: Option<DisconnectReason>) {
        let mut state = self.lock();
        state.end.get_or_insert(Taken::End(reason));
        let waker = state.program.take();
        drop(state);
        wake(waker);
    }

    /// Moves all frames to `frames`, which must be empty; after them comes the end.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, frames: &mut VecDeque<Frame>) -> Poll<Taken> {
        let mut state = self.lock();
        if !state.frames.is_empty() {
            std::mem::swap(&mut state.frames, frames);
            return Poll::Ready(Taken::Frames);
        }
        if let Some(end) = state.end.take() {
            return Poll::Ready(end);
        }
        remember(&mut state.program, cx);
        Poll::Pending
    }

    /// Asks the reader to close the connection.
    pub(super) fn ask_to_close(&self) {
        let mut state = self.lock();
        state.close_asked = true;
        let waker = state.reader.take();
        drop(state);
        wake(waker);
    }

    /// Whether the reader shall close the connection; if not yet, it is woken when it shall.
    pub(super) fn is_close_asked(&self, cx: &mut Context<'_>) -> bool {
        let mut state = self.lock();
        remember(&mut state.reader, cx);
        state.close_asked
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(slot: &mut Option<Waker>, cx: &mut Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
