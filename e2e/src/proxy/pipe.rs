//! One direction of a proxied connection.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// The number of bytes read ahead, in addition to the system's buffers.
const READ_AHEAD: usize = 64 * 1024;

/// How bytes are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Forwarded.
    Pass,
    /// Not read.
    Stall,
    /// Read and discarded, until the connection ends.
    Swallow,
}

/// How bytes are forwarded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) delay: Duration,
}

/// The outcome of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that affects the connection.
    On,
    /// The source has sent its last byte.
    Read,
    /// Everything that the source has sent has been forwarded; the sink can be closed.
    End,
    /// One end was reset.
    Broken,
    /// The limit of bytes has been reached.
    Spent,
}

/// The bytes of one read; none at the end of the source.
#[derive(Debug)]
struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) settings: Settings,
    /// How many more bytes may pass, if limited.
    pub(super) left: Option<usize>,
    queue: VecDeque<Chunk>,
    queued: usize,
    /// The source has ended.
    has_read: bool,
    /// The sink has been closed.
    is_done: bool,
}

impl Pipe {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, left: None, queue: VecDeque::new(), queued: 0, has_read: false, is_done: false }
    }

    pub(super) fn is(&self, mode: Mode) -> bool {
        self.settings.mode == mode
    }

    /// Changes the mode, unless the pipe discards data: that mode is final.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        if self.settings.mode != Mode::Swallow {
            self.settings.mode = mode;
        }
        if mode == Mode::Swallow {
            self.queue.clear();
            self.queued = 0;
        }
    }

    /// Whether this direction has ended.
    pub(super) fn is_over(&self) -> bool {
        self.has_read && (self.is_done || self.is(Mode::Swallow))
    }

    /// Waits until it can read or write, and does so. Cancel safe.
    pub(super) async fn step(&mut self, from: Option<&TcpStream>, to: Option<&TcpStream>) -> Step {
        let reads = !self.has_read && !self.is(Mode::Stall) && (self.is(Mode::Swallow) || self.queued < READ_AHEAD);
        let due = self.queue.front().map(|chunk| chunk.due).filter(|_| self.is(Mode::Pass));
        tokio::select! {
            biased;
            result = writable(to, due) => result.and_then(|to| self.write(to)),
            result = readable(from.filter(|_| reads)) => result.and_then(|from| self.read(from)),
        }
        .unwrap_or_else(|_| {
            self.has_read = true;
            Step::Broken
        })
    }

    fn read(&mut self, from: &TcpStream) -> io::Result<Step> {
        let mut buffer = [0; 16 * 1024];
        let length = match from.try_read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Step::On),
            result => result?,
        };
        if !self.is(Mode::Swallow) {
            self.queue.push_back(Chunk { due: Instant::now() + self.settings.delay, bytes: buffer[..length].to_vec() });
            self.queued += length;
        }
        self.has_read = length == 0;
        Ok(if self.has_read { Step::Read } else { Step::On })
    }

    fn write(&mut self, to: &TcpStream) -> io::Result<Step> {
        let Some(chunk) = self.queue.front_mut() else { return Ok(Step::On) };
        if chunk.bytes.is_empty() {
            self.queue.pop_front();
            self.is_done = true;
            return Ok(Step::End);
        }
        let allowed = chunk.bytes.len().min(self.left.unwrap_or(usize::MAX));
        let written = match to.try_write(&chunk.bytes[..allowed]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Step::On),
            result => result?,
        };
        chunk.bytes.drain(..written);
        self.queued -= written;
        if chunk.bytes.is_empty() {
            self.queue.pop_front();
        }
        let Some(left) = &mut self.left else { return Ok(Step::On) };
        *left -= written;
        Ok(if *left == 0 { Step::Spent } else { Step::On })
    }
}

async fn readable(from: Option<&TcpStream>) -> io::Result<&TcpStream> {
    let Some(from) = from else { return pending().await };
    from.readable().await?;
    Ok(from)
}

/// Waits until the chunk is due and the sink is writable.
async fn writable(to: Option<&TcpStream>, due: Option<Instant>) -> io::Result<&TcpStream> {
    let (Some(to), Some(due)) = (to, due) else { return pending().await };
    sleep_until(due).await;
    to.writable().await?;
    Ok(to)
}
