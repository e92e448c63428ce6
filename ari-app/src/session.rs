//! One call: its state is written by the dispatcher and awaited by the verbs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Error, Event};
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use crate::context::Context;
use crate::error::{CallError, End, EndReason};
use crate::state::State;

/// How many events [`Call::events`](crate::Call::events) keeps for a slow reader.
const MOST_EVENTS: usize = 256;

/// How long a refused request waits for the event that explains it: the end of a channel.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// How long an event may be on its way when the server's answer to a request is already there.
pub(crate) const IN_FLIGHT: Duration = Duration::from_millis(250);

/// How long the cause of an end may come after the end. It does not come for every channel.
pub(crate) const CAUSE: Duration = Duration::from_millis(100);

/// One call. It outlives its channels: after a transfer another channel takes its place.
pub(crate) struct Session {
    pub(crate) context: Arc<Context>,
    /// The id of the first channel, which stays the id of the call.
    pub(crate) id: Box<str>,
    pub(crate) started: Instant,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    feed: Mutex<Feed>,
    /// Under which keys the context routes events here.
    keys: Mutex<Vec<Box<str>>>,
}

/// The receivers of the call's events.
enum Feed {
    Unused,
    Open(broadcast::Sender<Arc<Event>>),
    Closed,
}

impl Session {
    pub(crate) fn new(context: Arc<Context>, channel: &str, is_up: bool) -> Arc<Self> {
        let started = Instant::now();
        let state = Mutex::new(State::new(channel, is_up.then_some(started)));
        let (changed, feed) = (watch::Sender::new(()), Mutex::new(Feed::Unused));
        Arc::new(Self { context, id: channel.into(), started, state, changed, feed, keys: Mutex::default() })
    }

    pub(crate) fn remember_key(&self, key: Box<str>) {
        lock(&self.keys).push(key);
    }

    pub(crate) fn forget_key(&self, key: &str) {
        lock(&self.keys).retain(|known| **known != *key);
    }

    pub(crate) fn take_keys(&self) -> Vec<Box<str>> {
        std::mem::take(&mut *lock(&self.keys))
    }

    /// Reads the state.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&lock(&self.state))
    }

    /// Changes the state and wakes the verbs that wait for it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut lock(&self.state));
        self.changed.send_replace(());
        result
    }

    /// Waits until `find` returns something.
    ///
    /// Fails once the call has ended; what `find` returns takes precedence.
    pub(crate) async fn wait<T>(&self, mut find: impl FnMut(&State) -> Option<T>) -> Result<T, CallError> {
        let found_or_end = |state: &State| match find(state) {
            Some(found) => Some(Ok(found)),
            None => state.end.clone().map(|end| Err(CallError::Ended(end))),
        };
        self.until(found_or_end).await
    }

    /// As [`Session::wait`], whether or not the call has ended, for so long at most.
    pub(crate) async fn wait_for<T>(&self, limit: Duration, find: impl FnMut(&State) -> Option<T>) -> Option<T> {
        timeout(limit, self.until(find)).await.ok()
    }

    async fn until<T>(&self, mut find: impl FnMut(&State) -> Option<T>) -> T {
        // Before the first look, so that no change is missed.
        let mut changes = self.changed.subscribe();
        loop {
            if let Some(found) = self.read(&mut find) {
                return found;
            }
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// The error that a failed request means for the handler.
    ///
    /// A channel that hangs up makes requests fail before the event says so.
    pub(crate) async fn explain(&self, error: Error) -> CallError {
        let is_suspect = may_be_an_end(&error);
        let limit = if is_suspect { PATIENCE } else { Duration::ZERO };
        if let Some(end) = self.wait_for(limit, |state| state.end.clone()).await {
            return CallError::Ended(end);
        }
        // Events of a busy server may take longer.
        if is_suspect && self.is_gone().await {
            self.end(End::new(EndReason::HungUp, None));
        }
        self.check().err().unwrap_or(CallError::Ari(error))
    }

    /// Whether the server does not know the caller's channel any more.
    async fn is_gone(&self) -> bool {
        let channel = self.read(|state| state.channel.clone());
        let found = self.context.ari.channel(&*channel).get().await;
        found.is_err_and(|error| error.is_not_found()) && self.read(|state| state.channel == channel)
    }

    /// The caller's channel.
    pub(crate) fn channel(&self) -> ChannelHandle {
        self.read(|state| self.context.ari.channel(&*state.channel))
    }

    /// Fails if the call has ended.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        self.read(|state| state.end.clone()).map_or(Ok(()), |end| Err(CallError::Ended(end)))
    }

    /// Ends the call for a reason that no event reports.
    pub(crate) fn end(&self, end: End) {
        self.change(|state| state.set_end(end));
        self.close_feed();
    }

    /// Whether what the call owns is left alone.
    pub(crate) fn is_detached(&self) -> bool {
        self.read(|state| state.detached)
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        let mut feed = lock(&self.feed);
        match &*feed {
            Feed::Open(sender) => sender.subscribe(),
            Feed::Unused => {
                let (sender, receiver) = broadcast::channel(MOST_EVENTS);
                *feed = Feed::Open(sender);
                receiver
            }
            Feed::Closed => broadcast::channel(1).1,
        }
    }

    /// Ends the receivers of [`Session::subscribe`] after what they have been sent.
    fn close_feed(&self) {
        *lock(&self.feed) = Feed::Closed;
    }

    /// Takes in an event of the call.
    pub(crate) fn apply(&self, event: &Event) {
        self.change(|state| state.apply(event));
        if let Feed::Open(events) = &*lock(&self.feed) {
            // Nobody may be listening any more.
            let _ = events.send(Arc::new(event.clone()));
        }
        let is_last = match event {
            Event::StasisEnd(end) => self.read(|state| *state.channel == *end.channel.id.as_str()),
            Event::ChannelDestroyed(gone) => self.read(|state| *state.channel == *gone.channel.id.as_str()),
            _ => false,
        };
        if is_last {
            self.close_feed();
        }
        self.sweep();
    }

    /// Forgets the legs that have ended and that no handle refers to.
    pub(crate) fn sweep(&self) {
        let mut state = lock(&self.state);
        let over = state.take_finished_legs();
        drop(state);
        for leg in over {
            self.context.unroute(&leg.token, self);
            self.context.unroute(&leg.channel, self);
        }
    }
}

/// Whether a request may have failed because a channel has hung up or left.
pub(crate) fn may_be_an_end(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 404 | 409 | 412 | 422 | 500))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::context;

    #[tokio::test]
    async fn events_close_with_the_call() {
        let session = Session::new(context(), "1", false);
        let mut before = session.subscribe();
        session.end(End::new(EndReason::Gone, None));
        assert!(before.recv().await.is_err());
        assert!(session.subscribe().recv().await.is_err());
    }
}
