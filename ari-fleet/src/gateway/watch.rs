//! Following the announcements of lanes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{Entry, Operation};
use futures_util::StreamExt as _;
use tokio::time::sleep;

use super::node::Node;
use crate::gateway::lock;
use crate::wire::{Lane, LaneAnnouncement};

/// The pause before the bucket is watched again.
const PAUSE: Duration = Duration::from_secs(1);

impl Node {
    /// Follows the announcements of lanes, for as long as it is polled.
    pub(super) async fn watch_lanes(self: &Arc<Self>) {
        loop {
            if let Err(error) = self.follow_lanes().await {
                tracing::warn!(node = &*self.settings.node, error, "cannot follow the announcements of lanes");
            }
            sleep(PAUSE).await;
        }
    }

    async fn follow_lanes(self: &Arc<Self>) -> Result<(), String> {
        let bucket = self.fleet.subjects().lanes();
        let store = self.fleet.jetstream.get_key_value(bucket).await.map_err(|error| error.to_string())?;
        let mut entries = store.watch_with_history(">").await.map_err(|error| error.to_string())?;
        while let Some(entry) = entries.next().await {
            self.lane_entry(&entry.map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    fn lane_entry(self: &Arc<Self>, entry: &Entry) {
        if entry.operation != Operation::Put {
            if let Some(lane) = self.fleet.subjects().parse_lane_key(&entry.key) {
                self.lane_released(&lane);
            }
            return;
        }
        match serde_json::from_slice::<LaneAnnouncement>(&entry.value) {
            Ok(announcement) => {
                lock(&self.state).lanes.announced(announcement, Instant::now());
                self.retry_arrivals();
            }
            Err(error) => tracing::warn!(key = entry.key, %error, "the announcement of a lane is not as expected"),
        }
    }

    fn lane_released(&self, lane: &Lane) {
        lock(&self.state).lanes.released(lane);
    }
}
