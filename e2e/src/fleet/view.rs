use std::time::Duration;

use ari_fleet::wire::{LaneAnnouncement, NodeAnnouncement, Subjects};
use async_nats::{ConnectOptions, jetstream};
use futures_util::TryStreamExt as _;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::SOON;

/// What a fleet announces, read from NATS.
#[derive(Debug, Clone)]
pub struct FleetView {
    jetstream: jetstream::Context,
    subjects: Subjects,
}

impl FleetView {
    /// Connects to the servers of a fleet.
    ///
    /// # Panics
    ///
    /// If it cannot connect.
    pub async fn connect(url: &str) -> Self {
        let servers: Vec<_> = url.split(',').collect();
        let user = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')?.0.split_once(':'));
        let options = user.map_or_else(ConnectOptions::new, |(user, password)| {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        });
        let nats = options.connect(servers).await;
        let nats = nats.unwrap_or_else(|error| panic!("NATS at {url}: {error}"));
        Self { jetstream: jetstream::new(nats), subjects: Subjects::default() }
    }

    /// The gateways.
    pub async fn nodes(&self) -> Vec<NodeAnnouncement> {
        self.announcements(&self.subjects.nodes()).await.unwrap_or_default()
    }

    /// The owners of lanes.
    pub async fn lanes(&self) -> Vec<LaneAnnouncement> {
        self.announcements(&self.subjects.lanes()).await.unwrap_or_default()
    }

    /// The lanes of a worker.
    pub async fn lanes_of(&self, worker: &str) -> Vec<LaneAnnouncement> {
        self.lanes().await.into_iter().filter(|lane| lane.worker == worker).collect()
    }

    async fn announcements<T: DeserializeOwned>(&self, bucket: &str) -> Option<Vec<T>> {
        let bucket = self.jetstream.get_key_value(bucket).await.ok()?;
        let keys: Vec<String> = bucket.keys().await.ok()?.try_collect().await.ok()?;
        let mut found = Vec::new();
        for key in keys {
            let Ok(Some(value)) = bucket.get(&key).await else { continue };
            found.extend(serde_json::from_slice(&value).ok());
        }
        Some(found)
    }

    /// How many messages the stream of events has.
    pub async fn events(&self) -> u64 {
        let stream = self.jetstream.get_stream(self.subjects.stream()).await;
        stream.map_or(0, |stream| stream.cached_info().state.messages)
    }
}

/// Waits until there is something.
///
/// # Panics
///
/// If that takes too long.
pub(crate) async fn until_some<T, Found>(find: impl Fn() -> Found) -> T
where
    Found: Future<Output = Option<T>>,
{
    let end = Instant::now() + SOON;
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(Instant::now() < end, "it does not come within {SOON:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
