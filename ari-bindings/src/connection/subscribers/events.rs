use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::connection::Connection;
use super::frame::Frame;
use super::hub::Hub;
use super::queue::{Queue, Taken};
use crate::resync::{Resync, Tracker};
use crate::{Error, Event};

/// After how many bytes of events the returned ones are counted off: with each one, two processors would wait for each
/// other.
const MOST_UNCOUNTED: usize = 16 << 10;

/// The events of some applications; [`Client::events`](crate::Client::events) connects.
///
/// A task of the connection drains the socket, so that Asterisk, which disconnects clients that read too slowly, does
/// not wait for a busy program. Events are decoded when the program takes them. They come in the order in which
/// Asterisk sent them, and none is left out.
///
/// # When the connection is lost
///
/// It is re-established, indefinitely unless [`EventsBuilder::reconnect`](crate::EventsBuilder::reconnect) says
/// otherwise. Asterisk keeps no events meanwhile, so the stream marks the gap: [`Event::Disconnected`] comes at once,
/// with the reason, and [`Event::Reconnected`] when events come again. The calls on the server continue all the time.
/// [`Events::resync`] reports what is different after a gap; with
/// [`EventsBuilder::resync`](crate::EventsBuilder::resync), an [`Event::Resynced`] follows each [`Event::Reconnected`].
///
/// If reconnecting cannot help, or is not wanted, the stream ends: the program still gets what has come until then,
/// then one error, and then `None`. So `?` on an event ends a program only when there is nothing to wait for.
///
/// # When another connection takes over an application
///
/// Asterisk sends an [`ApplicationReplaced`](crate::events::ApplicationReplaced), and this connection continues without
/// the application, also after a loss. Once it has none left, it ends with
/// [`DisconnectReason::Replaced`](crate::DisconnectReason::Replaced): two clients do not fight for an application.
///
/// # Closing
///
/// Dropping the last `Events` of a connection closes it in the background; [`Events::close`] does so in the
/// foreground. Close one before connecting the same applications again: Asterisk may otherwise take the end of the old
/// connection for that of the new one, which then receives nothing.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Event;
///
/// let mut events = ari.events("hello-world").await?;
/// while let Some(event) = events.next().await {
///     match event? {
///         Event::StasisStart(start) => println!("{} comes", start.channel.id),
///         Event::Disconnected(gap) => println!("{gap}: events are missing from here"),
///         Event::Reconnected(gap) => println!("{gap}: {} s of events are missing", gap.lasted.as_secs()),
///         Event::Unknown(event) => println!("{} is new: {}", event.kind(), event.raw()),
///         Event::Undecodable(event) => println!("{}: {}", event.reason(), event.raw()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it closes the connection"]
pub struct Events {
    hub: Arc<Hub>,
    queue: Arc<Queue>,
    /// Frames taken from the queue and not yet returned.
    taken: VecDeque<Frame>,
    /// The frame returned last.
    last: Option<Frame>,
    /// What was returned and not yet counted off: events and bytes.
    given_out: (u64, usize),
    ended: bool,
    tracker: Tracker,
}

impl Events {
    pub(in crate::connection) fn new(hub: Arc<Hub>, queue: Queue, tracker: Tracker) -> Self {
        let queue = hub.join(queue);
        Self { hub, queue, taken: VecDeque::new(), last: None, given_out: (0, 0), ended: false, tracker }
    }

    /// The next event; `None` after the end.
    ///
    /// It is cancel safe: giving up the wait, as `select!` and timeouts do, loses nothing.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The text of the event that [`Events::next`] returned last, as it came. Binary frames and notices about the
    /// connection have none.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        self.last.as_ref()?.raw()
    }

    /// The connection that the events come from: its state, its statistics, and more subscribers.
    #[must_use]
    pub fn connection(&self) -> Connection {
        Connection::new(&self.hub, self.queue.settings(), &self.tracker)
    }

    /// Asks the server for what there is, and returns where it differs from what this stream has shown so far.
    ///
    /// See [`Resync`] for what that covers. From then on, what the server has answered counts as shown.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// use ari_bindings::Event;
    ///
    /// let mut events = ari.events("hello-world").await?;
    /// while let Some(event) = events.next().await {
    ///     if let Event::Reconnected(_) = event? {
    ///         let resync = events.resync().await?;
    ///         for id in resync.channels.vanished {
    ///             println!("{id} has hung up meanwhile");
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resync(&mut self) -> Result<Resync, Error> {
        let apps = self.hub.apps().own().to_vec();
        self.tracker.resync(apps).await
    }

    /// Closes the connection for all its subscribers, and waits for the server to confirm that, for a few seconds at
    /// most.
    ///
    /// The events that have come until then, as far as the buffer has room for them, can still be taken; after them
    /// comes `None`, without an error.
    pub async fn close(&mut self) {
        self.connection().close().await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        loop {
            if let Some(report) = ready!(self.tracker.poll_report(cx)) {
                self.last = None;
                return Poll::Ready(Some(Ok(report)));
            }
            if let Some(frame) = self.taken.pop_front() {
                return Poll::Ready(Some(Ok(self.give_out(frame))));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if let Taken::End(error) = ready!(self.queue.poll_take(cx, &mut self.taken)) {
                self.ended = true;
                self.last = None;
                return Poll::Ready(error.map(Err));
            }
        }
    }

    fn give_out(&mut self, frame: Frame) -> Event {
        self.given_out.0 += 1;
        self.given_out.1 += frame.size();
        if self.taken.is_empty() || self.given_out.1 >= MOST_UNCOUNTED || self.queue.is_full() {
            self.count_off();
        }
        let event = frame.event();
        if let Event::Undecodable(_) = event {
            self.hub.counters.undecodable();
        }
        self.tracker.note(&event, frame.raw().unwrap_or_default(), || self.hub.apps().own().to_vec());
        self.last = Some(frame);
        event
    }

    fn count_off(&mut self) {
        let (events, bytes) = std::mem::take(&mut self.given_out);
        self.queue.release(bytes);
        self.hub.counters.delivered(events);
    }
}

impl Connection {
    /// Another subscriber: it gets every event from now on, through its own queue with the same limit.
    ///
    /// A subscriber that is too slow concerns only itself, except that the connection waits for it as its
    /// [`OverflowPolicy`](crate::OverflowPolicy) says.
    pub fn subscribe(&self) -> Events {
        let (limit, policy) = self.settings;
        Events::new(Arc::clone(&self.hub), Queue::new(limit, policy), self.tracker.afresh())
    }
}

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.count_off();
        self.hub.leave(&self.queue);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("ended", &self.ended)
            .field("queued_bytes", &self.queue.bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::Instant;

    use super::*;
    use crate::{Client, OverflowPolicy};

    fn events(limit: usize) -> (Arc<Hub>, Events) {
        let client = Client::builder("http://localhost/ari").build().unwrap();
        let hub = Arc::new(Hub::new(Vec::new(), None));
        let queue = Queue::new(limit, OverflowPolicy::Fail);
        (Arc::clone(&hub), Events::new(hub, queue, Tracker::new(client, false)))
    }

    fn test_frame() -> Frame {
        Frame::text(r#"{"type":"Test"}"#, None)
    }

    #[tokio::test(start_paused = true)]
    async fn program_that_takes_an_event_every_20_ms_survives_a_burst() {
        let (hub, mut events) = events(20_000);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            // The connection reads as much as it may.
            while hub.poll_room(cx).is_ok() && hub.has_subscribers() {
                hub.push(&mut VecDeque::from([test_frame()]));
            }
            tokio::time::advance(Duration::from_millis(20)).await;
            let event = events.next().now_or_never().flatten();
            assert!(matches!(event, Some(Ok(_))), "{event:?}");
            assert!(hub.has_subscribers(), "ended after {:?}", start.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn connection_reads_little_ahead_of_a_program_that_takes_events() {
        let (hub, mut events) = events(64 << 20);
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        let frame = || Frame::text(&format!(r#"{{"type":"Test","padding":"{}"}}"#, "x".repeat(16 << 10)), None);
        let mut most = 0;
        for _ in 0..1_000 {
            while hub.poll_room(cx).is_ok() {
                hub.push(&mut VecDeque::from([frame()]));
            }
            most = most.max(events.queue.bytes());
            assert!(events.next().now_or_never().is_some());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!((1 << 20..2 << 20).contains(&most), "{most}");
    }

    #[tokio::test]
    async fn dropped_stream_keeps_no_frames() {
        let (_hub, events) = events(20_000);
        let (connection, queue) = (events.connection(), Arc::downgrade(&events.queue));
        drop(events);
        assert!(queue.upgrade().is_none());
        drop(connection);
    }
}
