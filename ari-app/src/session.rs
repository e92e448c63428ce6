//! One call: its state is written by the dispatcher and awaited by the verbs.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::{Error, Event, events};
use tokio::sync::{Notify, broadcast};
use tokio::time::timeout;

use crate::context::{Context, Pending};
use crate::error::{CallError, End, EndReason};
use crate::ids::Kind;
use crate::outgoing::Placing;
use crate::state::{Parties, State, Transfers};
use crate::verbs::phone_transfer::REFUSED;

/// How many events [`Call::events`](crate::Call::events) keeps for a slow reader.
const MOST_EVENTS: usize = 256;

/// How long a refused request waits for the event that explains it: the end of a channel.
pub(crate) const EXPLANATION: Duration = Duration::from_millis(500);

/// How long an event may be on its way when the server's answer to a request is already there.
pub(crate) const IN_FLIGHT: Duration = Duration::from_millis(250);

/// How long the cause of an end may come after the end. It does not come for every channel.
pub(crate) const CAUSE: Duration = Duration::from_millis(100);

/// How long after the end of a playback or recording the event may come that the channel has hung up, which has ended it.
const HANGUP: Duration = Duration::from_millis(100);

/// How long what begins waits for the caller to leave a bridge.
const LEAVING: Duration = Duration::from_secs(2);

/// One call. It outlives its channels: after a transfer another channel takes its place.
pub(crate) struct Session {
    pub(crate) context: Arc<Context>,
    /// The id of the first channel, which stays the id of the call.
    pub(crate) id: Box<str>,
    pub(crate) started: Instant,
    state: Mutex<State>,
    changed: Notify,
    feed: Mutex<Feed>,
    /// Under which keys the context routes events here.
    keys: Mutex<Vec<Box<str>>>,
    /// The requests that set who performs the transfers of the call's phones.
    pub(crate) handling: Pending,
    /// Set if it has no caller, but is an outgoing call that rings.
    pub(crate) placing: Option<Placing>,
}

/// The receivers of the call's events.
enum Feed {
    Unused,
    Open(broadcast::Sender<Arc<Event>>),
    Closed,
}

impl Session {
    pub(crate) fn new(context: Arc<Context>, channel: &str, is_up: bool) -> Arc<Self> {
        Self::with(context, channel, is_up, None)
    }

    /// An outgoing call that is about to be dialled.
    pub(crate) fn placing(context: Arc<Context>, placing: Placing) -> Arc<Self> {
        let id = context.ids.next(Kind::Call);
        Self::with(context, &id, false, Some(placing))
    }

    fn with(context: Arc<Context>, channel: &str, is_up: bool, placing: Option<Placing>) -> Arc<Self> {
        let started = Instant::now();
        let state = Mutex::new(State::new(channel, is_up.then_some(started)));
        Arc::new(Self {
            context,
            id: channel.into(),
            started,
            state,
            changed: Notify::new(),
            feed: Mutex::new(Feed::Unused),
            keys: Mutex::default(),
            handling: Pending::default(),
            placing,
        })
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
        self.changed.notify_waiters();
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

    /// The end of the call, if that is what has just ended a playback.
    pub(crate) async fn hangs_up(&self) -> Option<End> {
        self.wait_for(HANGUP, |state| state.end.clone()).await
    }

    /// Whether the end of the call is what ended a recording whose end was reported at this time.
    pub(crate) async fn hangs_up_after(&self, over: Option<Instant>) -> bool {
        let Some(ended) = self.wait_for(HANGUP, |state| state.ended).await else { return false };
        over.is_none_or(|over| ended.saturating_duration_since(over) <= HANGUP)
    }

    /// Waits until the caller has left the bridges that have ended or are about to, and those of media that have ended:
    /// Asterisk may report no end of what begins while the caller leaves a bridge.
    pub(crate) async fn out_of_bridges(&self) {
        let is_out = |state: &State| {
            let is_out = !state.bridges.iter().any(|bridge| bridge.parties != Parties::Legs && bridge.is_ending);
            // Asterisk replies to the request to destroy a bridge before its channels have left.
            let is_out = is_out && !state.inside.as_deref().is_some_and(|inside| self.is_past_bridge(state, inside));
            #[cfg(feature = "media")]
            let is_out = is_out && !state.connected_media.iter().any(|(_, media)| media.is_ending());
            is_out
        };
        if self.read(is_out) {
            return;
        }
        if Box::pin(self.wait_for(LEAVING, |state| is_out(state).then_some(()))).await.is_none() {
            // The event that it has left fell into a gap: that delays one verb, not all.
            self.change(|state| state.inside = None);
        }
    }

    /// Whether a bridge was one of the application, which has ended.
    fn is_past_bridge(&self, state: &State, id: &str) -> bool {
        self.context.ids.is_own(id) && !state.bridges.iter().any(|bridge| *bridge.id == *id)
    }

    async fn until<T>(&self, mut find: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Before the look, so that no change is missed.
            changed.as_mut().enable();
            if let Some(found) = self.read(&mut find) {
                return found;
            }
            changed.await;
        }
    }

    /// The error that a failed request means for the handler.
    ///
    /// A channel that hangs up makes requests fail before the event says so.
    pub(crate) fn explain(&self, error: Error) -> Pin<Box<dyn Future<Output = CallError> + Send + '_>> {
        // Boxed, because it is rarely needed, and its size would be that of every verb.
        Box::pin(async move {
            let is_suspect = may_be_an_end(&error);
            let limit = if is_suspect { EXPLANATION } else { Duration::ZERO };
            if let Some(end) = self.wait_for(limit, |state| state.end.clone()).await {
                return CallError::Ended(end);
            }
            // Events of a busy server may take longer.
            if is_suspect && self.is_gone().await {
                self.end(End::new(EndReason::HungUp, None));
            }
            self.check().err().unwrap_or(CallError::Ari(error))
        })
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

    /// Whether a channel is one of the call's. The legs of an outgoing call are not until one becomes the call.
    pub(crate) fn serves(&self, channel: &str) -> bool {
        self.placing.is_none() && self.read(|state| state.has(channel))
    }

    /// Gives a channel to another call. Returns whether it was one of this call's.
    pub(crate) fn give(&self, channel: &str) -> bool {
        let is_given = self.change(|state| state.give(channel));
        if is_given {
            self.context.unroute(channel, self);
        }
        if self.read(|state| state.end.is_some()) {
            self.close_feed();
        }
        is_given
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
        if let Event::ChannelTransfer(transfer) = event {
            self.answer_transfer(transfer);
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

    /// Refuses a transfer that comes too late for the verb that has waited for it.
    fn answer_transfer(&self, transfer: &events::ChannelTransfer) {
        let phone = &transfer.referred_by.source_channel.id;
        let is_refused = self.read(|state| match &state.transfers {
            Transfers::Refused => true,
            // That of the other party was first.
            Transfers::Requested(first) => first.referred_by.source_channel.id != *phone,
            Transfers::Ignored | Transfers::Awaited => false,
        });
        if is_refused && transfer.state.is_none() {
            self.refuse_transfer(phone);
        }
    }

    /// Refuses the transfer that a phone asks for, in the background.
    pub(crate) fn refuse_transfer(&self, phone: &ChannelId) {
        let phone = self.context.ari.channel(phone);
        // The phone may have hung up.
        self.context.spawn(async move { drop(phone.transfer_progress(REFUSED).await) });
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
    use futures_util::FutureExt as _;

    use super::*;
    use crate::context::tests::context;
    use crate::state;

    #[tokio::test]
    async fn bridge_without_the_caller_delays_nothing() {
        let session = Session::new(context(), "1", true);
        for parties in [Parties::Legs, Parties::Caller] {
            let bridge = state::Bridge { is_ending: true, ..state::Bridge::new("2".into(), parties) };
            session.change(|state| state.bridges.push(bridge));
            assert_eq!(session.out_of_bridges().now_or_never().is_none(), parties == Parties::Caller);
        }
    }

    #[tokio::test]
    async fn caller_who_has_not_left_a_destroyed_bridge_delays_what_begins() {
        let session = Session::new(context(), "1", true);
        let bridge = session.context.ids.next(Kind::Bridge);
        let mut entered = events::ChannelEnteredBridge::default();
        entered.bridge.id = (&*bridge).into();
        let mut left = events::ChannelLeftBridge::default();
        left.bridge.id = (&*bridge).into();
        left.channel.id = "1".into();
        entered.channel = Some(left.channel.clone());
        session.change(|state| state.bridges.push(state::Bridge::new(bridge, Parties::Caller)));
        session.apply(&Event::ChannelEnteredBridge(Box::new(entered)));
        assert!(session.out_of_bridges().now_or_never().is_some(), "a bridge that exists delays nothing");
        session.change(|state| state.bridges.clear());
        assert!(session.out_of_bridges().now_or_never().is_none());
        session.apply(&Event::ChannelLeftBridge(Box::new(left)));
        assert!(session.out_of_bridges().now_or_never().is_some());
    }

    #[tokio::test]
    async fn events_close_with_the_call() {
        let session = Session::new(context(), "1", false);
        let mut before = session.subscribe();
        session.end(End::new(EndReason::Gone, None));
        assert!(before.recv().await.is_err());
        assert!(session.subscribe().recv().await.is_err());
    }
}
