//! What a fleet looks like from outside: its nodes and its lanes.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::jetstream::consumer::Info;
use futures_util::TryStreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::error::BoxError;
use crate::wire::{Control, Lane, LaneAnnouncement, NodeAnnouncement, Refusal};
use crate::{Error, Fleet};

/// How long a gateway may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A fleet at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The nodes that are announced, by name.
    pub nodes: Vec<NodeAnnouncement>,
    /// The lanes that have an owner or have had one, by application and number.
    pub lanes: Vec<LaneStatus>,
}

/// A lane at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LaneStatus {
    /// Which one.
    #[serde(flatten)]
    pub lane: Lane,
    /// What its owner announces; `None` if nobody owns it.
    pub owner: Option<LaneAnnouncement>,
    /// Whether JetStream has pinned somebody.
    pub pinned: bool,
    /// The events that are not delivered yet.
    pub pending: u64,
    /// The events that are delivered and not acknowledged.
    pub unacknowledged: u64,
}

impl Fleet {
    /// The nodes and lanes at this moment.
    pub async fn status(&self) -> Result<Status, Error> {
        let (subjects, what) = (self.subjects(), "the status cannot be read");
        let read = async {
            let mut nodes: Vec<NodeAnnouncement> = self.announced(&subjects.nodes()).await?;
            nodes.sort_by(|one, other| one.node.cmp(&other.node));
            let owners: Vec<LaneAnnouncement> = self.announced(&subjects.lanes()).await?;
            let stream = self.jetstream.get_stream(subjects.stream()).await?;
            let consumers: Vec<Info> = stream.consumers().try_collect().await?;
            Ok(Status { nodes, lanes: lanes(owners, &consumers) })
        };
        read.await.map_err(|source: BoxError| Error::jetstream(what, source))
    }

    /// Lets a node take no more new calls, or take them again; returns what it announces then.
    ///
    /// The calls that it has go on. What happens to new ones is set at the gateway: by default, they go on in the dialplan.
    /// Workers place none there. A gateway that is started again takes calls again.
    pub async fn drain(&self, node: &str, on: bool) -> Result<NodeAnnouncement, Error> {
        self.ask(node, &Control::Drain { on }).await
    }

    /// Asks the gateway of a node.
    async fn ask<T: DeserializeOwned>(&self, node: &str, question: &Control) -> Result<T, Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer<T> {
            Refused(Refusal),
            Given(T),
        }

        let failed = |reason: String| Error::Gateway { node: node.to_owned(), reason };
        let question = serde_json::to_vec(question).map_err(|error| failed(error.to_string()))?;
        let asked = self.nats.request(self.subjects().control(node), question.into());
        let answer = match timeout(ANSWER, asked).await {
            Ok(Ok(message)) => message.payload,
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                return Err(failed(
                    "there is none: start `ari-fleet gateway`, or look for its name in `ari-fleet status`".into(),
                ));
            }
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_) => return Err(failed("no answer in time".into())),
        };
        match serde_json::from_slice(&answer) {
            Ok(Answer::Given(given)) => Ok(given),
            Ok(Answer::Refused(Refusal { error, .. })) => Err(failed(error)),
            Err(error) => Err(failed(format!("its answer is not understood: {error}"))),
        }
    }

    /// All announcements of a bucket that can be read.
    async fn announced<T: DeserializeOwned>(&self, bucket: &str) -> Result<Vec<T>, BoxError> {
        let store = self.jetstream.get_key_value(bucket).await?;
        let keys: Vec<String> = store.keys().await?.try_collect().await?;
        let mut announcements = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(text) = store.get(&key).await? else { continue };
            match serde_json::from_slice(&text) {
                Ok(announcement) => announcements.push(announcement),
                Err(error) => tracing::warn!(bucket, key, %error, "an announcement is not as expected"),
            }
        }
        Ok(announcements)
    }
}

/// Joins what owners announce with what JetStream knows.
fn lanes(owners: Vec<LaneAnnouncement>, consumers: &[Info]) -> Vec<LaneStatus> {
    let nobody = |lane: Lane| LaneStatus { lane, owner: None, pinned: false, pending: 0, unacknowledged: 0 };
    let mut lanes = BTreeMap::new();
    for info in consumers {
        let Some(lane) = info.name.strip_prefix("lane-").and_then(Lane::from_token) else { continue };
        let status = LaneStatus {
            pinned: info.priority_groups.iter().any(|group| group.pinned_client_id.is_some()),
            pending: info.num_pending,
            unacknowledged: info.num_ack_pending as u64,
            ..nobody(lane.clone())
        };
        lanes.insert(lane, status);
    }
    for owner in owners {
        let lane = Lane { app: owner.app.clone(), number: owner.lane };
        lanes.entry(lane.clone()).or_insert_with(|| nobody(lane)).owner = Some(owner);
    }
    lanes.into_values().collect()
}
