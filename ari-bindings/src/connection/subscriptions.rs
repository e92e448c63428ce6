//! What was subscribed at run time, so that it can be subscribed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::client::Call;
use crate::request::{Body, Parameter};
use crate::value::Text;
use crate::{Client, Error, EventFilter, Method, Operation, Request, ResponseFuture};

/// The subscriptions and event filters that a client has made, by application.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    apps: Mutex<BTreeMap<String, Remembered>>,
}

/// Those of one application.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered {
    pub(crate) sources: BTreeSet<String>,
    pub(crate) filter: Option<EventFilter>,
}

/// What the connection itself needs to know of an application.
///
/// The runtime declares the items of the API that it needs, so that it works with whatever is generated.
#[derive(Debug, Deserialize)]
pub(crate) struct Application {
    pub(crate) name: String,
    #[serde(default)]
    channel_ids: Vec<String>,
    #[serde(default)]
    bridge_ids: Vec<String>,
    #[serde(default)]
    endpoint_ids: Vec<String>,
    #[serde(default)]
    device_names: Vec<String>,
    #[serde(default)]
    events_allowed: Vec<Value>,
    #[serde(default)]
    events_disallowed: Vec<Value>,
}

const GET: Operation =
    Operation { resource: "applications", name: "get", method: Method::Get, path: "/applications/{applicationName}" };

const SUBSCRIBE: Operation = Operation {
    resource: "applications",
    name: "subscribe",
    method: Method::Post,
    path: "/applications/{applicationName}/subscription",
};

const FILTER: Operation = Operation {
    resource: "applications",
    name: "filter",
    method: Method::Put,
    path: "/applications/{applicationName}/eventFilter",
};

impl Subscriptions {
    /// Remembers what an executed request has subscribed, or forgets what it has ended.
    pub(crate) fn note(&self, request: &Request) {
        let Some(Operation { resource: "applications", name, .. }) = request.operation() else { return };
        let Some(app) = request.parameter_of_path("applicationName").map(str::to_owned) else { return };
        match *name {
            "subscribe" => self.lock().entry(app).or_default().sources.extend(sources(request)),
            "unsubscribe" => {
                let ended = sources(request);
                if let Some(remembered) = self.lock().get_mut(&app) {
                    remembered.sources.retain(|source| !ended.contains(source));
                }
            }
            "filter" => {
                self.lock().entry(app).or_default().filter = request.body().map(EventFilter::from_json);
            }
            _ => {}
        }
    }

    /// What is remembered of an application.
    pub(crate) fn of(&self, app: &str) -> Option<Remembered> {
        self.lock().get(app).cloned()
    }

    /// Forgets one source of an application.
    pub(crate) fn forget(&self, app: &str, source: &str) {
        if let Some(remembered) = self.lock().get_mut(app) {
            remembered.sources.remove(source);
        }
    }

    /// Forgets the channel or bridge that this event ends: Asterisk ends its subscriptions as well.
    pub(crate) fn forget_destroyed(&self, event: &str) {
        let mut apps = self.lock();
        if apps.values().all(|remembered| remembered.sources.is_empty()) {
            return;
        }
        let Some(source) = destroyed(event) else { return };
        for remembered in apps.values_mut() {
            remembered.sources.remove(&source);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Remembered>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source that an event of its end is about.
fn destroyed(event: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Thing<'a> {
        #[serde(borrow)]
        id: Text<'a>,
    }
    #[derive(Deserialize)]
    struct Destroyed<'a> {
        #[serde(borrow)]
        channel: Option<Thing<'a>>,
        #[serde(borrow)]
        bridge: Option<Thing<'a>>,
    }
    let destroyed: Destroyed<'_> = serde_json::from_str(event).ok()?;
    let channel = destroyed.channel.map(|channel| format!("channel:{}", channel.id.0));
    channel.or_else(|| destroyed.bridge.map(|bridge| format!("bridge:{}", bridge.id.0)))
}

/// The sources that a request names.
fn sources(request: &Request) -> Vec<String> {
    let in_query = request.query.iter().find(|(name, _)| *name == "eventSource");
    if let Some((_, Parameter::List(sources))) = in_query {
        return sources.clone();
    }
    match &request.body {
        Some(Body::Members(members)) => {
            let list = members.get("eventSource").and_then(Value::as_array).into_iter().flatten();
            list.filter_map(|source| source.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// Asks what an application has subscribed.
pub(crate) fn get(client: &Client, app: &str) -> ResponseFuture<Application> {
    Call::new(client, &GET).path("applicationName", app).json()
}

/// Subscribes one source for an application.
pub(crate) async fn subscribe(client: &Client, app: &str, source: &str) -> Result<(), Error> {
    let call = Call::new(client, &SUBSCRIBE).path("applicationName", app);
    call.list("eventSource", vec![source.to_owned()]).json::<Value>().await.map(drop)
}

/// Sets the filter of an application.
pub(crate) async fn set_filter(client: &Client, app: &str, filter: EventFilter) -> Result<(), Error> {
    Call::new(client, &FILTER).path("applicationName", app).whole(filter.into_json()).json::<Value>().await.map(drop)
}

/// The application whose replies over a WebSocket this request would have filtered out.
pub(crate) fn swallows_replies(request: &Request) -> Option<String> {
    let operation = request.operation()?;
    if (operation.resource, operation.name) != (FILTER.resource, FILTER.name) {
        return None;
    }
    let filter = request.body().map(EventFilter::from_json).unwrap_or_default();
    if filter.lets_pass("RESTResponse") {
        None
    } else {
        request.parameter_of_path("applicationName").map(str::to_owned)
    }
}

impl Application {
    /// Whether it has this subscription still.
    pub(crate) fn has(&self, source: &str) -> bool {
        let Some((kind, name)) = source.split_once(':') else { return false };
        let (ids, all) = match kind {
            "channel" => (&self.channel_ids, "__AST_CHANNEL_ALL_TOPIC"),
            "bridge" => (&self.bridge_ids, "__AST_BRIDGE_ALL_TOPIC"),
            "endpoint" => (&self.endpoint_ids, "__AST_ENDPOINT_ALL_TOPIC"),
            "deviceState" => (&self.device_names, "__AST_DEVICE_STATE_ALL_TOPIC"),
            _ => return false,
        };
        ids.iter().any(|id| id == if name.is_empty() { all } else { name })
    }

    /// Its event filter.
    pub(crate) fn filter(&self) -> EventFilter {
        EventFilter::of_types(&self.events_allowed, &self.events_disallowed)
    }
}
