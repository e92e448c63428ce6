//! Announces a lane of this worker.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::jetstream::kv::Store;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::ownership::Ownership;
use super::plan::Plan;
use crate::Error;
use crate::wire::LaneAnnouncement;

/// How often a lane is announced.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long the last announcement may take.
const LAST: Duration = Duration::from_secs(1);

/// What is said of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// It takes new calls.
    Accepts,
    /// It takes none.
    Keeps,
}

/// Announces a lane in the background until it is dropped.
pub(super) struct Announcer {
    says: watch::Sender<Says>,
    announcing: Option<AbortOnDropHandle<()>>,
    plan: Arc<Plan>,
    ownership: Ownership,
    token: Arc<str>,
}

impl Announcer {
    pub(super) fn start(plan: &Arc<Plan>, ownership: &Ownership) -> Self {
        let says = watch::Sender::new(Says::Keeps);
        let announcing = announce(Arc::clone(plan), ownership.clone(), says.subscribe());
        let token = ownership.token().unwrap_or_else(|| "".into());
        let announcing = Some(AbortOnDropHandle::new(tokio::spawn(announcing)));
        Self { says, announcing, plan: Arc::clone(plan), ownership: ownership.clone(), token }
    }

    pub(super) fn says(&self, what: Says) {
        self.says.send_if_modified(|said| std::mem::replace(said, what) != what);
    }

    /// Announces nothing more: another worker does.
    pub(super) fn stop(&mut self) {
        self.announcing = None;
    }

    /// Announces that the worker has left the lane, or removes its announcement if it had no calls.
    pub(super) async fn finish(&mut self, has_calls: bool) {
        self.stop();
        let key = self.plan.fleet.subjects().lane_key(&self.ownership.lane);
        let last = async {
            let store = store(&self.plan).await?;
            if has_calls {
                let last =
                    LaneAnnouncement { handed_over: true, ..announcement(&self.plan, &self.ownership, &self.token) };
                return put(&store, &key, &last).await;
            }
            store.delete(&key).await.map_err(|source| Error::jetstream(cannot(&key), source))
        };
        match timeout(LAST, last).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "others learn of the end only late");
            }
            Err(_) => tracing::warn!("JetStream does not answer: others learn of the end only late"),
        }
    }
}

async fn announce(plan: Arc<Plan>, ownership: Ownership, mut says: watch::Receiver<Says>) {
    let key = plan.fleet.subjects().lane_key(&ownership.lane);
    let mut bucket: Option<Store> = None;
    while let Some(token) = ownership.token() {
        let accepting = *says.borrow_and_update() == Says::Accepts;
        let announcement = LaneAnnouncement { accepting, ..announcement(&plan, &ownership, &token) };
        let announced = async {
            let opened = match bucket.take() {
                Some(opened) => opened,
                None => store(&plan).await?,
            };
            put(&opened, &key, &announcement).await?;
            bucket = Some(opened);
            Ok::<(), Error>(())
        };
        if let Err(error) = announced.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lane is not announced");
        }
        // Sooner if what is said changes.
        let _ = timeout(INTERVAL, says.changed()).await;
    }
}

fn announcement(plan: &Plan, ownership: &Ownership, token: &str) -> LaneAnnouncement {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    LaneAnnouncement {
        app: ownership.lane.app.clone(),
        lane: ownership.lane.number,
        worker: plan.worker.clone(),
        token: token.to_owned(),
        accepting: false,
        calls: ownership.calls(),
        capacity: ownership.capacity(plan.max_calls),
        at: now.map_or(0, |now| now.as_secs()),
        handed_over: false,
    }
}

async fn store(plan: &Plan) -> Result<Store, Error> {
    let bucket = plan.fleet.subjects().lanes();
    let store = plan.fleet.jetstream.get_key_value(&bucket).await;
    store.map_err(|source| Error::jetstream(format!("cannot open the bucket {bucket}"), source))
}

async fn put(store: &Store, key: &str, announcement: &LaneAnnouncement) -> Result<(), Error> {
    let text = serde_json::to_vec(announcement).map_err(|source| Error::jetstream(cannot(key), source))?;
    store.put(key, text.into()).await.map(drop).map_err(|source| Error::jetstream(cannot(key), source))
}

fn cannot(key: &str) -> String {
    format!("cannot write the announcement {key}")
}
