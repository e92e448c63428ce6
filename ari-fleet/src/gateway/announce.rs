//! Announcing the node, and waiting for its turn while another gateway announces it.

use std::time::{Duration, Instant};

use async_nats::RequestErrorKind;
use async_nats::jetstream::kv::{CreateErrorKind, Operation, Store, UpdateErrorKind};
use bytes::Bytes;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::node::Node;
use crate::wire::{Control, NodeAnnouncement};
use crate::{Error, Fleet};

/// How often a node is announced.
const EVERY: Duration = Duration::from_secs(1);
/// How long JetStream may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// The key of a node, of which one gateway at a time has the latest revision.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    store: Store,
    key: String,
}

impl Claim {
    pub(super) async fn new(fleet: &Fleet, node: &str) -> Result<Self, Error> {
        let bucket = fleet.subjects().nodes();
        let store = fleet.jetstream.get_key_value(&bucket).await;
        let store = store.map_err(|source| Error::jetstream(format!("cannot open the bucket {bucket}"), source))?;
        Ok(Self { store, key: fleet.subjects().node_key(node) })
    }

    /// Waits until no other gateway announces the node, and announces it. Returns the revision.
    pub(super) async fn take(&self, node: &Node) -> u64 {
        let announcement = &node.announcement();
        let (mut is_waiting, mut deserted) = (false, None);
        loop {
            let at = Instant::now();
            match self.store.create(&self.key, json(announcement)).await {
                Ok(revision) => {
                    node.announced(at);
                    return revision;
                }
                Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                    if !std::mem::replace(&mut is_waiting, true) {
                        tracing::info!(node = announcement.node, "another gateway serves the node: standing by");
                    }
                    // Twice, because a gateway announces itself a moment before it listens.
                    match self.deserted(node).await {
                        Some(revision) if deserted == Some(revision) => self.remove(revision).await,
                        found => deserted = found,
                    }
                }
                Err(error) => tracing::warn!(node = announcement.node, %error, "cannot announce the node"),
            }
            sleep(EVERY).await;
        }
    }

    /// The revision of the present announcement, if the gateway that made it does not listen any more: it was killed.
    async fn deserted(&self, node: &Node) -> Option<u64> {
        let entry = self.store.entry(&self.key).await.ok()??;
        let subject = node.fleet.subjects().control(&node.settings.node);
        let asked = node.fleet.nats.request(subject, json(&Control::Status));
        match timeout(ANSWER, asked).await {
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => Some(entry.revision),
            _ => None,
        }
    }

    async fn remove(&self, revision: u64) {
        tracing::info!(key = self.key, "the gateway of the node does not listen any more: taking its place");
        if let Err(error) = self.store.delete_expect_revision(&self.key, Some(revision)).await {
            tracing::debug!(key = self.key, %error, "its announcement could not be deleted");
        }
    }

    /// Announces the node every second, and when something has changed; returns when another gateway has taken it over.
    pub(super) async fn hold(&self, node: &Node, mut revision: u64) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = node.changed.notified() => {}
            }
            let announcement = node.announcement();
            let at = Instant::now();
            let renewed = timeout(ANSWER, self.renew(&announcement, revision)).await;
            match renewed.unwrap_or_else(|elapsed| Err(elapsed.to_string())) {
                Ok(Some(renewed)) => {
                    revision = renewed;
                    is_failing = false;
                    node.announced(at);
                }
                Ok(None) => return,
                Err(reason) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!(node = announcement.node, reason, "cannot announce the node");
                    }
                }
            }
        }
    }

    /// Announces the node once more. Returns the new revision, or `None` if another gateway has the node.
    async fn renew(&self, announcement: &NodeAnnouncement, revision: u64) -> Result<Option<u64>, String> {
        let value = json(announcement);
        match self.store.update(&self.key, value.clone(), revision).await {
            Ok(revision) => return Ok(Some(revision)),
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => {}
            Err(error) => return Err(error.to_string()),
        }
        // It has expired, or an announcement has arrived whose acknowledgement has not.
        match self.store.entry(&self.key).await.map_err(|error| error.to_string())? {
            Some(entry) if entry.operation == Operation::Put => {
                let present: Option<NodeAnnouncement> = serde_json::from_slice(&entry.value).ok();
                let is_own = present.is_some_and(|present| present.boot == announcement.boot);
                Ok(is_own.then_some(entry.revision))
            }
            _ => match self.store.create(&self.key, value).await {
                Ok(revision) => Ok(Some(revision)),
                Err(error) => Err(error.to_string()),
            },
        }
    }

    /// Gives the node up, so that another gateway need not wait.
    pub(super) async fn release(&self) {
        let released = timeout(EVERY, self.store.delete(&self.key)).await;
        if !matches!(released, Ok(Ok(()))) {
            tracing::info!(key = self.key, "the announcement of the node could not be deleted: it will expire");
        }
    }
}

fn json(value: &impl Serialize) -> Bytes {
    // These types have no maps with other keys than text.
    serde_json::to_vec(value).unwrap_or_default().into()
}
