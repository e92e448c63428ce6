//! Closing when the process is asked to end.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::hub::Hub;
use super::state::ConnectionState;
use crate::Error;

/// Closes the connection at the first signal that asks the process to end.
pub(in crate::connection) fn close_on_signal(hub: Arc<Hub>) -> Result<(), Error> {
    let mut asked = Signals::listen().map_err(|error| Error::config(format!("cannot listen for signals: {error}")))?;
    let mut state = hub.watch_state();
    tokio::spawn(async move {
        let mut closed = pin!(state.wait_for(|state| *state == ConnectionState::Closed));
        let either = poll_fn(|cx| {
            if closed.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            asked.poll_asked(cx).map(|()| true)
        });
        if either.await {
            tracing::info!("the process is asked to end: closing the event connection");
            hub.ask_to_close();
        }
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    fn poll_asked(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.interrupt.poll_recv(cx).is_ready() {
            return Poll::Ready(());
        }
        self.terminate.poll_recv(cx).map(drop)
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    fn poll_asked(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.poll_recv(cx).map(drop)
    }
}
