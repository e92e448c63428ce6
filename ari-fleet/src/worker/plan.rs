//! What the lanes of a worker have in common.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ari_app::{App, Outgoing, ServeError};
use ari_bindings::Events;

use super::directory::Directory;
use super::ownership::Ownership;
use crate::Fleet;

/// Serves the events of a connection with the handler of the program, and counts the calls.
pub(super) type Serve = Box<dyn Fn(App, Events, Ownership) -> Serving + Send + Sync>;

pub(super) type Serving = Pin<Box<dyn Future<Output = Result<(), ServeError>> + Send>>;

/// Sets options of the application of a lane on a node.
pub(super) type Options = Box<dyn Fn(App) -> App + Send + Sync>;

/// What the lanes of a worker have in common.
pub(super) struct Plan {
    pub(super) fleet: Fleet,
    pub(super) app: String,
    pub(super) worker: String,
    pub(super) max_calls: u64,
    pub(super) drain: Duration,
    pub(super) options: Options,
    pub(super) serve: Serve,
    pub(super) directory: Directory,
    pub(super) nodes: Nodes,
}

/// How calls are started on each node, in the lane that takes new calls.
#[derive(Default)]
pub(super) struct Nodes(Mutex<BTreeMap<String, (u16, Outgoing)>>);

impl Nodes {
    pub(super) fn add(&self, node: &str, lane: u16, outgoing: Outgoing) {
        self.lock().insert(node.to_owned(), (lane, outgoing));
    }

    /// Removes a node, unless another lane serves it by now.
    pub(super) fn remove(&self, node: &str, lane: u16) {
        let mut nodes = self.lock();
        if nodes.get(node).is_some_and(|(of, _)| *of == lane) {
            nodes.remove(node);
        }
    }

    pub(super) fn get(&self, node: &str) -> Option<Outgoing> {
        self.lock().get(node).map(|(_, outgoing)| outgoing.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (u16, Outgoing)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
