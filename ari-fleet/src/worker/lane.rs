//! A lane that this worker owns, from the pin to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ari_app::ServeError;
use async_nats::Subject;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull;
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::announcer::{Announcer, Says};
use super::claim::{self, Claimed};
use super::incoming;
use super::link::Link;
use super::node;
use super::ownership::Ownership;
use super::plan::Plan;
use crate::Fleet;

/// How often what is due is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How often JetStream is asked who owns the lane.
const PIN_CHECK: Duration = Duration::from_secs(1);

/// How long it may take to pull anew.
const REOPENING: Duration = Duration::from_secs(2);

/// How many acknowledgements may wait to be sent.
const MOST_ACKS: usize = 2 * super::MOST_PENDING;

/// How long the handlers of a lost lane may take to end, which is more than the application gives them.
const LONGEST_END: Duration = Duration::from_secs(20);

/// How long a lane that was taken over is kept without calls: a gateway may only now be coming back with some.
const IDLE: Duration = Duration::from_secs(10);

/// How long the application of a node is kept that nobody announces any more.
const GONE: Duration = Duration::from_secs(10 * 60);

/// What a worker wants of a lane of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It takes new calls.
    Accept,
    /// It keeps the calls that it has, and is given up after the last one.
    Keep,
    /// It takes no new calls, but goes on.
    Wait,
    /// It is given up after the application has ended its calls.
    Finish,
    /// It is given up at once, with its calls, for another worker to take over.
    Leave,
}

/// How a lane has ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was given up.
    Given,
    /// Another worker has it.
    Lost,
    /// It cannot be served.
    Failed(ServeError),
}

/// A lane of this worker.
struct Owned {
    plan: Arc<Plan>,
    ownership: Ownership,
    nodes: HashMap<String, Node>,
    serving: JoinSet<Result<(), ServeError>>,
    acks: mpsc::Sender<Subject>,
    wish: watch::Receiver<Wish>,
    announcer: Announcer,
    /// Since when it has had no calls.
    idle_since: Instant,
}

/// A node that has, or may have, calls of the lane.
struct Node {
    link: Arc<Link>,
    stop: watch::Sender<bool>,
    seen: Instant,
}

/// Owns a lane until it is lost or given up.
pub(super) async fn own(plan: Arc<Plan>, claimed: Claimed, ownership: Ownership, wish: watch::Receiver<Wish>) -> Ended {
    let Claimed { lane, token, mut messages, first } = claimed;
    tracing::info!(token, "owns the lane");
    let (acks, pending) = mpsc::channel(MOST_ACKS);
    tokio::spawn(acknowledge(plan.fleet.clone(), pending));
    let announcer = Announcer::start(&plan, &ownership);
    let (nodes, serving, idle_since) = (HashMap::new(), JoinSet::new(), Instant::now());
    let mut owned = Owned { plan, ownership, nodes, serving, acks, wish, announcer, idle_since };
    owned.take(first);
    let ended = owned.run(&mut messages).await;
    // Nothing may be delivered here after the end.
    drop(messages);
    owned.end(&ended).await;
    tracing::info!(?ended, lane = %lane, "the lane has ended here");
    ended
}

impl Owned {
    async fn run(&mut self, messages: &mut pull::Stream) -> Ended {
        let ownership = self.ownership.clone();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (pins, mut pin) = mpsc::channel(1);
        let _checking =
            AbortOnDropHandle::new(tokio::spawn(check_pin(Arc::clone(&self.plan), ownership.clone(), pins)));
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => self.take(message),
                    Some(Err(error)) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot read the events of the lane");
                        self.pull_again(messages).await;
                    }
                    // The consumer is gone, and with it the pin.
                    None => return Ended::Lost,
                },
                _ = tick.tick() => {
                    self.tick();
                    if self.is_over() {
                        return Ended::Given;
                    }
                }
                Some(ended) = self.serving.join_next() => match ended {
                    Ok(Err(error)) => return Ended::Failed(error),
                    Err(error) => tracing::error!(%error, "the application of a node has ended"),
                    Ok(Ok(())) => {}
                },
                Some(()) = pin.recv() => return Ended::Lost,
                () = ownership.lost() => return Ended::Lost,
            }
        }
    }

    /// Replaces a stream of messages that has failed: it may not ask for more soon enough to stay pinned.
    async fn pull_again(&self, messages: &mut pull::Stream) {
        match timeout(REOPENING, claim::open(&self.plan.fleet, &self.ownership.lane)).await {
            Ok(Ok(opened)) => *messages = opened,
            Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "the lane is not pulled"),
            Err(_) => tracing::warn!("JetStream does not answer: the lane is not pulled"),
        }
    }

    /// Takes a message of the lane.
    fn take(&mut self, message: Message) {
        if let Some(token) = claim::pin(&message) {
            self.pinned(token);
        }
        let (node, event) = match incoming::read(self.plan.fleet.subjects(), message) {
            Ok(event) => event,
            Err(receipt) => return drop(receipt.map(|receipt| self.acks.try_send(receipt))),
        };
        self.link(&node).take(event);
    }

    /// JetStream has pinned this worker again, for example after NATS could not be reached for a while. If another one had
    /// the lane meanwhile, its announcement is there.
    fn pinned(&mut self, token: &str) {
        let Some(known) = self.ownership.token() else { return };
        if *known == *token {
            return;
        }
        let (lane, worker) = (&self.ownership.lane, &self.plan.worker);
        if self.plan.directory.read(|announced| announced.is_of_another(lane, worker)) {
            tracing::warn!(token, "another worker had the lane meanwhile");
            return self.ownership.lose();
        }
        tracing::warn!(token, "owns the lane again, by another token");
        self.ownership.renew(token);
        self.nodes.values().for_each(|node| node.link.gap("the lane has another token"));
    }

    /// What takes the events of a node. The application is served there from the first use on.
    fn link(&mut self, node: &str) -> Arc<Link> {
        if let Some(known) = self.nodes.get_mut(node) {
            known.seen = Instant::now();
            return Arc::clone(&known.link);
        }
        let link = Arc::new(Link::new(node, &self.plan.app, self.acks.clone()));
        let stop = watch::Sender::new(false);
        let takes_outgoing = *self.wish.borrow() == Wish::Accept;
        let (plan, ownership) = (Arc::clone(&self.plan), self.ownership.clone());
        let serving = node::serve(plan, ownership, Arc::clone(&link), takes_outgoing, stop.subscribe());
        self.serving.spawn(serving.instrument(tracing::info_span!("node", node)));
        self.nodes.insert(node.to_owned(), Node { link: Arc::clone(&link), stop, seen: Instant::now() });
        link
    }

    fn tick(&mut self) {
        let now = Instant::now();
        for node in self.plan.directory.read(|announced| announced.nodes_of(&self.plan.app, now)) {
            self.link(&node);
        }
        for Node { link, .. } in self.nodes.values() {
            link.acknowledge();
            link.check(|since| {
                self.plan.directory.read(|announced| announced.boot_since(&link.node, since).map(str::to_owned))
            });
        }
        self.nodes.retain(|name, node| {
            let is_gone = node.seen.elapsed() > GONE;
            if is_gone {
                tracing::warn!(node = name, "the node is gone: its calls count as ended");
                node.stop.send_replace(true);
            }
            !is_gone
        });
        if self.ownership.calls() > 0 {
            self.idle_since = now;
        }
        let wish = *self.wish.borrow();
        if wish == Wish::Finish {
            for node in self.nodes.values() {
                node.stop.send_replace(true);
            }
        }
        self.announcer.says(if wish == Wish::Accept { Says::Accepts } else { Says::Keeps });
    }

    fn is_over(&self) -> bool {
        match *self.wish.borrow() {
            Wish::Accept | Wish::Wait => false,
            Wish::Keep => self.idle_since.elapsed() >= IDLE,
            Wish::Finish => self.serving.is_empty(),
            Wish::Leave => true,
        }
    }

    /// Ends what belongs to the lane, in this process and in JetStream.
    async fn end(mut self, ended: &Ended) {
        let calls = self.ownership.calls();
        self.ownership.lose();
        match ended {
            Ended::Lost => self.announcer.stop(),
            Ended::Given | Ended::Failed(_) => self.give_up(calls).await,
        }
        self.nodes.values().for_each(|node| node.link.replace());
        let ending = async { while self.serving.join_next().await.is_some() {} };
        if timeout(LONGEST_END, ending).await.is_err() {
            tracing::warn!(nodes = self.serving.len(), "applications of the lane do not end: they are aborted");
        }
    }

    /// Lets another worker have the lane.
    async fn give_up(&mut self, calls: u64) {
        self.announcer.finish(calls > 0).await;
        if let Err(error) = claim::unpin(&self.plan.fleet, &self.ownership.lane).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lane is free only when its pin has expired");
        }
    }
}

/// Reports when another worker is pinned, and asks for a pin when nobody is.
async fn check_pin(plan: Arc<Plan>, ownership: Ownership, lost: mpsc::Sender<()>) {
    let mut strange: Option<String> = None;
    loop {
        tokio::time::sleep(PIN_CHECK).await;
        let Some(token) = ownership.token() else { return };
        match claim::pinned(&plan.fleet, &ownership.lane).await {
            Ok(Some(pinned)) if *pinned == *token => strange = None,
            // Seen twice, because the first message with a new pin of this worker may be on its way.
            Ok(Some(pinned)) if strange.as_ref() == Some(&pinned) => {
                tracing::warn!(token = &*token, pinned, "another worker has the lane");
                let _ = lost.send(()).await;
                return;
            }
            Ok(Some(pinned)) => strange = Some(pinned),
            Ok(None) => {
                if let Err(error) = claim::publish(&plan.fleet, &ownership.lane, &plan.worker).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot ask to be pinned again");
                }
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the owner of the lane is unknown"),
        }
    }
}

async fn acknowledge(fleet: Fleet, mut receipts: mpsc::Receiver<Subject>) {
    while let Some(receipt) = receipts.recv().await {
        if let Err(error) = fleet.nats.publish(receipt, Bytes::from_static(b"+ACK")).await {
            // It is delivered again.
            tracing::debug!(%error, "an event could not be acknowledged");
        }
    }
}
