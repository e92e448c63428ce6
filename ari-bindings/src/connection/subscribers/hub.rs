//! Where the connection and its subscribers meet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::apps::Apps;
use super::frame::Frame;
use super::queue::{Queue, Room, remember, wake};
use super::state::ConnectionState;
use super::statistics::Counters;
use crate::rest::RestClient;
use crate::{Error, Event};

/// The subscribers of one connection, and what they share with its task.
pub(crate) struct Hub {
    shared: Mutex<Shared>,
    apps: Mutex<Apps>,
    state: watch::Sender<ConnectionState>,
    /// Takes no further requests once the connection is to be closed.
    rest: Option<Arc<RestClient>>,
    pub(in crate::connection) counters: Counters,
}

#[derive(Default)]
struct Shared {
    subscribers: Vec<Arc<Queue>>,
    /// Whether the connection has to be closed, and the code of the Close frame.
    close: Option<CloseCode>,
    /// The task of the connection.
    connection: Option<Waker>,
    ended: bool,
}

impl Hub {
    pub(in crate::connection) fn new(apps: Vec<String>, rest: Option<Arc<RestClient>>) -> Self {
        let state = ConnectionState::Connected { since: SystemTime::now() };
        Self {
            shared: Mutex::default(),
            apps: Mutex::new(Apps::new(apps)),
            state: watch::Sender::new(state),
            rest,
            counters: Counters::default(),
        }
    }

    /// The applications of the connection.
    pub(in crate::connection) fn apps(&self) -> MutexGuard<'_, Apps> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscriber; if the connection has ended, the subscriber gets only the end.
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

    /// Removes a subscriber. Without any, the connection is closed.
    pub(super) fn leave(&self, queue: &Arc<Queue>) {
        let mut shared = self.lock();
        shared.subscribers.retain(|other| !Arc::ptr_eq(other, queue));
        self.close_if_alone(shared, CloseCode::Normal);
    }

    /// Hands frames to every subscriber, and leaves `batch` empty.
    pub(in crate::connection) fn push(&self, batch: &mut VecDeque<Frame>) {
        if batch.is_empty() {
            return;
        }
        let shared = self.lock();
        let closing = shared.close.is_some();
        let last = shared.subscribers.len().saturating_sub(1);
        for (number, queue) in shared.subscribers.iter().enumerate() {
            let dropped = if number == last {
                queue.push(batch.drain(..), closing)
            } else {
                queue.push(batch.iter().cloned(), closing)
            };
            self.counters.dropped(dropped);
        }
        batch.clear();
    }

    /// Reports something about the connection to every subscriber.
    pub(in crate::connection) fn report(&self, event: Event) {
        self.push(&mut VecDeque::from([Frame::Notice(event)]));
    }

    /// How many bytes every subscriber has room for. If one of them keeps the connection waiting: until when it has to
    /// have made room. Subscribers that have not made room in time are ended.
    pub(in crate::connection) fn poll_room(&self, cx: &mut Context<'_>) -> Result<usize, Instant> {
        let mut shared = self.lock();
        let (mut free, mut until) = (usize::MAX, None);
        // Every one of them is asked, so that each wakes the connection.
        shared.subscribers.retain(|queue| match queue.poll_room(cx) {
            Room::Free(bytes) => {
                free = free.min(bytes);
                true
            }
            Room::Full(deadline) => {
                until = Some(until.map_or(deadline, |until: Instant| until.min(deadline)));
                true
            }
            Room::Ended => false,
        });
        self.close_if_alone(shared, CloseCode::Policy);
        until.map_or(Ok(free), Err)
    }

    /// How many bytes may be held back from the subscribers.
    pub(in crate::connection) fn may_hold(&self) -> usize {
        self.lock().subscribers.iter().map(|queue| queue.may_hold()).min().unwrap_or(usize::MAX)
    }

    /// Forgets how long subscribers kept the connection waiting: a new one takes its place.
    pub(in crate::connection) fn forget_waits(&self) {
        self.lock().subscribers.iter().for_each(|queue| queue.forget_waits());
    }

    /// Ends every subscription, for good.
    pub(in crate::connection) fn end(&self, error: Option<&Error>) {
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
        self.close(self.lock(), CloseCode::Normal);
    }

    fn close_if_alone(&self, shared: MutexGuard<'_, Shared>, code: CloseCode) {
        if shared.subscribers.is_empty() && !shared.ended {
            self.close(shared, code);
        }
    }

    fn close(&self, mut shared: MutexGuard<'_, Shared>, code: CloseCode) {
        shared.close.get_or_insert(code);
        let waker = shared.connection.take();
        drop(shared);
        if let Some(rest) = &self.rest {
            rest.take_no_more();
        }
        wake(waker);
    }

    /// Whether the connection has to be closed; if not yet, the task is woken then.
    pub(in crate::connection) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<CloseCode> {
        let mut shared = self.lock();
        if let Some(code) = shared.close {
            return Poll::Ready(code);
        }
        remember(&mut shared.connection, cx);
        Poll::Pending
    }

    /// Whether anybody would take what comes.
    pub(in crate::connection) fn has_subscribers(&self) -> bool {
        !self.lock().subscribers.is_empty()
    }

    /// How many items wait for the slowest subscriber, and how many bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let shared = self.lock();
        let waits = shared.subscribers.iter().map(|queue| (queue.len(), queue.bytes()));
        waits.max_by_key(|(_, bytes)| *bytes).unwrap_or_default()
    }

    pub(in crate::connection) fn set_state(&self, state: ConnectionState) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::OverflowPolicy;

    #[tokio::test(start_paused = true)]
    async fn room_is_that_of_the_slowest_subscriber_and_its_deadline_the_earliest() {
        let wait = |millis| OverflowPolicy::Wait(Duration::from_millis(millis));
        for policies in [[wait(200), wait(300)], [wait(300), wait(200)]] {
            let hub = Hub::new(Vec::new(), None);
            let limits = [1_000, 2_000];
            for (limit, policy) in limits.into_iter().zip(policies) {
                hub.join(Queue::new(limit, policy));
            }
            let cx = &mut Context::from_waker(Waker::noop());
            assert_eq!(hub.poll_room(cx), Ok(1_000));
            hub.push(&mut VecDeque::from([Frame::text(&"x".repeat(2_000), None)]));
            assert_eq!(hub.poll_room(cx), Err(Instant::now() + Duration::from_millis(200)));
        }
    }
}
