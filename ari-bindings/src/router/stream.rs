//! The receiving end of a stream.

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::{Mutex, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep_until};

use super::route::Left;
use super::{Kind, Routes, forget};
use crate::Event;

/// How long the end of a channel that hung up may follow its `StasisEnd`. Asterisk sends both within milliseconds.
const DESTROYED_TIMEOUT: Duration = Duration::from_secs(1);

/// The events of one channel or bridge, as [`EventRouter::route`](crate::EventRouter::route) distributes them; also a
/// [`Stream`].
///
/// # When it ends
///
/// The stream of a channel ends after:
///
/// - the `StasisEnd` of a channel that leaves the application without hanging up, for the dialplan or another
///   application. Asterisk need not report anything else about it.
/// - the `ChannelDestroyed`, which has the cause, of a channel that hangs up (a `ChannelHangupRequest` has come before
///   the `StasisEnd`) or that never was in the application. Asterisk sends it only where something subscribes to the
///   channel, as `originate` does. So the stream waits for it for one second after the `StasisEnd`, and then ends
///   without it.
///
/// A `StasisEnd` for another application than the one that the last `StasisStart` named ends nothing: when a channel
/// moves between two applications of one connection, the new start may come before the old end. The stream then
/// continues with the new application. The other way round, it ends with the old one.
///
/// The stream of a bridge ends after its `BridgeDestroyed`.
///
/// Both end when a gap in the events shows that the channel or bridge is gone, when
/// [`EventRouter::close`](crate::EventRouter::close) is called, and when all clones of the router are dropped.
///
/// What is gone after a gap is reported by [`Event::Resynced`], so enable
/// [`EventsBuilder::resync`](crate::EventsBuilder::resync). Without it, only a restart of Asterisk ends streams, and the
/// task of a caller who hung up during the gap waits indefinitely. A stream for which no event has come ends, too, if
/// it was opened before the gap and Asterisk has no such channel or bridge: the call was made and ended meanwhile, or
/// never was.
///
/// # Limits
///
/// A stream holds 1000 events. Further ones are left out, and an [`Event::Dropped`] reports that in their place.
/// Dropping the stream closes it.
pub struct RoutedEvents {
    kind: Kind,
    id: Box<str>,
    events: mpsc::Receiver<Event>,
    left: Left,
    timer: Option<Pin<Box<Sleep>>>,
    routes: Weak<Mutex<Routes>>,
}

impl RoutedEvents {
    pub(super) fn new(
        kind: Kind,
        id: &str,
        events: mpsc::Receiver<Event>,
        left: Left,
        routes: Weak<Mutex<Routes>>,
    ) -> Self {
        Self { kind, id: id.into(), events, left, timer: None, routes }
    }

    /// The id of the channel or bridge.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The next event; `None` at the end of the stream.
    ///
    /// It is cancel safe: an event is never lost.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Poll::Ready(event) = self.events.poll_recv(cx) {
            return Poll::Ready(event);
        }
        // It is set before the `StasisEnd` is sent, and that wakes this task.
        let Some(left) = self.left.get() else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(*left + DESTROYED_TIMEOUT)));
        ready!(timer.as_mut().poll(cx));
        self.events.close();
        self.events.poll_recv(cx)
    }
}

impl Drop for RoutedEvents {
    fn drop(&mut self) {
        self.events.close();
        forget(&self.routes, self.kind, &self.id);
    }
}

impl Stream for RoutedEvents {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.get_mut().poll(cx)
    }
}

impl fmt::Debug for RoutedEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutedEvents").field("kind", &self.kind).field("id", &self.id).finish_non_exhaustive()
    }
}
