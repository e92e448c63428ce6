//! Whose turn it is to read the WebSocket.
//!
//! A program that waits for events reads them by itself: what one processor reads and another decodes has to cross
//! from one to the other, which costs more than either. As soon as the program is busy with something else, the task
//! of the connection reads, for Asterisk must not wait.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::{Instant, Sleep, sleep};

/// How long the program may leave unread what has come. Asterisk throws a client out that takes nothing for 100 ms.
const PATIENCE: Duration = Duration::from_millis(10);

/// How many bytes a program has to read in that time if it does not get to the end of what has come: more than Asterisk
/// can send.
const ENOUGH: u64 = 1 << 20;

/// Wakes whoever may have to read.
#[derive(Default)]
pub(super) struct Readiness {
    /// Whether it is the program's turn.
    is_program: AtomicBool,
    /// Whether something may have come that nobody has read.
    unread: AtomicBool,
    /// Whether the task of the connection will have a look by itself.
    watched: AtomicBool,
    program: AtomicWaker,
    connection: AtomicWaker,
}

impl Wake for Readiness {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.program.wake();
        self.leave_unread();
    }
}

impl Readiness {
    /// The program is at it: it reads as soon as it has taken what waits.
    pub(super) fn give_to_program(&self) {
        self.is_program.store(true, Ordering::Relaxed);
    }

    /// There is something to be read, and the connection has to see to it that somebody does.
    fn leave_unread(&self) {
        self.unread.store(true, Ordering::SeqCst);
        if !self.watched.load(Ordering::SeqCst) {
            self.connection.wake();
        }
    }

    /// No program reads by itself.
    pub(super) fn give_to_connection(&self) {
        if self.is_program.swap(false, Ordering::Relaxed) {
            self.connection.wake();
        }
    }
}

/// Whose turn it is, and what has become of the last one.
pub(super) struct Turn {
    readiness: Arc<Readiness>,
    waker: Waker,
    /// Whether the program has read all there was since it was looked after.
    drained: bool,
    /// How many bytes it has read since then.
    read: u64,
    /// When it is looked after.
    watch: Option<Pin<Box<Sleep>>>,
}

impl Turn {
    /// It is the connection's.
    pub(super) fn new(readiness: &Arc<Readiness>) -> Self {
        let (readiness, waker) = (Arc::clone(readiness), Waker::from(Arc::clone(readiness)));
        let mut turn = Self { readiness, waker, drained: false, read: 0, watch: None };
        turn.take_back();
        turn.readiness.leave_unread();
        turn
    }

    /// Wakes both when there is something to be read. It must be taken anew for each reading.
    pub(super) fn waker(&self) -> Waker {
        self.readiness.unread.store(false, Ordering::SeqCst);
        self.waker.clone()
    }

    /// The program reads now.
    pub(super) fn give_to_program(&mut self, cx: &Context<'_>) {
        self.readiness.give_to_program();
        self.readiness.program.register(cx.waker());
    }

    /// The program has read so much, and everything or not.
    pub(super) fn program_has_read(&mut self, bytes: u64, drained: bool) {
        self.read += bytes;
        self.drained |= drained;
        if !drained {
            self.readiness.leave_unread();
        }
    }

    /// The connection has not read everything.
    pub(super) fn leave_unread(&self) {
        self.readiness.unread.store(true, Ordering::SeqCst);
    }

    /// Wakes the task of the connection.
    pub(super) fn wake_connection(&self) {
        self.readiness.connection.wake();
    }

    /// Whether the program reads, so that the connection need not. If so, the connection is woken when that may be over:
    /// by the first that comes, and from then on every so often as long as something comes.
    pub(super) fn is_programs(&mut self, cx: &mut Context<'_>) -> bool {
        self.readiness.connection.register(cx.waker());
        if !self.readiness.is_program.load(Ordering::Relaxed) {
            return false;
        }
        loop {
            let Some(watch) = &mut self.watch else {
                self.readiness.watched.store(false, Ordering::SeqCst);
                if !self.readiness.unread.load(Ordering::SeqCst) {
                    return true;
                }
                self.begin_watch();
                continue;
            };
            if watch.as_mut().poll(cx).is_pending() {
                return true;
            }
            let has_read = self.drained || self.read >= ENOUGH;
            if has_read {
                self.begin_watch();
            } else if self.readiness.unread.load(Ordering::SeqCst) {
                self.take_back();
                return false;
            } else {
                self.watch = None;
            }
        }
    }

    /// The connection reads until the program does so again.
    pub(super) fn take_back(&mut self) {
        self.readiness.is_program.store(false, Ordering::Relaxed);
        self.watch = None;
        self.readiness.watched.store(false, Ordering::SeqCst);
    }

    fn begin_watch(&mut self) {
        self.readiness.watched.store(true, Ordering::SeqCst);
        (self.drained, self.read) = (false, 0);
        match &mut self.watch {
            Some(watch) => watch.as_mut().reset(Instant::now() + PATIENCE),
            None => self.watch = Some(Box::pin(sleep(PATIENCE))),
        }
    }
}
