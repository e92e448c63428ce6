//! The way between the server and its clients, and what is wrong with it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use http::uri::PathAndQuery;
use tokio::sync::watch;
use tokio::time::sleep;

use super::front::below;

/// The way between a server and its clients.
#[derive(Debug)]
pub(crate) struct Network {
    state: watch::Sender<State>,
    /// The beginnings of requests whose next reply gets lost.
    losses: Mutex<Vec<String>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// How often all connections were cut.
    cuts: u64,
    /// How often event connections were cut.
    event_cuts: u64,
    /// How many faults there are of each kind.
    pub(crate) refusals: usize,
    pub(crate) freezes: usize,
    pub(crate) boots: usize,
    pub(crate) delays: Vec<Duration>,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(State::default()), losses: Mutex::default() }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }

    pub(crate) fn cut(&self) {
        self.change(|state| state.cuts += 1);
    }

    pub(crate) fn cut_events(&self) {
        self.change(|state| state.event_cuts += 1);
    }

    pub(crate) fn lose_reply(&self, request: &str) {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).push(request.to_owned());
    }

    /// Whether the server has started, but not finished to boot.
    pub(super) fn is_booting(&self) -> bool {
        self.state.borrow().boots > 0
    }

    pub(crate) fn is_refusing(&self) -> bool {
        self.state.borrow().refusals > 0
    }

    /// Waits until connections are refused, or no longer.
    pub(super) async fn refusing(&self, refusing: bool) {
        self.until(|state| (state.refusals > 0) == refusing).await;
    }

    /// Waits until something gets through.
    pub(crate) async fn thawed(&self) {
        self.until(|state| state.freezes == 0).await;
    }

    /// Waits as long as a response takes on its way.
    pub(crate) async fn delay(&self) {
        let delay = self.state.borrow().delays.iter().sum::<Duration>();
        if !delay.is_zero() {
            sleep(delay).await;
        }
        self.thawed().await;
    }

    /// What ends with the connections that there are now.
    pub(crate) fn line(&self) -> Line {
        let state = self.state.borrow().clone();
        Line { state, watched: self.state.subscribe() }
    }

    /// Whether the reply to a request gets lost. The prefix is that of the server's paths.
    pub(crate) fn loses<T>(&self, prefix: &str, request: &Request<T>) -> bool {
        let path = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
        let Some(path) = below(prefix, path) else { return false };
        let line = format!("{} {path}", request.method());
        let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        let loss = losses.iter().position(|loss| line.starts_with(loss));
        loss.map(|loss| losses.remove(loss)).is_some()
    }

    async fn until(&self, is_so: impl FnMut(&State) -> bool) {
        // The sender is part of this.
        let _ = self.state.subscribe().wait_for(is_so).await;
    }
}

/// A connection, as long as the network has not cut it.
pub(crate) struct Line {
    state: State,
    watched: watch::Receiver<State>,
}

impl Line {
    /// Waits until the network cuts it.
    pub(crate) async fn cut(&mut self) -> io::Error {
        let cuts = self.state.cuts;
        let _ = self.watched.wait_for(|state| state.cuts != cuts).await;
        io::ErrorKind::ConnectionReset.into()
    }

    /// The same for an event connection.
    pub(crate) async fn cut_events(&mut self) {
        let (cuts, event_cuts) = (self.state.cuts, self.state.event_cuts);
        let _ = self.watched.wait_for(|state| (state.cuts, state.event_cuts) != (cuts, event_cuts)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loses_the_next_reply_by_method_and_beginning() {
        let network = Network::new();
        let loses = |prefix, method, path| {
            let request = Request::builder().method(method).uri(format!("http://x{path}")).body(()).unwrap();
            network.loses(prefix, &request)
        };
        network.lose_reply("POST /channels");
        assert!(!loses("", "GET", "/ari/channels"));
        assert!(!loses("", "POST", "/ari/bridges"));
        assert!(!loses("", "POST", "/pbx/ari/channels"));
        assert!(loses("/pbx", "POST", "/pbx/ARI/channels?app=x"));
        assert!(!loses("/pbx", "POST", "/pbx/ari/channels?app=x"));
        network.lose_reply("GET /channels?");
        assert!(!loses("", "GET", "/ari/channels") && loses("", "GET", "/ari/channels?x=y"));
    }
}
