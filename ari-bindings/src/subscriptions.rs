//! What was subscribed at run time, so that it can be subscribed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::models::Application;
use crate::request::{Body, Parameter};
use crate::value::Text;
use crate::{Client, Error, Method, Operation, Request};

/// The subscriptions and event filters that a client has made, by application.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    apps: Mutex<BTreeMap<String, Remembered>>,
}

/// Those of one application.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered {
    pub(crate) sources: BTreeSet<String>,
    pub(crate) filter: Option<Value>,
}

const FILTER: Operation = Operation {
    resource: "applications",
    name: "filter",
    method: Method::Put,
    path: "/applications/{applicationName}/eventFilter",
};

impl Subscriptions {
    /// Remembers what a request that was carried out has subscribed, or forgets what it has ended.
    pub(crate) fn note(&self, request: &Request) {
        let Operation { resource: "applications", name, .. } = request.operation() else { return };
        let Some(app) = request.path_parameter("applicationName") else { return };
        match *name {
            "subscribe" => self.lock().entry(app).or_default().sources.extend(sources(request)),
            "unsubscribe" => {
                let ended = sources(request);
                if let Some(remembered) = self.lock().get_mut(&app) {
                    remembered.sources.retain(|source| !ended.contains(source));
                }
            }
            "filter" => {
                self.lock().entry(app).or_default().filter = Some(request.body().cloned().unwrap_or_default());
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

    /// Forgets the thing whose end this event tells: Asterisk, too, ends subscriptions of what is gone.
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
        #[serde(borrow, default)]
        channel: Option<Thing<'a>>,
        #[serde(borrow, default)]
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

/// Whether an application has this filter.
pub(crate) fn is_set(application: &Application, filter: &Value) -> bool {
    let types = |list: &[Value]| -> BTreeSet<String> { list.iter().filter_map(kind_of).collect() };
    let wanted = |name: &str| types(filter.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice));
    types(&application.events_allowed) == wanted("allowed")
        && types(&application.events_disallowed) == wanted("disallowed")
}

/// Sets the filter of an application.
pub(crate) async fn set_filter(client: &Client, app: &str, filter: Value) -> Result<(), Error> {
    Call::new(client, &FILTER).path("applicationName", app).whole(filter).json::<Value>().await.map(drop)
}

/// The application whose replies over a WebSocket this request would have filtered out.
pub(crate) fn swallows_replies(request: &Request) -> Option<String> {
    let operation = request.operation();
    if (operation.resource, operation.name) != (FILTER.resource, FILTER.name) {
        return None;
    }
    let names = |list: &str| -> BTreeSet<String> {
        let list = request.body().and_then(|body| body.get(list)).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(kind_of).collect()
    };
    let (allowed, disallowed) = (names("allowed"), names("disallowed"));
    let passes = (allowed.is_empty() || allowed.contains("RESTResponse")) && !disallowed.contains("RESTResponse");
    if passes { None } else { request.path_parameter("applicationName") }
}

fn kind_of(item: &Value) -> Option<String> {
    item.get("type").and_then(Value::as_str).map(str::to_owned)
}
