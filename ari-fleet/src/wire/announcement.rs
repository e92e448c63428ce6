use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a gateway announces about its node, every second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeAnnouncement {
    /// The name.
    pub node: String,
    /// The run of the gateway.
    pub boot: String,
    /// The release of Asterisk, for example `22.10.1`; empty while it is unknown.
    pub release: String,
    /// The applications that the gateway holds.
    pub apps: Vec<String>,
    /// Whether the event connection is there.
    pub up: bool,
    /// Whether new calls are refused.
    pub draining: bool,
    /// The calls in the applications.
    pub calls: u64,
    /// How many calls the node is meant for; 0 if nobody has said.
    pub capacity: u64,
    /// The events that wait for NATS.
    pub buffered: u64,
    /// The events that had to be dropped in this run, each time told as a gap.
    pub dropped: u64,
    /// How many calls of which lane are on the node, by [`Lane::token`](super::Lane::token). A lane that has calls and no
    /// owner needs one.
    #[serde(default)]
    pub lanes: BTreeMap<String, u64>,
}

/// What the owner of a lane announces, twice a second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneAnnouncement {
    /// The application.
    pub app: String,
    /// The number of the lane.
    pub lane: u16,
    /// The worker.
    pub worker: String,
    /// Its pin.
    pub token: String,
    /// Whether it takes new calls.
    pub accepting: bool,
    /// The calls that it handles in this lane.
    pub calls: u64,
    /// How many it takes at most.
    pub capacity: u64,
    /// Seconds since the epoch at which this was announced.
    pub at: u64,
    /// Whether the worker has just left the lane with its calls, for another one to take over.
    #[serde(default)]
    pub handed_over: bool,
}

impl NodeAnnouncement {
    /// That of a gateway that has just started.
    #[must_use]
    pub fn new(node: impl Into<String>, boot: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            boot: boot.into(),
            release: String::new(),
            apps: Vec::new(),
            up: false,
            draining: false,
            calls: 0,
            capacity: 0,
            buffered: 0,
            dropped: 0,
            lanes: BTreeMap::new(),
        }
    }
}
