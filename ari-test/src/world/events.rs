//! Events, and which applications get them.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::channels::Endpoint;
use super::{Frame, World};
use crate::exchange::{Reply, SessionId};
use crate::journal::What;

/// The id that the server gives itself.
pub(super) const ASTERISK_ID: &str = "02:00:00:00:00:01";

/// An event before it is addressed.
#[derive(Debug)]
pub(super) struct Event {
    kind: &'static str,
    /// Members before `type`.
    first: String,
    members: String,
}

impl Event {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, first: String::new(), members: String::new() }
    }

    pub(super) fn with(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        member(&mut self.members, name, value);
        self
    }

    pub(super) fn with_some(self, name: &str, value: Option<&(impl Serialize + ?Sized)>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A member that Asterisk writes before `type`.
    pub(super) fn first(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        member(&mut self.first, name, value);
        self
    }

    pub(super) fn text(&self, stamp: &str, app: &str) -> Arc<str> {
        let Self { kind, first, members } = self;
        let app = json(app);
        let text = format!(
            r#"{{{first}"type":"{kind}","timestamp":"{stamp}",{members}"asterisk_id":"{ASTERISK_ID}","application":{app}}}"#
        );
        text.into()
    }
}

fn member(members: &mut String, name: &str, value: &(impl Serialize + ?Sized)) {
    let _ = write!(members, r#""{name}":{},"#, json(value));
}

/// Compact JSON.
pub(super) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("models are maps with string keys")
}

/// What an event is about, which decides who gets it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Topic<'a> {
    Channel(&'a str),
    /// A dialled channel, and the one that calls it.
    Dial(&'a str, Option<&'a str>),
    Bridge(&'a str),
    Endpoint(&'a Endpoint),
    Device(&'a str),
    /// One application, whatever it has subscribed to.
    App(&'a str),
}

impl World {
    /// Whether an event would go to anybody.
    pub(super) fn is_wanted(&self, topic: Topic<'_>) -> bool {
        self.apps.values().any(|app| app.session.is_some() && self.concerns(app, topic))
    }

    pub(super) fn emit(&mut self, topic: Topic<'_>, event: &Event) {
        let stamp = self.clock.stamp();
        let apps = self.apps.values().filter(|app| app.session.is_some());
        let apps = apps.filter(|app| self.concerns(app, topic) && app.admits(event.kind));
        let addressed: Vec<_> = apps.filter_map(|app| Some((app.session?, event.text(&stamp, &app.name)))).collect();
        for (session, text) in addressed {
            self.deliver(session, text);
        }
    }

    fn deliver(&mut self, session: SessionId, text: Arc<str>) {
        self.note(What::Event { session, text: Arc::clone(&text) });
        self.send(session, Frame::Text(text));
    }

    /// Sends a reply over a session.
    pub(crate) fn reply_over(&mut self, session: SessionId, reply: Reply) {
        self.send(session, Frame::Reply(reply));
    }

    pub(super) fn send(&mut self, session: SessionId, frame: Frame) {
        if let Some(session) = self.sessions.get(&session) {
            // The session may be ending.
            let _ = session.frames.send(frame);
        }
    }

    /// The text of an event for one session, unless the filter of its first application keeps this type back.
    pub(crate) fn sign(
        &self,
        session: SessionId,
        kind: &'static str,
        members: &Map<String, Value>,
    ) -> Option<Arc<str>> {
        let app = self.sessions.get(&session)?.apps.first()?;
        if self.apps.get(app).is_some_and(|app| !app.admits(kind)) {
            return None;
        }
        let event = members.iter().fold(Event::new(kind), |event, (name, value)| event.with(name, value));
        Some(event.text(&self.clock.stamp(), app))
    }
}
