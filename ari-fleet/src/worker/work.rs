//! The lanes of a worker: one of its own for new calls, and those of workers that are gone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use ari_app::stop_signal;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::Instrument as _;

use super::claim::{Claimed, claim};
use super::lane::{self, Ended, Wish};
use super::ownership::Ownership;
use super::plan::Plan;
use crate::Error;
use crate::wire::Lane;

/// How often it is decided what to claim and to give up.
const TICK: Duration = Duration::from_millis(200);

/// How long the first announcements may take to come.
const FIRST: Duration = Duration::from_millis(300);

/// How long to try to get a free lane, before another one is tried.
const FREE: Duration = Duration::from_secs(1);

/// How long to try to get the lane of a worker that is gone: longer than JetStream keeps that one pinned.
const ORPHAN: Duration = Duration::from_secs(5);

/// How long gateways may take to see that no new calls are wanted.
const NOTICE: Duration = Duration::from_millis(500);

/// How long the lanes may take to end beyond the time that calls have.
const ENDING: Duration = Duration::from_secs(30);

/// What bounds the work.
pub(super) struct Limits {
    pub(super) lanes: u16,
    pub(super) drain: Duration,
    pub(super) hand_over: bool,
    pub(super) on_signal: bool,
}

struct Work {
    plan: Arc<Plan>,
    limits: Limits,
    total: Arc<AtomicU64>,
    owned: BTreeMap<Lane, Owning>,
    tasks: JoinSet<(Lane, Ended)>,
    claiming: BTreeMap<Lane, Id>,
    claims: JoinSet<(Lane, Result<Option<Claimed>, Error>)>,
    /// The lanes whose tasks have ended unexpectedly are found by these.
    lanes: HashMap<Id, Lane>,
    /// Whether all lanes have other workers.
    waits: bool,
}

struct Owning {
    ownership: Ownership,
    wish: watch::Sender<Wish>,
}

/// Serves calls until `stop` or a signal asks for the end.
pub(super) async fn work(plan: Arc<Plan>, limits: Limits, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    sleep(FIRST).await;
    let on_signal = limits.on_signal;
    let mut work = Work {
        plan,
        limits,
        total: Arc::default(),
        owned: BTreeMap::new(),
        tasks: JoinSet::new(),
        claiming: BTreeMap::new(),
        claims: JoinSet::new(),
        lanes: HashMap::new(),
        waits: false,
    };
    let ended = tokio::select! {
        ended = work.run() => ended,
        _ = stop.wait_for(|stop| *stop) => Ok(()),
        () = stop_signal(on_signal) => Ok(()),
    };
    work.end().await;
    ended
}

impl Work {
    /// Claims and serves lanes. Returns only if one cannot be served.
    async fn run(&mut self) -> Result<(), Error> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.decide(),
                Some(claimed) = self.claims.join_next() => self.claimed(claimed),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended)?,
            }
        }
    }

    fn decide(&mut self) {
        let (now, plan) = (Instant::now(), Arc::clone(&self.plan));
        if !plan.directory.read(|announced| announced.is_current(now)) {
            return;
        }
        let orphans = plan.directory.read(|announced| announced.orphans(&plan.app, now));
        for lane in orphans.iter().filter(|lane| !self.has(lane)).cloned().collect::<Vec<_>>() {
            tracing::info!(%lane, "the lane has no worker");
            self.claim(lane, ORPHAN);
        }
        if !self.owned.values().any(|owning| *owning.wish.borrow() == Wish::Accept) && self.claiming.is_empty() {
            let free = plan.directory.read(|announced| announced.free_lanes(&plan.app, self.limits.lanes, now));
            let free: Vec<_> = free.into_iter().filter(|lane| !self.has(lane)).collect();
            match choose(free) {
                Some(lane) => self.claim(lane, FREE),
                None if !self.waits => {
                    tracing::warn!("every lane has a worker: this one waits for one; let there be more `lanes`");
                    self.waits = true;
                }
                None => {}
            }
        }
    }

    fn has(&self, lane: &Lane) -> bool {
        self.owned.contains_key(lane) || self.claiming.contains_key(lane)
    }

    /// Begins to claim a lane, in the background.
    fn claim(&mut self, lane: Lane, limit: Duration) {
        let (plan, begun, claimed) = (Arc::clone(&self.plan), Instant::now(), lane.clone());
        let claiming = async move {
            let is_wanted = |now: Instant| {
                now.saturating_duration_since(begun) < limit
                    && !plan.directory.read(|announced| announced.has_owner(&claimed, now))
            };
            let result = claim(&plan.fleet, claimed.clone(), &plan.worker, is_wanted).await;
            (claimed, result)
        };
        let id = self.claims.spawn(claiming).id();
        self.claiming.insert(lane, id);
    }

    fn claimed(&mut self, claimed: Result<(Lane, Result<Option<Claimed>, Error>), JoinError>) {
        match claimed {
            Ok((lane, claimed)) => {
                self.claiming.remove(&lane);
                match claimed {
                    Ok(Some(claimed)) => self.own(claimed),
                    Ok(None) => tracing::debug!(%lane, "another worker has the lane"),
                    Err(error) => tracing::warn!(%lane, error = &error as &dyn std::error::Error, "no claim"),
                }
            }
            Err(error) => {
                tracing::error!(%error, "a claim has ended unexpectedly");
                self.claiming.retain(|_, id| *id != error.id());
            }
        }
    }

    fn own(&mut self, claimed: Claimed) {
        let lane = claimed.lane.clone();
        let ownership = Ownership::new(lane.clone(), &claimed.token, Arc::clone(&self.total));
        // The first one takes new calls. So a worker that starts when all others are gone takes one of their lanes.
        let accepts = !self.owned.values().any(|owning| *owning.wish.borrow() == Wish::Accept);
        self.waits = false;
        let (wish, wished) = watch::channel(if accepts { Wish::Accept } else { Wish::Keep });
        let span = tracing::info_span!("lane", app = lane.app, number = lane.number);
        let owning = lane::own(Arc::clone(&self.plan), claimed, ownership.clone(), wished).instrument(span);
        let id = self.tasks.spawn({
            let lane = lane.clone();
            async move { (lane, owning.await) }
        });
        self.lanes.insert(id.id(), lane.clone());
        self.owned.insert(lane, Owning { ownership, wish });
    }

    fn ended(&mut self, ended: Result<(Id, (Lane, Ended)), JoinError>) -> Result<(), Error> {
        match ended {
            Ok((id, (lane, ended))) => {
                self.lanes.remove(&id);
                self.owned.remove(&lane);
                match ended {
                    Ended::Failed(error) => Err(error.into()),
                    Ended::Given | Ended::Lost => Ok(()),
                }
            }
            Err(error) => {
                tracing::error!(%error, "a lane has ended unexpectedly");
                if let Some(lane) = self.lanes.remove(&error.id()) {
                    self.owned.remove(&lane);
                }
                Ok(())
            }
        }
    }

    /// Ends the lanes: after their calls, or with them.
    async fn end(&mut self) {
        self.claims.abort_all();
        tracing::info!(lanes = self.owned.len(), "shutting down");
        self.wish(Wish::Wait);
        let (patience, on_signal) = (self.limits.drain, self.limits.on_signal);
        if self.limits.hand_over {
            let calls_end = async {
                while self.calls() > 0 {
                    sleep(TICK).await;
                }
            };
            tokio::select! {
                () = calls_end => {}
                () = sleep(patience) => {}
                () = stop_signal(on_signal) => {}
            }
            self.wish(Wish::Leave);
        } else {
            sleep(NOTICE).await;
            self.wish(Wish::Finish);
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            ended = timeout(patience.saturating_add(ENDING), all) => if ended.is_err() {
                tracing::error!("lanes do not end: they are left");
            },
            // Another signal ends the patience; the calls are hung up in the background.
            () = stop_signal(on_signal) => {}
        }
        self.tasks.shutdown().await;
    }

    fn wish(&self, wish: Wish) {
        for owning in self.owned.values() {
            owning.wish.send_replace(wish);
        }
    }

    fn calls(&self) -> u64 {
        self.owned.values().map(|owning| owning.ownership.calls()).sum()
    }
}

/// Any of the first few, so that workers that start together do not all claim the same one.
fn choose(mut lanes: Vec<Lane>) -> Option<Lane> {
    lanes.truncate(8);
    let random = uuid::Uuid::new_v4().as_u128() % (lanes.len().max(1) as u128);
    let random = usize::try_from(random).unwrap_or(0);
    (random < lanes.len()).then(|| lanes.swap_remove(random))
}
