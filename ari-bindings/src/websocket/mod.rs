//! The event connection: a task that reads, a queue, and the program's end of it.

mod connect;
mod handshake;
mod heartbeat;
mod queue;
mod reader;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::{fmt, io};

use futures_core::Stream;
use tokio::task::JoinHandle;

pub use connect::Connect;

use crate::Error;
use crate::generated::events::Event;
use queue::{Frame, Queue, Taken};

/// The events of some applications; [`Client::events`](crate::Client::events) connects.
///
/// A task of its own reads them from the connection as they come, so that Asterisk, which
/// disconnects who is slow to read, never waits for the program; they are decoded when the program
/// takes them. Events come in the order in which Asterisk sent them, and none is left out.
///
/// When the connection ends, whatever the cause, the program still gets what has come until then,
/// then one [`Error::Disconnected`], and then `None`. To go on, connect again; what happened in
/// between is lost, so it is wise to look at `ari.channels().list()` then.
///
/// Dropping it closes the connection in the background; [`Events::close`] does so in the
/// foreground. Close one before connecting the same applications again: Asterisk may otherwise
/// take the end of the old connection for that of the new one, which then hears nothing.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Event;
///
/// let mut events = ari.events(["hello-world"]).await?;
/// while let Some(event) = events.next().await {
///     match event? {
///         Event::StasisStart(start) => println!("{} comes", start.channel.id),
///         Event::Unknown(event) => println!("{} is new: {}", event.kind(), event.raw()),
///         Event::Undecodable(event) => println!("{}: {}", event.reason(), event.raw()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// A program that outlives its server connects again, for as long as that makes sense:
///
/// ```no_run
/// # async fn handle(event: ari_bindings::Event) {}
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Error;
///
/// loop {
///     match ari.events(["hello-world"]).await {
///         Ok(mut events) => {
///             while let Some(Ok(event)) = events.next().await {
///                 handle(event).await;
///             }
///         }
///         Err(Error::Connect { .. }) => {}
///         Err(error) => return Err(error),
///     }
///     tokio::time::sleep(std::time::Duration::from_secs(1)).await;
/// }
/// # }
/// ```
#[must_use = "dropping it closes the connection"]
pub struct Events {
    queue: Arc<Queue>,
    /// Frames taken from the queue and not yet given out.
    taken: VecDeque<Frame>,
    /// The frame given out last.
    last: Option<Frame>,
    ended: bool,
    reader: JoinHandle<()>,
}

impl Events {
    fn new(queue: Arc<Queue>, reader: JoinHandle<()>) -> Self {
        Self { queue, taken: VecDeque::new(), last: None, ended: false, reader }
    }

    /// The next event; `None` after the end.
    ///
    /// Giving up the wait, as `select!` and timeouts do, loses nothing.
    pub async fn next(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The text of the event that [`Events::next`] has given out last, as it came. There is none
    /// of a binary frame.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        match &self.last {
            Some(Frame::Text(text)) => Some(text),
            Some(Frame::Binary(_)) | None => None,
        }
    }

    /// Closes the connection, and waits for the server to confirm that, for 2 s at most.
    ///
    /// The events that have come until then can still be taken; after them comes `None`, without
    /// an error.
    pub async fn close(&mut self) {
        self.queue.ask_to_close();
        if !self.reader.is_finished() {
            // The task only fails if its runtime is gone, and the connection with it.
            let _ = (&mut self.reader).await;
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        loop {
            if let Some(frame) = self.taken.pop_front() {
                self.queue.release(&frame);
                let event = match &frame {
                    Frame::Text(text) => Event::from_text(text),
                    Frame::Binary(bytes) => Event::from_binary(bytes),
                };
                self.last = Some(frame);
                return Poll::Ready(Some(Ok(event)));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if let Taken::End(reason) = ready!(self.queue.poll_take(cx, &mut self.taken)) {
                self.ended = true;
                self.last = None;
                return Poll::Ready(reason.map(|reason| Err(Error::Disconnected { reason })));
            }
        }
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
        self.queue.ask_to_close();
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

/// Why an event connection has ended without the program asking for it.
#[derive(Debug)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server has closed it, as it does when it shuts down.
    #[non_exhaustive]
    ClosedByServer {
        /// The status code of the Close frame, if it has one.
        code: Option<u16>,
        /// The reason in the Close frame; usually empty.
        reason: Box<str>,
    },
    /// The connection broke.
    ConnectionLost(io::Error),
    /// The server did not answer a ping: it, or the network on the way, is gone.
    PingTimeout,
    /// The program took events more slowly than they came, until more bytes waited than
    /// [`Connect::buffer_limit`] allows. Those that waited were still given out.
    #[non_exhaustive]
    Overflow {
        /// How many bytes waited.
        bytes: usize,
    },
    /// The server has sent something that is against the WebSocket protocol.
    #[non_exhaustive]
    Protocol {
        /// What it was.
        reason: Box<str>,
    },
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByServer { code, reason } => {
                f.write_str("closed by the server")?;
                if let Some(code) = code {
                    write!(f, " with code {code}")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::ConnectionLost(error) => write!(f, "connection lost: {error}"),
            Self::PingTimeout => f.write_str("the server did not answer a ping in time"),
            Self::Overflow { bytes } => {
                write!(f, "the program is too slow: {bytes} bytes of events waited for it")
            }
            Self::Protocol { reason } => write!(f, "not the WebSocket protocol: {reason}"),
        }
    }
}
