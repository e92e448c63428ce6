//! The node as the gateway knows it: what belongs where, and what is published of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ari_bindings::Client;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::arrivals::{Arrival, Arrivals};
use super::facts::Facts;
use super::fences::Fences;
use super::lanes::Lanes;
use super::outbox::{Origin, Outbox, Outgoing, Pushed};
use super::prefixes::Prefixes;
use super::routing::{Route, Routing};
use super::settings::{Settings, WithoutWorker};
use crate::Fleet;
use crate::gateway::lock;
use crate::wire::{Lane, NodeAnnouncement};

/// How long before its announcement expires a gateway counts the name as lost.
const MARGIN: Duration = Duration::from_secs(1);
/// How long a request waits for the announcement of a gateway that may have lost the name.
const RENEWAL: Duration = Duration::from_secs(3);

/// The variable of a call's first channel that holds its lane.
pub(super) const VARIABLE: &str = "ARI_FLEET_LANE";

/// One run of a gateway.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) settings: Settings,
    pub(super) fleet: Fleet,
    pub(super) ari: Client,
    pub(super) boot: Arc<str>,
    pub(super) state: Mutex<State>,
    pub(super) outbox: Outbox,
    pub(super) fences: Fences,
    pub(super) up: AtomicBool,
    pub(super) release: Mutex<String>,
    /// Says that what it announces has changed.
    pub(super) changed: Notify,
    /// Until when no other gateway can have taken over the name of the node.
    lease: watch::Sender<Instant>,
    /// What goes on in the background.
    pub(super) tasks: TaskTracker,
}

/// What changes with events and commands.
#[derive(Debug)]
pub(super) struct State {
    pub(super) apps: BTreeMap<Arc<str>, Routing>,
    pub(super) lanes: Lanes,
    pub(super) arrivals: Arrivals,
}

/// Whether an event leaves the gateway its applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Still,
    /// Another connection has taken one over.
    Lost,
}

impl State {
    /// The lanes that have anything here.
    pub(super) fn lanes_in_use(&self) -> BTreeSet<Lane> {
        let of_app = |(app, routing): (&Arc<str>, &Routing)| {
            let app = app.to_string();
            routing.lanes().into_iter().map(move |number| Lane { app: app.clone(), number }).collect::<Vec<_>>()
        };
        self.apps.iter().flat_map(of_app).collect()
    }
}

impl Node {
    pub(super) fn new(settings: Settings, fleet: Fleet, ari: Client, boot: Arc<str>) -> Self {
        let origin =
            Origin { subjects: fleet.subjects().clone(), node: Arc::clone(&settings.node), boot: Arc::clone(&boot) };
        let routing = |app: &Arc<str>| (Arc::clone(app), Routing::new(Prefixes::new(&ari, app)));
        let state = State {
            apps: settings.apps.iter().map(routing).collect(),
            lanes: Lanes::new(),
            arrivals: Arrivals::new(settings.most_waiting),
        };
        Self {
            outbox: Outbox::new(origin, settings.buffer),
            settings,
            fleet,
            ari,
            boot,
            state: Mutex::new(state),
            fences: Fences::default(),
            up: AtomicBool::new(false),
            release: Mutex::default(),
            changed: Notify::new(),
            lease: watch::Sender::new(Instant::now()),
            tasks: TaskTracker::new(),
        }
    }

    /// Takes note that the node was announced, by a request sent at this time.
    pub(super) fn announced(&self, at: Instant) {
        let ttl = self.fleet.settings.announcement_ttl;
        self.lease.send_replace(at + ttl.saturating_sub(MARGIN));
    }

    /// Whether this gateway still has the name of the node; waits for the next announcement if that is in doubt.
    ///
    /// A process that was stopped, or cut off from NATS, finds the requests of that time in its queue, which another
    /// gateway may have answered: without this, they would be carried out twice.
    pub(super) async fn has_name(&self) -> bool {
        let mut lease = self.lease.subscribe();
        let renewed = lease.wait_for(|until| Instant::now() < *until);
        matches!(timeout(RENEWAL, renewed).await, Ok(Ok(_)))
    }

    /// What it announces.
    pub(super) fn announcement(&self) -> NodeAnnouncement {
        let (buffered, dropped) = self.outbox.counts();
        let state = lock(&self.state);
        let lanes = state.apps.iter().flat_map(|(app, routing)| {
            let token = |number| Lane { app: app.to_string(), number }.token();
            routing.calls_by_lane().into_iter().map(move |(number, calls)| (token(number), calls))
        });
        NodeAnnouncement {
            lanes: lanes.collect(),
            calls: state.apps.values().map(Routing::calls).sum(),
            release: lock(&self.release).clone(),
            apps: self.settings.apps.iter().map(ToString::to_string).collect(),
            up: self.is_up(),
            draining: self.settings.draining.load(Ordering::Relaxed),
            capacity: self.settings.capacity,
            buffered,
            dropped,
            ..NodeAnnouncement::new(&*self.settings.node, &*self.boot)
        }
    }

    /// Publishes an event of Asterisk.
    pub(super) fn event(self: &Arc<Self>, text: &str) -> Held {
        let facts = match Facts::read(text) {
            Ok(facts) => facts,
            Err(error) => {
                tracing::warn!(node = &*self.settings.node, %error, "an event is not as expected: it belongs to no call");
                Facts::default()
            }
        };
        let body = Bytes::copy_from_slice(text.as_bytes());
        let mut state = lock(&self.state);
        let app = state.apps.get_key_value(&*facts.application).map(|(app, _)| Arc::clone(app));
        match app {
            Some(app) => self.route(&mut state, &app, &facts, body),
            None => self.publish(&state, Outgoing::of(&facts.kind, body)),
        }
        if facts.kind == "ApplicationReplaced" { Held::Lost } else { Held::Still }
    }

    fn route(self: &Arc<Self>, state: &mut State, app: &Arc<str>, facts: &Facts<'_>, body: Bytes) {
        let Some(routing) = state.apps.get_mut(app) else { return };
        match routing.route(facts, Instant::now()) {
            Route::Lane(lane, call) => self.publish(state, Outgoing::of(&facts.kind, body).to(app, lane).with(call)),
            Route::Nobody => {
                let event = Outgoing::of(&facts.kind, body);
                self.publish(state, Outgoing { app: Some(Arc::clone(app)), ..event });
            }
            Route::Waiting(call) => {
                let is_live = routing.is_call_live(&call);
                state.arrivals.event(&call, &facts.kind, body);
                if !is_live {
                    state.arrivals.remove(&call);
                }
            }
            Route::New(call) => self.arrive(state, Arrival::new(app, &call, (&facts.kind, body))),
        }
    }

    /// Finds a lane for a new call, or lets it wait for one.
    pub(super) fn arrive(self: &Arc<Self>, state: &mut State, arrival: Arrival) {
        if self.settings.draining.load(Ordering::Relaxed) {
            return self.turn_away(state, &arrival, "the node is drained");
        }
        if let Some(lane) = state.lanes.choose(&arrival.app, Instant::now()) {
            return self.assign(state, arrival, lane);
        }
        if let Err(arrival) = state.arrivals.wait(arrival) {
            self.turn_away(state, &arrival, "no worker takes calls, and too many wait for one");
        }
    }

    /// Looks for lanes for the calls that wait, and turns those away that have waited for too long.
    pub(super) fn retry_arrivals(self: &Arc<Self>) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        for arrival in state.arrivals.take() {
            if let Some(lane) = state.lanes.choose(&arrival.app, now) {
                self.assign(&mut state, arrival, lane);
            } else if now.duration_since(arrival.since) >= self.settings.patience {
                self.turn_away(&mut state, &arrival, "no worker takes calls");
            } else if let Err(arrival) = state.arrivals.wait(arrival) {
                self.turn_away(&mut state, &arrival, "no worker takes calls, and too many wait for one");
            }
        }
    }

    /// Gives a new call its lane: publishes what has happened to it, or, if that is not known, lets its owner look.
    fn assign(self: &Arc<Self>, state: &mut State, arrival: Arrival, number: u16) {
        let Arrival { app, call, events, is_found, .. } = arrival;
        if let Some(routing) = state.apps.get_mut(&app) {
            routing.assign(&call, number);
        }
        let lane = Lane { app: app.to_string(), number };
        tracing::info!(node = &*self.settings.node, call = &*call, %lane, "a call has its lane");
        self.keep_lane(&call, &lane);
        if is_found {
            return self.notify("GatewayUp", &json!({}), &BTreeSet::from([lane]));
        }
        for (kind, body) in events {
            self.publish(state, Outgoing::of(&kind, body).to(&app, number).with(Some(Arc::clone(&call))));
        }
    }

    /// Writes the lane of a call into a variable of its channel, where the next run of the gateway finds it.
    fn keep_lane(self: &Arc<Self>, call: &Arc<str>, lane: &Lane) {
        let (node, call, lane) = (Arc::clone(self), Arc::clone(call), lane.token());
        self.tasks.spawn(async move {
            let set = node.ari.channel(&*call).set_channel_var(VARIABLE).value(lane).await;
            match set {
                Err(error) if !error.is_not_found() => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(node = &*node.settings.node, call = &*call, error, "cannot set {VARIABLE}");
                }
                _ => {}
            }
        });
    }

    /// Lets a call go that no worker takes.
    fn turn_away(self: &Arc<Self>, state: &mut State, arrival: &Arrival, reason: &'static str) {
        let Arrival { app, call, .. } = arrival;
        if let Some(routing) = state.apps.get_mut(app) {
            routing.forget(call);
        }
        let policy = self.settings.without_worker;
        tracing::warn!(
            node = &*self.settings.node,
            call = &**call,
            app = &**app,
            ?policy,
            "a call is not served: {reason}"
        );
        let (node, call) = (Arc::clone(self), Arc::clone(call));
        self.tasks.spawn(async move {
            let channel = node.ari.channel(&*call);
            let done = match policy {
                WithoutWorker::Dialplan => channel.continue_in_dialplan().await,
                WithoutWorker::HangUp => channel.hangup().reason("congestion").await,
            };
            match done {
                Err(error) if !error.is_not_found() => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(
                        node = &*node.settings.node,
                        call = &*call,
                        error,
                        "a call that nobody serves stays"
                    );
                }
                _ => {}
            }
        });
    }

    fn publish(&self, state: &State, event: Outgoing) {
        let lane = event.lane.clone();
        match self.outbox.push(event, self.fleet.nats.max_payload()) {
            Pushed::Kept | Pushed::Missed => {}
            Pushed::Overflow => {
                let reason = "NATS has not taken events for too long: they are dropped";
                tracing::error!(node = &*self.settings.node, "{reason}");
                self.notify("GatewayDown", &json!({ "reason": reason }), &state.lanes_in_use());
            }
            Pushed::TooLarge => {
                let reason = "an event is larger than NATS accepts: it is dropped";
                tracing::error!(node = &*self.settings.node, "{reason}");
                let lanes = lane.into_iter().collect();
                self.notify("GatewayDown", &json!({ "reason": reason }), &lanes);
                self.notify("GatewayUp", &json!({}), &lanes);
            }
        }
    }

    /// Publishes events again once NATS has taken those that were on their way when there was no more room.
    pub(super) fn end_gap(&self) {
        let state = lock(&self.state);
        if self.outbox.end_gap() {
            tracing::info!(node = &*self.settings.node, "events are published again");
            self.notify("GatewayUp", &json!({}), &state.lanes_in_use());
        }
    }

    /// Whether the events of the node come.
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed) && !self.outbox.is_in_gap()
    }

    /// Publishes an event of the gateway itself to these lanes.
    pub(super) fn notify(&self, kind: &str, body: &serde_json::Value, lanes: &BTreeSet<Lane>) {
        for lane in lanes {
            self.outbox.push_notice(Outgoing {
                app: Some(lane.app.as_str().into()),
                lane: Some(lane.clone()),
                ..Outgoing::of(kind, body.to_string().into())
            });
        }
    }

    /// Takes note that the event connection is lost.
    pub(super) fn goes_down(&self, reason: &str) {
        self.up.store(false, Ordering::Relaxed);
        self.changed.notify_one();
        let state = lock(&self.state);
        self.notify("GatewayDown", &json!({ "reason": reason }), &state.lanes_in_use());
    }

    /// Forgets what ended a while ago.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        lock(&self.state).apps.values_mut().for_each(|routing| routing.sweep(now));
    }
}
