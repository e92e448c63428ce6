//! Where the connection and its subscribers meet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use futures_util::task::AtomicWaker;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::apps::Apps;
use super::counters::Counters;
use super::probe::Probe;
use super::queue::{Frame, Queue, Taken, remember, wake};
use super::session::Session;
use super::turn::Readiness;
use super::{ConnectionState, OverflowPolicy};
use crate::{Error, Event};

/// The subscribers of one connection, and what they and the connection tell each other.
pub(crate) struct Hub {
    shared: Mutex<Shared>,
    apps: Mutex<Apps>,
    state: watch::Sender<ConnectionState>,
    /// The WebSocket there is.
    session: Mutex<Option<Session>>,
    /// The subscriber that would have read it.
    turned_away: AtomicWaker,
    pub(super) readiness: Arc<Readiness>,
    pub(super) counters: Counters,
    pub(super) probe: Probe,
}

#[derive(Default)]
struct Shared {
    subscribers: Vec<Arc<Queue>>,
    /// Why the connection shall be closed, as a Close frame says it.
    close: Option<CloseCode>,
    /// The task of the connection.
    connection: Option<Waker>,
    ended: bool,
}

impl Hub {
    pub(super) fn new(apps: Vec<String>) -> Self {
        let state = ConnectionState::Connected { since: SystemTime::now() };
        Self {
            shared: Mutex::default(),
            apps: Mutex::new(Apps::new(apps)),
            state: watch::Sender::new(state),
            session: Mutex::default(),
            turned_away: AtomicWaker::new(),
            readiness: Arc::default(),
            counters: Counters::default(),
            probe: Probe::default(),
        }
    }

    /// The applications of the connection.
    pub(super) fn apps(&self) -> MutexGuard<'_, Apps> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscriber; of a connection that has ended, it has only the end.
    pub(super) fn join(&self, queue: Queue) -> Arc<Queue> {
        let queue = Arc::new(queue);
        let mut shared = self.lock();
        if shared.ended {
            queue.end(None);
        } else {
            shared.subscribers.push(Arc::clone(&queue));
        }
        queue
    }

    /// Takes a subscriber out. Without any, the connection is closed.
    pub(super) fn leave(&self, queue: &Arc<Queue>) {
        let mut shared = self.lock();
        shared.subscribers.retain(|other| !Arc::ptr_eq(other, queue));
        let waker = shared.close_if_alone(CloseCode::Normal);
        drop(shared);
        wake(waker);
    }

    /// Hands frames to every subscriber.
    pub(super) fn push(&self, batch: &mut VecDeque<Frame>) {
        if batch.is_empty() {
            return;
        }
        let shared = self.lock();
        let mut failed = false;
        let last = shared.subscribers.len().saturating_sub(1);
        for (number, queue) in shared.subscribers.iter().enumerate() {
            let (dropped, goes_on) =
                if number == last { queue.push(batch.drain(..)) } else { queue.push(batch.iter().cloned()) };
            self.counters.dropped(dropped);
            failed |= !goes_on;
        }
        batch.clear();
        if failed {
            Self::remove_ended(shared);
        }
    }

    /// Tells every subscriber something about the connection.
    pub(super) fn tell(&self, event: Event) {
        self.push(&mut VecDeque::from([Frame::Notice(event)]));
    }

    /// The part of the connection's task in the WebSocket there is. It must not wait for the lock of a subscriber.
    pub(super) fn with_session<T>(&self, work: impl FnOnce(&mut Option<Session>) -> T) -> T {
        let done = work(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner));
        self.turned_away.wake();
        done
    }

    /// What comes next for a subscriber: moves it to `frames`, which must be empty.
    ///
    /// The only subscriber reads the WebSocket by itself if nothing waits.
    pub(super) fn poll_next(
        &self,
        cx: &mut Context<'_>,
        queue: &Arc<Queue>,
        frames: &mut VecDeque<Frame>,
    ) -> Poll<Taken> {
        let mut session = self.session.try_lock();
        if session.is_err() {
            self.turned_away.register(cx.waker());
            session = self.session.try_lock();
        }
        // What waits is older than what is read next, and nothing is added while the WebSocket is locked.
        let taken = queue.poll_take(cx, frames);
        if !self.is_alone(queue) {
            self.readiness.give_to_connection();
            return taken;
        }
        self.readiness.give_to_program();
        match session.as_deref_mut() {
            Ok(Some(session)) if taken.is_pending() => {
                session.poll_frames(cx, frames, queue.room_for_own()).map(|()| {
                    queue.adopt(frames);
                    Taken::Frames
                })
            }
            _ => taken,
        }
    }

    fn is_alone(&self, queue: &Arc<Queue>) -> bool {
        matches!(&self.lock().subscribers[..], [only] if Arc::ptr_eq(only, queue))
    }

    /// Whether no subscriber wants the connection to wait for it.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.lock();
        // Every one of them is asked, so that each wakes the connection.
        let full = shared.subscribers.iter().filter(|queue| queue.poll_room(cx).is_pending()).count();
        if full == 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The shortest time for which a subscriber may keep the connection waiting, if any does.
    pub(super) fn patience(&self) -> Option<Duration> {
        let shared = self.lock();
        let waits = shared.subscribers.iter().filter_map(|queue| match queue.slow() {
            OverflowPolicy::Wait(patience) => Some(patience),
            _ => None,
        });
        waits.min()
    }

    /// Ends the subscribers for which the connection has waited long enough.
    pub(super) fn end_slow(&self, waited: Duration) {
        let shared = self.lock();
        let cx = &mut Context::from_waker(Waker::noop());
        for queue in &shared.subscribers {
            let is_due = matches!(queue.slow(), OverflowPolicy::Wait(patience) if patience <= waited);
            if is_due && queue.poll_room(cx).is_pending() {
                queue.overflow();
            }
        }
        Self::remove_ended(shared);
    }

    fn remove_ended(mut shared: MutexGuard<'_, Shared>) {
        shared.subscribers.retain(|queue| queue.push(std::iter::empty()).1);
        let waker = shared.close_if_alone(CloseCode::Policy);
        drop(shared);
        wake(waker);
    }

    /// Ends every subscription, for good.
    pub(super) fn end(&self, error: Option<&Error>) {
        let mut shared = self.lock();
        shared.ended = true;
        for queue in shared.subscribers.drain(..) {
            queue.end(error.cloned());
        }
        drop(shared);
        self.set_state(ConnectionState::Closed);
    }

    /// Asks the connection to close.
    pub(crate) fn ask_to_close(&self) {
        let mut shared = self.lock();
        shared.close.get_or_insert(CloseCode::Normal);
        let waker = shared.connection.take();
        drop(shared);
        wake(waker);
    }

    /// Whether the connection shall close; if not yet, it is woken when it shall.
    pub(super) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<CloseCode> {
        let mut shared = self.lock();
        if let Some(code) = shared.close {
            return Poll::Ready(code);
        }
        remember(&mut shared.connection, cx);
        Poll::Pending
    }

    /// Whether anybody would take what comes.
    pub(super) fn has_subscribers(&self) -> bool {
        !self.lock().subscribers.is_empty()
    }

    /// How many items wait for the slowest subscriber, and how many bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let shared = self.lock();
        let waits = shared.subscribers.iter().map(|queue| (queue.len(), queue.bytes()));
        waits.max_by_key(|(_, bytes)| *bytes).unwrap_or_default()
    }

    pub(super) fn set_state(&self, state: ConnectionState) {
        self.state.send_replace(state);
    }

    pub(super) fn watch_state(&self) -> watch::Receiver<ConnectionState> {
        self.state.subscribe()
    }

    /// Waits until the connection is closed.
    #[cfg(feature = "outbound")]
    pub(crate) async fn closed(&self) {
        // The sender is here, so it cannot be gone.
        let _ = self.state.subscribe().wait_for(|state| *state == ConnectionState::Closed).await;
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn close_if_alone(&mut self, code: CloseCode) -> Option<Waker> {
        if !self.subscribers.is_empty() || self.ended {
            return None;
        }
        self.close.get_or_insert(code);
        self.connection.take()
    }
}
