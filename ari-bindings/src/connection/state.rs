use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

use super::counters::Statistics;
use super::events::Events;
use super::hub::Hub;
use super::queue::Queue;
use crate::resync::Follower;

/// How an event connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// Events come.
    #[non_exhaustive]
    Connected {
        /// Since when.
        since: SystemTime,
    },
    /// It is lost, and being made again.
    #[non_exhaustive]
    Disconnected {
        /// When the server was heard for the last time.
        since: SystemTime,
        /// How many attempts to connect have failed.
        attempts: u32,
        /// What happened last: why it was lost, or why the last attempt failed.
        error: Arc<str>,
    },
    /// It has ended, and will not be made again.
    Closed,
}

impl ConnectionState {
    /// Whether events come.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { .. } => f.write_str("connected"),
            Self::Disconnected { attempts: 0, error, .. } => write!(f, "disconnected: {error}"),
            Self::Disconnected { attempts, error, .. } => {
                write!(f, "disconnected: attempt {attempts} to connect again failed: {error}")
            }
            Self::Closed => f.write_str("closed"),
        }
    }
}

/// An event connection seen from outside: its state for a health check, its numbers, more subscribers.
///
/// [`Events::connection`] gives it. Clones are of the same connection, and none of them keeps it alive: it closes when
/// its last [`Events`] is dropped.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// let mut events = ari.events(["hello-world"]).await?;
/// let mut connection = events.connection();
/// tokio::spawn(async move {
///     loop {
///         println!("{}", connection.state());
///         connection.changed().await;
///     }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection {
    hub: Arc<Hub>,
    like: Arc<Queue>,
    follower: Arc<Follower>,
    state: watch::Receiver<ConnectionState>,
}

impl Connection {
    pub(super) fn new(hub: &Arc<Hub>, like: &Arc<Queue>, follower: &Follower) -> Self {
        let (state, follower) = (hub.watch_state(), Arc::new(follower.afresh()));
        Self { hub: Arc::clone(hub), like: Arc::clone(like), follower, state }
    }

    /// How the connection is now.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Waits until the state has changed since this was asked last, and gives the new one. Of a connection that is
    /// closed it never returns.
    pub async fn changed(&mut self) -> ConnectionState {
        if self.state().eq(&ConnectionState::Closed) || self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.state.borrow_and_update().clone()
    }

    /// What it has done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.hub.counters.statistics(self.hub.waiting())
    }

    /// Another subscriber: it gets every event from now on, with a queue of its own of the same limit.
    ///
    /// A subscriber that is too slow concerns only itself, unless it was to keep the connection waiting
    /// ([`OverflowPolicy::Wait`](crate::OverflowPolicy::Wait)).
    pub fn subscribe(&self) -> Events {
        Events::new(Arc::clone(&self.hub), self.like.like(), self.follower.afresh())
    }

    /// Closes the connection for all subscribers, and waits until it is closed.
    pub async fn close(&self) {
        self.hub.ask_to_close();
        let mut state = self.state.clone();
        // It only fails where the connection is gone with its runtime, which is the same.
        let _ = state.wait_for(|state| *state == ConnectionState::Closed).await;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("state", &self.state()).field("statistics", &self.statistics()).finish()
    }
}
