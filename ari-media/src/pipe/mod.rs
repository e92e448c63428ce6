//! What lies between the program and a transport: samples on their way out, frames on their way in.
//!
//! A transport is a task that owns a socket and one end of a [`Pipe`]. It takes samples from the [`Outbox`] when it may
//! send, reports what has been heard, and pushes what it receives into the [`Inbox`].

pub(crate) mod inbox;
pub(crate) mod outbox;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::Format;
use crate::stats::Stats;
use inbox::Inbox;
use outbox::Outbox;

/// How many DTMF digits wait for a slow reader.
const MOST_DIGITS: usize = 64;

/// Shared by the program's handles and the task of the transport.
pub(crate) struct Pipe {
    pub(crate) format: Format,
    pub(crate) out: Outbox,
    pub(crate) inbox: Inbox,
    pub(crate) stats: Stats,
    digits: Mutex<Option<broadcast::Sender<char>>>,
}

impl Pipe {
    pub(crate) fn new(config: &MediaConfig) -> Result<Arc<Self>, MediaError> {
        config.check()?;
        Ok(Arc::new(Self {
            format: config.format,
            out: Outbox::new(config),
            inbox: Inbox::new(config)?,
            stats: Stats::default(),
            digits: Mutex::new(Some(broadcast::channel(MOST_DIGITS).0)),
        }))
    }

    /// Hands a DTMF digit to the program.
    pub(crate) fn digit(&self, digit: char) {
        if let Some(digits) = &*lock(&self.digits) {
            // Nobody may be listening.
            let _ = digits.send(digit);
        }
    }

    pub(crate) fn digits(&self) -> broadcast::Receiver<char> {
        let closed = || broadcast::channel(1).1;
        lock(&self.digits).as_ref().map_or_else(closed, broadcast::Sender::subscribe)
    }

    /// Ends both directions, for the reason of `result`. The transport calls it last.
    pub(crate) fn end(&self, result: Result<(), MediaError>) {
        self.out.end();
        self.inbox.end(result);
        lock(&self.digits).take();
    }
}

/// The transport's end of a pipe, which ends in every case: also when the task panics or is cancelled.
pub(crate) struct TransportEnd(pub(crate) Arc<Pipe>);

impl std::ops::Deref for TransportEnd {
    type Target = Pipe;

    fn deref(&self) -> &Pipe {
        &self.0
    }
}

impl Drop for TransportEnd {
    fn drop(&mut self) {
        // Has no effect after an end with a reason.
        self.0.end(Err(MediaError::from(io::Error::other("the task of the connection was cancelled"))));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
