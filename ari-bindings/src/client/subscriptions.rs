//! What was subscribed at run time, so that it can be subscribed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::request::{Body, Parameter};
use crate::value::Text;
use crate::{EventFilter, Operation, Request};

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

/// The application whose replies over a WebSocket this request would have filtered out.
pub(crate) fn swallows_replies(request: &Request) -> Option<String> {
    if !request.is("applications", "filter") {
        return None;
    }
    let filter = request.body().map(EventFilter::from_json).unwrap_or_default();
    if filter.lets_pass("RESTResponse") {
        None
    } else {
        request.parameter_of_path("applicationName").map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    const SUBSCRIBE: Operation = Operation {
        resource: "applications",
        name: "subscribe",
        method: Method::Post,
        path: "/applications/{applicationName}/subscription",
    };

    fn subscribe(app: &str, sources: &[&str]) -> Request {
        let mut request = Request::of(&SUBSCRIBE).path_parameter("applicationName", app);
        let list = sources.iter().map(|source| (*source).to_owned()).collect();
        request.query.push(("eventSource".into(), Parameter::List(list)));
        request
    }

    fn remembered(subscriptions: &Subscriptions, app: &str) -> Vec<String> {
        subscriptions.of(app).map(|remembered| remembered.sources.into_iter().collect()).unwrap_or_default()
    }

    #[test]
    fn note_remembers_sources_in_query_and_body() {
        let subscriptions = Subscriptions::default();
        subscriptions.note(&subscribe("x", &["channel:a"]));
        let mut long = subscribe("x", &["channel:b", "channel:c"]);
        long.move_query_to_body();
        assert!(long.query().is_none());
        subscriptions.note(&long);
        assert_eq!(remembered(&subscriptions, "x"), ["channel:a", "channel:b", "channel:c"]);
    }

    #[test]
    fn destroyed_things_are_forgotten_for_every_application() {
        let subscriptions = Subscriptions::default();
        for app in ["x", "y"] {
            subscriptions.note(&subscribe(app, &["channel:1", "bridge:1", "bridge:2"]));
        }
        subscriptions.note(&subscribe("z", &[]));
        subscriptions.forget_destroyed(r#"{"type":"ChannelDestroyed","channel":{"id":"1"}}"#);
        assert_eq!(remembered(&subscriptions, "x"), ["bridge:1", "bridge:2"]);
        subscriptions.forget_destroyed(r#"{"type":"BridgeDestroyed","bridge":{"id":"1"}}"#);
        for app in ["x", "y"] {
            assert_eq!(remembered(&subscriptions, app), ["bridge:2"]);
        }
    }
}
