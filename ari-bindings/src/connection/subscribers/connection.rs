use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::hub::Hub;
use super::queue::OverflowPolicy;
use super::state::ConnectionState;
use super::statistics::Statistics;
use crate::resync::Tracker;

/// An event connection seen from outside: its state for a health check, its statistics, more subscribers.
///
/// [`Events::connection`](crate::Events::connection) returns it. Clones are of the same connection, and none of them
/// keeps it alive: it closes when its last [`Events`](crate::Events) is dropped.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// let mut events = ari.events("hello-world").await?;
/// let mut connection = events.connection();
/// tokio::spawn(async move {
///     while let Some(state) = connection.changed().await {
///         println!("{state}");
///     }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connection {
    pub(super) hub: Arc<Hub>,
    /// The limit and the policy of further subscribers.
    pub(super) settings: (usize, OverflowPolicy),
    pub(super) tracker: Arc<Tracker>,
    state: watch::Receiver<ConnectionState>,
}

impl Connection {
    pub(super) fn new(hub: &Arc<Hub>, settings: (usize, OverflowPolicy), tracker: &Tracker) -> Self {
        let (state, tracker) = (hub.watch_state(), Arc::new(tracker.afresh()));
        Self { hub: Arc::clone(hub), settings, tracker, state }
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.state.borrow().clone()
    }

    /// Waits for the next change of the state, and returns the new state. The last one is
    /// [`ConnectionState::Closed`]; after it comes `None`.
    ///
    /// A new `Connection` has seen the state of that moment; each clone then keeps its own place. States that follow
    /// each other faster than they are asked for are skipped. It is cancel safe.
    pub async fn changed(&mut self) -> Option<ConnectionState> {
        {
            // Under one borrow: the last state may come at any moment.
            let state = self.state.borrow_and_update();
            if state.has_changed() {
                return Some(state.clone());
            }
            if *state == ConnectionState::Closed {
                return None;
            }
        }
        self.state.changed().await.ok()?;
        Some(self.state.borrow_and_update().clone())
    }

    /// What it has done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.hub.counters.statistics(self.hub.waiting())
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::Client;

    #[test]
    fn changed_returns_the_last_state_whenever_it_comes() {
        let client = Client::builder("http://localhost/ari").build().unwrap();
        for _ in 0..200 {
            let hub = Arc::new(Hub::new(Vec::new(), None));
            let settings = (0, OverflowPolicy::default());
            let mut connection = Connection::new(&hub, settings, &Tracker::new(client.clone(), false));
            let last = std::thread::scope(|scope| {
                scope.spawn(|| hub.set_state(ConnectionState::Closed));
                loop {
                    if let Some(state) = connection.changed().now_or_never() {
                        return state;
                    }
                }
            });
            assert_eq!(last, Some(ConnectionState::Closed));
        }
    }
}
