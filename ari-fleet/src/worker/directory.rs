//! What gateways and workers announce.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{Entry, Operation};
use futures_util::StreamExt as _;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::wire::{Lane, LaneAnnouncement, NodeAnnouncement};
use crate::{Error, Fleet};

/// After how long a silence a worker counts as gone. It announces its lanes four times as often.
const LANE_SILENCE: Duration = Duration::from_secs(2);

/// How long the lane of a worker that has gone silent is remembered.
const LANE_MEMORY: Duration = Duration::from_secs(10 * 60);

/// After how long without any announcement, of this worker's lanes neither, nothing is known of the others.
const BLINDNESS: Duration = Duration::from_millis(1500);

/// How long others get to announce themselves after such a time. They were cut off, too, if NATS was away.
const SETTLING: Duration = Duration::from_secs(3);

/// After how long without an entry a bucket is watched anew: what watches it may be gone with a server of NATS.
const STALE: Duration = Duration::from_millis(2500);

/// How long to wait before announcements are watched again after an error.
const PAUSE: Duration = Duration::from_millis(500);

/// What is announced, kept up to date in the background.
pub(super) struct Directory {
    announced: Arc<Mutex<Announced>>,
    _watching: [AbortOnDropHandle<()>; 2],
}

/// The last announcements, and when they came.
#[derive(Debug, Default)]
pub(super) struct Announced {
    nodes: BTreeMap<String, (NodeAnnouncement, Instant)>,
    lanes: BTreeMap<Lane, (LaneAnnouncement, Instant)>,
    node_silence: Duration,
    /// When the last announcement came.
    latest: Option<Instant>,
    /// Since when they come again after a break.
    resumed: Option<Instant>,
}

impl Directory {
    pub(super) fn watch(fleet: &Fleet) -> Self {
        let node_silence = fleet.settings.announcement_ttl;
        let announced = Arc::new(Mutex::new(Announced { node_silence, ..Announced::default() }));
        let watching = |bucket: String, note: fn(&mut Announced, &Entry)| {
            let (fleet, announced) = (fleet.clone(), Arc::clone(&announced));
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    let followed = follow(&fleet, &bucket, |entry| note(&mut lock(&announced), entry));
                    if let Err(error) = followed.await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "announcements are missing");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }))
        };
        let subjects = fleet.subjects();
        let watching =
            [watching(subjects.nodes(), Announced::note_node), watching(subjects.lanes(), Announced::note_lane)];
        Self { announced, _watching: watching }
    }

    pub(super) fn read<R>(&self, read: impl FnOnce(&Announced) -> R) -> R {
        read(&lock(&self.announced))
    }
}

async fn follow(fleet: &Fleet, bucket: &str, mut note: impl FnMut(&Entry)) -> Result<(), Error> {
    let cannot = || format!("cannot watch the bucket {bucket}");
    let store = fleet.jetstream.get_key_value(bucket).await.map_err(|source| Error::jetstream(cannot(), source))?;
    let watched = store.watch_with_history(">").await;
    let mut entries = watched.map_err(|source| Error::jetstream(cannot(), source))?;
    while let Ok(Some(entry)) = timeout(STALE, entries.next()).await {
        note(&entry.map_err(|source| Error::jetstream(cannot(), source))?);
    }
    Ok(())
}

impl Announced {
    fn note_node(&mut self, entry: &Entry) {
        self.note(Instant::now());
        if let (Operation::Put, Some(node)) = (&entry.operation, read::<NodeAnnouncement>(entry)) {
            self.nodes.insert(node.node.clone(), (node, Instant::now()));
        }
        let oldest = self.node_silence.saturating_mul(2);
        self.nodes.retain(|_, (_, at)| at.elapsed() < oldest);
    }

    fn note_lane(&mut self, entry: &Entry) {
        self.note(Instant::now());
        if entry.operation == Operation::Put {
            if let Some(announcement) = read::<LaneAnnouncement>(entry) {
                self.lane_announced(announcement, Instant::now());
            }
        } else {
            self.lanes.retain(|lane, _| crate::wire::Subjects::default().lane_key(lane) != entry.key);
        }
        self.lanes.retain(|_, (_, at)| at.elapsed() < LANE_MEMORY);
    }

    fn lane_announced(&mut self, announcement: LaneAnnouncement, at: Instant) {
        let lane = Lane { app: announcement.app.clone(), number: announcement.lane };
        self.lanes.insert(lane, (announcement, at));
    }

    fn note(&mut self, now: Instant) {
        if self.latest.is_some_and(|latest| now.saturating_duration_since(latest) > BLINDNESS) {
            self.resumed = Some(now);
        }
        self.latest = Some(now);
    }

    /// Whether silence means something: announcements of others would have come.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        let is_blind = self.latest.is_some_and(|latest| now.saturating_duration_since(latest) > BLINDNESS);
        !is_blind && self.resumed.is_none_or(|resumed| now.saturating_duration_since(resumed) >= SETTLING)
    }

    /// Whether a worker has the lane.
    pub(super) fn has_owner(&self, lane: &Lane, now: Instant) -> bool {
        let announced = self.lanes.get(lane);
        announced.is_some_and(|(lane, at)| !lane.handed_over && now.saturating_duration_since(*at) < LANE_SILENCE)
    }

    /// Whether the last announcement of a lane is another worker's.
    pub(super) fn is_of_another(&self, lane: &Lane, worker: &str) -> bool {
        self.lanes.get(lane).is_some_and(|(announced, _)| announced.worker != worker)
    }

    /// The lanes of an application that no worker has, of so many.
    pub(super) fn free_lanes(&self, app: &str, count: u16, now: Instant) -> Vec<Lane> {
        let lanes = (0..count).map(|number| Lane { app: app.to_owned(), number });
        lanes.filter(|lane| !self.has_owner(lane, now)).collect()
    }

    /// The lanes of an application whose worker is gone, and which may have calls.
    pub(super) fn orphans(&self, app: &str, now: Instant) -> Vec<Lane> {
        let left = self.lanes.keys().cloned();
        let nodes = self.living_nodes(now).flat_map(|node| &node.lanes);
        let with_calls = nodes.filter(|(_, calls)| **calls > 0).filter_map(|(lane, _)| Lane::from_token(lane));
        let mut lanes: Vec<_> = left.chain(with_calls).filter(|lane| lane.app == app).collect();
        lanes.retain(|lane| !self.has_owner(lane, now));
        lanes.sort();
        lanes.dedup();
        lanes
    }

    /// The nodes that have an application.
    pub(super) fn nodes_of(&self, app: &str, now: Instant) -> Vec<String> {
        self.living_nodes(now)
            .filter(|node| node.apps.iter().any(|one| one == app))
            .map(|node| node.node.clone())
            .collect()
    }

    /// The run of the gateway of a node.
    pub(super) fn boot(&self, node: &str) -> Option<&str> {
        self.nodes.get(node).map(|(node, _)| &*node.boot)
    }

    /// The run of the gateway of a node, if it was announced after `since`.
    pub(super) fn boot_since(&self, node: &str, since: Instant) -> Option<&str> {
        self.nodes.get(node).filter(|(_, at)| *at > since).map(|(node, _)| &*node.boot)
    }

    /// The node with the fewest calls for its capacity, of those that take calls of an application.
    pub(super) fn least_loaded(&self, app: &str, now: Instant) -> Option<String> {
        let nodes = self.living_nodes(now).filter(|node| node.up && !node.draining);
        let nodes = nodes.filter(|node| node.apps.iter().any(|one| one == app));
        let nodes = nodes.filter(|node| node.capacity == 0 || node.calls < node.capacity);
        let load = |node: &NodeAnnouncement| u128::from(node.calls) * 1_000_000 / u128::from(node.capacity.max(1));
        // Nodes without a capacity are compared by their calls, and come after those with one.
        nodes.min_by_key(|node| (load(node), node.calls)).map(|node| node.node.clone())
    }

    fn living_nodes(&self, now: Instant) -> impl Iterator<Item = &NodeAnnouncement> {
        let living = self.nodes.values().filter(move |(_, at)| now.saturating_duration_since(*at) < self.node_silence);
        living.map(|(node, _)| node)
    }
}

fn read<T: serde::de::DeserializeOwned>(entry: &Entry) -> Option<T> {
    match serde_json::from_slice(&entry.value) {
        Ok(announcement) => Some(announcement),
        Err(error) => {
            tracing::warn!(bucket = entry.bucket, key = entry.key, %error, "an announcement cannot be read");
            None
        }
    }
}

fn lock(announced: &Mutex<Announced>) -> MutexGuard<'_, Announced> {
    announced.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced() -> Announced {
        Announced { node_silence: Duration::from_secs(5), ..Announced::default() }
    }

    fn lane(number: u16) -> LaneAnnouncement {
        LaneAnnouncement {
            app: "app".to_owned(),
            lane: number,
            worker: "w".to_owned(),
            token: "t".to_owned(),
            accepting: true,
            calls: 0,
            capacity: 10,
            at: 0,
            handed_over: false,
        }
    }

    fn node(announced: &mut Announced, name: &str, change: impl FnOnce(&mut NodeAnnouncement)) {
        let mut node = NodeAnnouncement::new(name, "boot");
        node.apps = vec!["app".to_owned()];
        node.up = true;
        change(&mut node);
        announced.nodes.insert(name.to_owned(), (node, Instant::now()));
    }

    fn numbers(lanes: Vec<Lane>) -> Vec<u16> {
        lanes.into_iter().map(|lane| lane.number).collect()
    }

    #[test]
    fn lane_of_a_silent_worker_is_an_orphan() {
        let (mut announced, now) = (announced(), Instant::now());
        announced.lane_announced(lane(0), now);
        announced.lane_announced(lane(2), now + LANE_SILENCE);
        assert_eq!(numbers(announced.free_lanes("app", 3, now)), [1]);
        assert_eq!(numbers(announced.orphans("app", now)), [0_u16; 0]);
        assert_eq!(numbers(announced.orphans("app", now + LANE_SILENCE)), [0]);
        assert_eq!(numbers(announced.orphans("other", now + LANE_SILENCE)), [0_u16; 0]);
    }

    #[test]
    fn lane_that_was_handed_over_or_has_calls_without_a_worker_is_an_orphan() {
        let (mut announced, now) = (announced(), Instant::now());
        announced.lane_announced(LaneAnnouncement { handed_over: true, ..lane(1) }, now);
        announced.lane_announced(lane(4), now);
        node(&mut announced, "a", |node| {
            node.lanes = [("app-3", 1), ("app-4", 1), ("app-5", 0), ("other-6", 1), ("odd", 1)]
                .map(|(lane, calls)| (lane.to_owned(), calls))
                .into();
        });
        assert_eq!(numbers(announced.orphans("app", now)), [1, 3]);
    }

    #[test]
    fn silence_of_all_says_nothing_about_one() {
        let (mut announced, now) = (announced(), Instant::now());
        assert!(announced.is_current(now), "nobody has announced anything");
        announced.note(now);
        announced.note(now + BLINDNESS);
        assert!(announced.is_current(now + BLINDNESS * 2));
        let back = now + BLINDNESS * 4;
        assert!(!announced.is_current(back), "there is no connection");
        announced.note(back);
        announced.note(back + BLINDNESS);
        assert!(!announced.is_current(back + BLINDNESS), "the others may not be back yet");
        announced.note(back + SETTLING);
        assert!(announced.is_current(back + SETTLING));
    }

    #[test]
    fn least_loaded_node_takes_outgoing_calls() {
        let mut announced = announced();
        assert_eq!(announced.least_loaded("app", Instant::now()), None);
        node(&mut announced, "draining", |node| node.draining = true);
        node(&mut announced, "down", |node| node.up = false);
        node(&mut announced, "of another application", |node| node.apps.clear());
        node(&mut announced, "full", |node| (node.calls, node.capacity) = (4, 4));
        assert_eq!(announced.least_loaded("app", Instant::now()), None);
        node(&mut announced, "small", |node| (node.calls, node.capacity) = (2, 4));
        node(&mut announced, "large", |node| (node.calls, node.capacity) = (10, 100));
        assert_eq!(announced.least_loaded("app", Instant::now()).as_deref(), Some("large"));
        assert_eq!(announced.least_loaded("app", Instant::now() + Duration::from_secs(6)), None);
    }
}
