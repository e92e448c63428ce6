//! The runs of a gateway: from taking a node's name to giving it up.

use std::sync::Arc;
use std::time::Duration;

use ari_bindings::{Client, Event, Events};
use async_nats::Subscriber;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use super::announce::Claim;
use super::node::{Held, Node};
use super::settings::Settings;
use crate::{Error, Fleet};

/// How often calls look for a worker.
const RETRY: Duration = Duration::from_millis(200);
/// How often what has ended is forgotten.
const SWEEP: Duration = Duration::from_secs(5);
/// How long what is under way may take at the end of a run.
const FLUSH: Duration = Duration::from_secs(5);
/// The pause after a run that lost its node or an application.
const PAUSE: Duration = Duration::from_secs(3);

/// Why a run ends.
enum End {
    Shutdown,
    /// Another gateway has taken over the name of the node.
    NameLost,
    /// Another connection has taken over an application.
    AppLost,
}

/// Serves a node in run after run, until it is shut down.
pub(super) async fn run(
    fleet: Fleet,
    ari: Client,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let claim = Claim::new(&fleet, &settings.node).await?;
    loop {
        let boot: Arc<str> = Uuid::new_v4().simple().to_string().get(..12).unwrap_or_default().into();
        let node = Arc::new(Node::new(settings.clone(), fleet.clone(), ari.clone(), boot));
        let revision = tokio::select! {
            revision = claim.take(&node) => revision,
            () = stopped(&mut stop) => return Ok(()),
        };
        let publisher = Arc::clone(&node);
        let mut publishing = JoinSet::new();
        publishing.spawn(async move { publisher.outbox.publish(&publisher.fleet.nats).await });
        let served = serve(&node, &claim, revision, &mut stop).await;
        finish(&node, &claim, &served).await;
        drop(publishing);
        match served? {
            End::Shutdown => return Ok(()),
            End::NameLost => tracing::warn!(node = &*settings.node, "another gateway has taken over the node"),
            End::AppLost => tracing::error!(
                node = &*settings.node,
                "another connection to Asterisk has taken over an application: there must be none but the gateway's"
            ),
        }
        tokio::select! {
            () = sleep(PAUSE) => {}
            () = stopped(&mut stop) => return Ok(()),
        }
    }
}

/// One run, until its end.
async fn serve(node: &Arc<Node>, claim: &Claim, revision: u64, stop: &mut watch::Receiver<bool>) -> Result<End, Error> {
    let subjects = node.fleet.subjects();
    let commands = subscribe(node, subjects.commands(&node.settings.node)).await?;
    let requests = subscribe(node, subjects.control(&node.settings.node)).await?;
    let mut tasks = JoinSet::new();
    let [carrying_out, answering, watching, tidying] = std::array::from_fn(|_| Arc::clone(node));
    tasks.spawn(async move { carrying_out.serve_commands(commands).await });
    tasks.spawn(async move { answering.serve_control(requests).await });
    tasks.spawn(async move { watching.watch_lanes().await });
    tasks.spawn(async move { tidying.tidy().await });
    tokio::select! {
        ended = hold_events(node) => ended,
        () = claim.hold(node, revision) => Ok(End::NameLost),
        () = stopped(stop) => Ok(End::Shutdown),
        _ = tasks.join_next() => Err(node.error("the connection to NATS is closed")),
    }
}

/// Publishes the events of Asterisk.
async fn hold_events(node: &Arc<Node>) -> Result<End, Error> {
    let apps: Vec<_> = node.settings.apps.iter().map(ToString::to_string).collect();
    let mut events = node.ari.events(apps).wait_for_server(true).await?;
    node.rebuild().await;
    while let Some(event) = events.next().await {
        if handle(node, &events, &event?).await == Held::Lost {
            return Ok(End::AppLost);
        }
    }
    Err(node.error("the event connection to Asterisk is closed"))
}

async fn handle(node: &Arc<Node>, events: &Events, event: &Event) -> Held {
    match (event, events.raw()) {
        (Event::Disconnected(disconnected), _) => {
            tracing::warn!(node = &*node.settings.node, "the event connection is lost: {}", disconnected.reason);
            node.goes_down(&disconnected.reason.to_string());
        }
        (Event::Reconnected(reconnected), _) if !reconnected.replaced.is_empty() => return Held::Lost,
        (Event::Reconnected(_), _) => node.rebuild().await,
        (_, Some(text)) => return node.event(text),
        (_, None) => {}
    }
    Held::Still
}

/// Ends a run: tells the workers, gives the name up, and lets finish what is under way, within bounds.
async fn finish(node: &Arc<Node>, claim: &Claim, served: &Result<End, Error>) {
    // After the loss of the name, the new gateway of the node speaks for it.
    let is_named = !matches!(served, Ok(End::NameLost));
    if is_named {
        node.goes_down("the gateway ends");
    }
    node.tasks.close();
    let is_done = async { tokio::join!(node.tasks.wait(), node.outbox.flushed()) };
    if timeout(FLUSH, is_done).await.is_err() {
        let (left, _) = node.outbox.counts();
        tracing::warn!(node = &*node.settings.node, left, "events or commands are left at the end");
    }
    // Last, because the next gateway publishes at once.
    if is_named {
        claim.release().await;
    }
}

async fn subscribe(node: &Node, subject: String) -> Result<Subscriber, Error> {
    let subscribed = node.fleet.nats.subscribe(subject.clone()).await;
    subscribed.map_err(|error| node.error(&format!("cannot subscribe to {subject}: {error}")))
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could shut it down.
        std::future::pending::<()>().await;
    }
}

impl Node {
    fn error(&self, reason: &str) -> Error {
        Error::Gateway { node: self.settings.node.to_string(), reason: reason.to_owned() }
    }

    /// What is done from time to time.
    async fn tidy(self: &Arc<Self>) {
        let (mut retry, mut sweep) = (interval(RETRY), interval(SWEEP));
        retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = retry.tick() => {
                    self.end_gap();
                    self.retry_arrivals();
                }
                _ = sweep.tick() => self.sweep(),
            }
        }
    }
}
