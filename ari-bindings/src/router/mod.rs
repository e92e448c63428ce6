//! What happens to each channel, for the task that looks after it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{Dropped, Event};

/// How many events wait in an inbox.
const MOST_WAITING: usize = 1000;

/// EventRouter for the events of single channels, so that each call can be a task of its own.
///
/// The program's one loop over [`Events`](crate::Events) hands each event to [`EventRouter::deliver`], which puts it into
/// the inbox of its channel, or gives it back where that has none. Clones are of the same inboxes.
///
/// ```no_run
/// use ari_bindings::handles::ChannelHandle;
/// use ari_bindings::{Client, Error, Event, RoutedEvents, EventRouter};
///
/// async fn serve(ari: Client) -> Result<(), Error> {
///     let mut events = ari.events(["echo-keys"]).resync(true).await?;
///     let router = EventRouter::new();
///     while let Some(event) = events.next().await {
///         let event = event?;
///         if let Event::StasisStart(start) = &event {
///             if let Some(inbox) = router.open(&start.channel.id) {
///                 tokio::spawn(echo_keys(ari.channel(&start.channel), inbox));
///             }
///         }
///         if let Some(event) = router.deliver(event) {
///             println!("concerns no call: {}", event.kind());
///         }
///     }
///     Ok(())
/// }
///
/// /// Says every key that the caller presses, until the call is over.
/// async fn echo_keys(channel: ChannelHandle, mut inbox: RoutedEvents) -> Result<(), Error> {
///     channel.answer().await?;
///     while let Some(event) = inbox.next().await {
///         if let Event::ChannelDtmfReceived(dtmf) = event {
///             channel.play([format!("digits:{}", dtmf.digit)]).await?;
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Default)]
pub struct EventRouter {
    open: Arc<Mutex<Open>>,
}

/// Slots by channel id.
type Open = HashMap<Box<str>, Slot>;

/// The events of one channel, as [`EventRouter::deliver`] puts them in; also a [`Stream`].
///
/// It ends after the `StasisEnd` of the channel, which comes when it hangs up, goes back into the dialplan or to another
/// application; after its `ChannelDestroyed`, if it never was in the application; when it is found to be gone after a
/// gap in the events; and when [`EventRouter::close`] was called or all clones of the [`EventRouter`] are gone.
///
/// Which channels are gone after a gap is told by [`Event::Resynced`], so ask for it by
/// [`EventsBuilder::resync`](crate::EventsBuilder::resync): without it only a restart of Asterisk ends inboxes, and the task of a
/// caller who has hung up in the gap waits for ever.
///
/// At most 1000 events wait. Further ones are left out, and an [`Event::Dropped`] says so in their place. Dropping an
/// inbox closes it.
pub struct RoutedEvents {
    channel_id: Box<str>,
    events: mpsc::Receiver<Event>,
    open: Weak<Mutex<Open>>,
}

/// Where an inbox is filled.
struct Slot {
    events: mpsc::Sender<Event>,
    /// What was left out and not told yet.
    dropped: Dropped,
}

impl EventRouter {
    /// None is open yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the inbox of a channel; `None` if there is one.
    ///
    /// It holds what is delivered from then on. To miss nothing of a channel that the program makes, choose its id,
    /// and open its inbox before: events may come before the reply to `originate`. The `StasisStart` of that channel
    /// then finds it open.
    #[must_use = "dropping an inbox closes it"]
    pub fn open(&self, channel_id: impl AsRef<str>) -> Option<RoutedEvents> {
        let channel_id: Box<str> = channel_id.as_ref().into();
        let mut open = lock(&self.open);
        let Entry::Vacant(place) = open.entry(channel_id.clone()) else { return None };
        let (sender, events) = mpsc::channel(MOST_WAITING + 1);
        place.insert(Slot::new(sender));
        Some(RoutedEvents { channel_id, events, open: Arc::downgrade(&self.open) })
    }

    /// Puts an event into the inbox of [its channel](Event::channel_id), and closes that with the channel's end. It
    /// comes back if there is no such inbox.
    ///
    /// What tells of gaps in the events concerns every channel: a copy of it is put into each inbox, and it comes back,
    /// too. Then the inboxes of channels that are gone are closed: all there are after a restart of Asterisk
    /// ([`Reconnected`](crate::Reconnected)), those that [`Event::Resynced`] names otherwise.
    #[must_use = "it comes back if it has no inbox"]
    pub fn deliver(&self, event: Event) -> Option<Event> {
        let mut open = lock(&self.open);
        if is_notice(&event) {
            open.retain(|id, slot| slot.put(event.clone()).is_ok() && !is_end_of(id, &event));
            return Some(event);
        }
        let Some(id) = event.channel_id() else { return Some(event) };
        let Some(slot) = open.get_mut(id) else { return Some(event) };
        let id: Box<str> = id.into();
        let is_end = is_end(&event);
        let left = slot.put(event).err();
        if is_end || left.is_some() {
            open.remove(&id);
        }
        left
    }

    /// Ends all inboxes, once what waits in them is read.
    pub fn close(&self) {
        lock(&self.open).clear();
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_notice(event: &Event) -> bool {
    if matches!(event, Event::Resynced(_)) {
        return true;
    }
    matches!(event, Event::Disconnected(_) | Event::Reconnected(_) | Event::Dropped(_))
}

/// Whether nothing more comes of its channel.
fn is_end(event: &Event) -> bool {
    matches!(event.kind(), "StasisEnd" | "ChannelDestroyed")
}

/// Whether the channel is gone, as this notice shows.
fn is_end_of(channel_id: &str, notice: &Event) -> bool {
    match notice {
        Event::Reconnected(gap) => gap.restarted == Some(true),
        Event::Resynced(resync) => resync.channels.vanished.iter().any(|gone| gone == channel_id),
        _ => false,
    }
}

impl Slot {
    fn new(events: mpsc::Sender<Event>) -> Self {
        Self { events, dropped: Dropped::default() }
    }

    /// Puts an event in, or counts it if there is no room. It comes back if nobody has the inbox any more.
    fn put(&mut self, event: Event) -> Result<(), Event> {
        if self.events.is_closed() {
            return Err(event);
        }
        // One place stays free, to tell at the end what was left out.
        let taken = if self.dropped.events > 0 { 2 } else { 1 };
        if self.events.capacity() <= taken {
            self.leave_out(&event);
            return Ok(());
        }
        self.tell_dropped();
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

    fn tell_dropped(&mut self) {
        if self.dropped.events > 0 {
            // Who has dropped the inbox meanwhile need not hear of it.
            let _ = self.events.try_send(Event::Dropped(Box::new(self.dropped)));
            self.dropped = Dropped::default();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.tell_dropped();
    }
}

impl RoutedEvents {
    /// The channel whose events it holds.
    #[must_use]
    pub fn channel_id(&self) -> &str {
        &self.channel_id
    }

    /// The next event; `None` once the channel has ended, and everything is read.
    ///
    /// Waiting for it can be given up at any moment: none is lost.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for RoutedEvents {
    fn drop(&mut self) {
        self.events.close();
        let Some(open) = self.open.upgrade() else { return };
        let mut open = lock(&open);
        // If it was closed by the end of its channel, another may be open since.
        if open.get(&self.channel_id).is_some_and(|slot| slot.events.is_closed()) {
            open.remove(&self.channel_id);
        }
    }
}

impl Stream for RoutedEvents {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().events.poll_recv(cx)
    }
}

impl fmt::Debug for EventRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRouter").field("open", &lock(&self.open).keys().collect::<Vec<_>>()).finish()
    }
}

impl fmt::Debug for RoutedEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutedEvents").field("channel_id", &self.channel_id).finish_non_exhaustive()
    }
}
