//! Applications: sessions, subscriptions and filters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::mpsc;

use super::channels::Endpoint;
use super::events::{Event, Topic};
use super::models::ApplicationModel;
use super::{Frame, Outcome, World, refuse};
use crate::exchange::{Reply, SessionEnd, SessionId, SessionRequest};
use crate::journal::What;
use crate::surface::Arguments;

/// An event connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The first stands in replies that are sent as events.
    pub(super) apps: Vec<String>,
    pub(super) frames: mpsc::UnboundedSender<Frame>,
}

#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) session: Option<SessionId>,
    sources: BTreeMap<Source, u32>,
    /// Those that a request has asked for.
    requested: BTreeSet<Source>,
    allowed: Vec<Value>,
    disallowed: Vec<Value>,
}

/// What an application can subscribe to: a thing, or all of its kind if the id is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    kind: Kind,
    id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Channel,
    Bridge,
    Endpoint,
    Device,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Channel, Self::Bridge, Self::Endpoint, Self::Device];

    /// The subscription to all of the kind.
    fn everything(self) -> Source {
        Source { kind: self, id: String::new() }
    }

    /// The id under which the subscription to all of the kind is listed.
    fn all(self) -> &'static str {
        match self {
            Self::Channel => "__AST_CHANNEL_ALL_TOPIC",
            Self::Bridge => "__AST_BRIDGE_ALL_TOPIC",
            Self::Endpoint => "__AST_ENDPOINT_ALL_TOPIC",
            Self::Device => "__AST_DEVICE_STATE_ALL_TOPIC",
        }
    }
}

impl App {
    fn has(&self, kind: Kind, id: &str) -> bool {
        let has = |id: &str| self.sources.contains_key(&Source { kind, id: id.to_owned() });
        has(id) || has("")
    }

    fn ids(&self, kind: Kind) -> Vec<&str> {
        let sources = self.sources.keys().filter(|source| source.kind == kind);
        sources.map(|source| if source.id.is_empty() { kind.all() } else { &*source.id }).collect()
    }

    /// What it is subscribed to, except for whole kinds.
    pub(super) fn subscriptions(&self) -> impl Iterator<Item = String> {
        let sources = self.sources.keys().filter(|source| !source.id.is_empty());
        sources.map(|Source { kind, id }| format!("subscription of {} to {kind:?} {id}", self.name))
    }

    pub(super) fn admits(&self, event: &str) -> bool {
        let names = |list: &[Value]| list.iter().any(|filter| filter["type"] == event);
        !names(&self.disallowed) && (self.allowed.is_empty() || names(&self.allowed))
    }
}

impl World {
    /// Opens a session for applications, which takes them over from other sessions.
    pub(crate) fn connect(&mut self, request: &SessionRequest) -> (SessionId, mpsc::UnboundedReceiver<Frame>) {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let (frames, receiver) = mpsc::unbounded_channel();
        self.sessions.insert(id, Connection { apps: request.apps.clone(), frames });
        self.note(What::Connected { session: id, apps: request.apps.clone() });
        for name in &request.apps {
            if self.apps.get(name).is_some_and(|app| app.session.is_some()) {
                self.emit(Topic::App(name), &Event::new("ApplicationReplaced"));
            }
            let app = self.apps.entry(name.clone()).or_default();
            app.name.clone_from(name);
            app.session = Some(id);
            if request.subscribe_all {
                app.sources.extend(Kind::ALL.map(|kind| (Source { kind, id: String::new() }, 1)));
            }
        }
        (id, receiver)
    }

    /// Ends a session from the client's side.
    pub(crate) fn disconnect(&mut self, session: SessionId) {
        if self.sessions.remove(&session).is_some() {
            self.note(What::Disconnected { session });
        }
        for app in self.apps.values_mut().filter(|app| app.session == Some(session)) {
            app.session = None;
        }
        self.prune_apps();
    }

    /// Ends a session from the server's side.
    pub(crate) fn end_session(&mut self, session: SessionId, end: SessionEnd) {
        if let Some(connection) = self.sessions.get(&session) {
            let _ = connection.frames.send(Frame::End(end));
        }
        self.disconnect(session);
    }

    /// Takes applications from whichever connection has them.
    pub(super) fn release_apps(&mut self, names: &[String]) {
        for name in names {
            if let Some(app) = self.apps.get_mut(name) {
                app.session = None;
            }
        }
        self.prune_apps();
    }

    /// An application without a session lives as long as it has subscriptions.
    fn prune_apps(&mut self) {
        self.apps.retain(|_, app| app.session.is_some() || !app.sources.is_empty());
    }

    /// Whether the application has a connection.
    pub(super) fn is_connected(&self, app: &str) -> bool {
        self.apps.get(app).is_some_and(|app| app.session.is_some())
    }

    /// Whether the application can take calls: one whose connection was lost can.
    pub(crate) fn has_app(&self, app: &str) -> bool {
        self.apps.contains_key(app)
    }

    pub(super) fn subscribe(&mut self, app: &str, kind: Kind, id: &str) {
        if let Some(app) = self.apps.get_mut(app) {
            if kind == Kind::Endpoint || !app.sources.contains_key(&Source { kind, id: String::new() }) {
                *app.sources.entry(Source { kind, id: id.to_owned() }).or_default() += 1;
            }
        }
    }

    pub(super) fn unsubscribe(&mut self, app: &str, kind: Kind, id: &str) {
        let source = Source { kind, id: id.to_owned() };
        if let Some(app) = self.apps.get_mut(app) {
            if let Some(count) = app.sources.get_mut(&source) {
                *count -= 1;
                if *count == 0 {
                    app.sources.remove(&source);
                    app.requested.remove(&source);
                }
            }
        }
        self.prune_apps();
    }

    /// Ends all subscriptions to something that is gone.
    pub(super) fn forget(&mut self, kind: Kind, id: &str) {
        let source = Source { kind, id: id.to_owned() };
        for app in self.apps.values_mut() {
            app.sources.remove(&source);
            app.requested.remove(&source);
        }
        self.prune_apps();
    }

    /// Whether an event about this goes to the application.
    pub(super) fn concerns(&self, app: &App, topic: Topic<'_>) -> bool {
        let endpoint = |endpoint: &Endpoint| {
            let Endpoint { tech, resource } = endpoint;
            app.has(Kind::Endpoint, &format!("{tech}/{resource}"))
                || app.sources.contains_key(&Source { kind: Kind::Endpoint, id: tech.clone() })
        };
        let channel = |id: &str| {
            app.has(Kind::Channel, id)
                || self.channels.get(id).and_then(|channel| channel.endpoint.as_ref()).is_some_and(endpoint)
        };
        match topic {
            Topic::Channel(id) => channel(id),
            Topic::Dial(peer, caller) => channel(peer) || caller.is_some_and(channel),
            Topic::Bridge(id) => app.has(Kind::Bridge, id),
            Topic::Endpoint(id) => endpoint(id),
            Topic::Device(name) => app.has(Kind::Device, name),
            Topic::App(name) => app.name == name,
        }
    }

    fn application_model<'a>(&self, app: &'a App) -> ApplicationModel<'a> {
        ApplicationModel {
            name: &app.name,
            channel_ids: app.ids(Kind::Channel),
            bridge_ids: app.ids(Kind::Bridge),
            endpoint_ids: app.ids(Kind::Endpoint),
            device_names: app.ids(Kind::Device),
            events_allowed: self.traits.has_filter.then_some(&*app.allowed),
            events_disallowed: self.traits.has_filter.then_some(&*app.disallowed),
        }
    }

    fn app(&self, name: &str) -> Result<&App, Reply> {
        self.apps.get(name).ok_or_else(|| Reply::message(404, "Application not found"))
    }

    fn application(&self, name: &str) -> Outcome {
        Ok(Reply::json(200, &self.application_model(self.app(name)?)))
    }

    pub(super) fn application_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("applicationName").unwrap_or_default();
        Some(match operation {
            "list" => {
                let apps: Vec<_> = self.apps.values().map(|app| self.application_model(app)).collect();
                Ok(Reply::json(200, &apps))
            }
            "get" => self.application(name),
            "subscribe" => self.subscribe_to(name, &arguments.texts("eventSource")),
            "unsubscribe" => self.unsubscribe_from(name, &arguments.texts("eventSource")),
            "filter" => self.filter(name, arguments),
            _ => return None,
        })
    }

    fn subscribe_to(&mut self, name: &str, sources: &[&str]) -> Outcome {
        self.app(name)?;
        let sources = sources.iter().map(|uri| source(uri)).collect::<Result<Vec<_>, _>>()?;
        if sources.iter().any(|source| !self.exists(source)) {
            return refuse(422, "Event source does not exist");
        }
        if let Some(app) = self.apps.get_mut(name) {
            for source in sources {
                // It counts once, however often it is asked for.
                if app.requested.insert(source.clone()) {
                    *app.sources.entry(source).or_default() += 1;
                }
            }
        }
        self.application(name)
    }

    fn exists(&self, Source { kind, id }: &Source) -> bool {
        match kind {
            _ if id.is_empty() => true,
            Kind::Channel => self.channels.contains_key(id),
            Kind::Bridge => self.bridges.contains_key(id),
            Kind::Endpoint => self.has_endpoint(id),
            Kind::Device => true,
        }
    }

    fn unsubscribe_from(&mut self, name: &str, sources: &[&str]) -> Outcome {
        let app = self.app(name)?;
        let sources = sources.iter().map(|uri| source(uri)).collect::<Result<Vec<_>, _>>()?;
        if sources.iter().any(|source| source.id.is_empty()) {
            return refuse(501, "Method not implemented");
        }
        // Its name stands for the subscription to everything of a kind.
        let everything =
            |source: Source| if source.id == source.kind.all() { source.kind.everything() } else { source };
        let sources: Vec<_> = sources.into_iter().map(everything).collect();
        if sources.iter().any(|source| !app.sources.contains_key(source)) {
            return refuse(422, "Event source was not subscribed to");
        }
        let reply = |world: &Self| world.application(name);
        for source in &sources {
            if let Some(app) = self.apps.get_mut(name) {
                app.sources.remove(source);
                app.requested.remove(source);
            }
        }
        let reply = reply(self);
        self.prune_apps();
        reply
    }

    fn filter(&mut self, name: &str, arguments: &Arguments) -> Outcome {
        self.app(name)?;
        let filter = arguments.body().and_then(Value::as_object);
        let list = |name: &str| match filter.and_then(|filter| filter.get(name)) {
            Some(Value::Array(list)) if list.iter().all(|item| item["type"].is_string()) => Ok(Some(list.clone())),
            Some(_) => Err(Reply::message(400, "Invalid format definition")),
            None => Ok(None),
        };
        let (allowed, disallowed) = (list("allowed")?, list("disallowed")?);
        // An empty object resets both; one of unknown members changes nothing.
        let resets = filter.is_none_or(serde_json::Map::is_empty);
        if let Some(app) = self.apps.get_mut(name) {
            if resets || allowed.is_some() {
                app.allowed = allowed.unwrap_or_default();
            }
            if resets || disallowed.is_some() {
                app.disallowed = disallowed.unwrap_or_default();
            }
        }
        self.application(name)
    }
}

/// What an event source names.
fn source(uri: &str) -> Result<Source, Reply> {
    let (scheme, id) = uri.split_once(':').unwrap_or((uri, ""));
    let kind = match scheme {
        "channel" => Kind::Channel,
        "bridge" => Kind::Bridge,
        "endpoint" => Kind::Endpoint,
        "deviceState" => Kind::Device,
        _ => return Err(Reply::message(400, "Invalid event source URI scheme")),
    };
    if !uri.contains(':') {
        return Err(Reply::message(400, "Invalid event source URI scheme"));
    }
    Ok(Source { kind, id: id.to_owned() })
}
