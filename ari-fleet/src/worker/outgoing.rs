use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::time::{Instant as Deadline, sleep, timeout_at};

use super::plan::Plan;
use crate::Error;

/// How long a node may take to appear.
const LIMIT: Duration = Duration::from_secs(5);

/// How long to wait before the nodes are looked at again.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts calls of an application of a fleet; see [`FleetApp::outgoing`](super::FleetApp::outgoing). Clones are of the same
/// application.
#[derive(Clone)]
pub struct FleetOutgoing(pub(super) Arc<OnceLock<Arc<Plan>>>);

impl FleetOutgoing {
    /// Chooses the node with the fewest calls for its capacity, of those that take calls.
    ///
    /// Waits up to 5 s for one, then fails with [`Error::NoNode`].
    pub async fn node(&self) -> Result<ari_app::Outgoing, Error> {
        let least_loaded = |plan: &Plan| {
            let node = plan.directory.read(|announced| announced.least_loaded(&plan.app, Instant::now()))?;
            plan.nodes.get(&node)
        };
        self.find(least_loaded).await.ok_or_else(|| Error::NoNode { node: None })
    }

    /// Chooses a node by its name: one that has a trunk that the others do not have.
    ///
    /// Waits up to 5 s for it, then fails with [`Error::NoNode`].
    pub async fn node_named(&self, name: &str) -> Result<ari_app::Outgoing, Error> {
        self.find(|plan| plan.nodes.get(name)).await.ok_or_else(|| Error::NoNode { node: Some(name.to_owned()) })
    }

    async fn find(&self, find: impl Fn(&Plan) -> Option<ari_app::Outgoing>) -> Option<ari_app::Outgoing> {
        let look = async {
            loop {
                if let Some(found) = self.0.get().and_then(|plan| find(plan)) {
                    return found;
                }
                sleep(PAUSE).await;
            }
        };
        timeout_at(Deadline::now() + LIMIT, look).await.ok()
    }
}

impl fmt::Debug for FleetOutgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetOutgoing").field("is_serving", &self.0.get().is_some()).finish()
    }
}
