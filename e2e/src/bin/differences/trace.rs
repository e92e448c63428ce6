//! Plays a scene, and keeps what came back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::normal::Ids;
use crate::script::{Request, Scene, Step};
use crate::target::{Response, Socket, Target, next};

/// How long an event may take.
const EVENT_TIMEOUT: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trace {
    /// One for each request.
    pub(crate) replies: Vec<Reply>,
    /// The events about each object, in order.
    pub(crate) events: BTreeMap<String, Vec<Event>>,
    /// Events that were waited for in vain.
    pub(crate) missing: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reply {
    /// The request with the names of ids.
    pub(crate) request: String,
    pub(crate) response: Response,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) text: String,
}

struct Player<'a> {
    target: &'a Target,
    ids: Ids,
    socket: Option<Socket>,
    /// Events that arrived before they were waited for, with the id of what they are about.
    waiting: Vec<(String, String)>,
    trace: Trace,
}

/// Plays a scene on a server.
pub(crate) async fn play(scene: &Scene, target: &Target) -> Trace {
    let mut player = Player { target, ids: Ids::default(), socket: None, waiting: Vec::new(), trace: Trace::default() };
    if scene.has_events() {
        let app = player.ids.fill("{app}");
        player.socket = Some(target.events(&app).await);
    }
    for step in &scene.steps {
        match step {
            Step::Request(request) => player.request(request).await,
            Step::Event { kind, object } => player.wait(kind, object).await,
        }
    }
    if player.socket.is_some() {
        player.finish().await;
    }
    player.trace
}

impl Player<'_> {
    async fn request(&mut self, request: &Request) {
        let filled =
            Request { target: self.ids.fill(&request.target), body: self.ids.fill(&request.body), ..request.clone() };
        let response = self.target.send(&filled).await;
        let response = Response {
            location: response.location.map(|it| self.ids.normal(&it)),
            body: self.ids.normal_body(&response.body),
            ..response
        };
        let body = if request.body.is_empty() { String::new() } else { format!(" {}", request.body) };
        let content_type = request.content_type.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        let request = format!("{} {}{content_type}{body}", request.method, request.target);
        self.trace.replies.push(Reply { request, response });
    }

    async fn wait(&mut self, kind: &str, object: &str) {
        let object = self.ids.fill(object);
        let is_it = |(other, about): &(String, String)| *other == kind && *about == object;
        let came = timeout(EVENT_TIMEOUT, async {
            loop {
                if let Some(found) = self.waiting.iter().position(is_it) {
                    self.waiting.remove(found);
                    return true;
                }
                if !self.receive().await {
                    return false;
                }
            }
        });
        if !came.await.unwrap_or(false) {
            let missing = self.ids.normal(&format!("{kind} {object}"));
            self.trace.missing.push(missing);
        }
    }

    /// Takes the next event; false at the end of the connection.
    async fn receive(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return false };
        let Ok(text) = next(socket).await else {
            self.socket = None;
            return false;
        };
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        let about = about(&value);
        self.waiting.push((kind.clone(), about.clone()));
        if kind != "ChannelUserevent" || value["eventname"] != "end" {
            let event = Event { kind, text: self.ids.normal_body(&text) };
            self.trace.events.entry(self.ids.normal(&about)).or_default().push(event);
        }
        true
    }

    /// Takes the events up to one that is sent now.
    async fn finish(&mut self) {
        let app = self.ids.fill("{app}");
        let target = format!("/events/user/end?application={app}");
        let end = Request { method: "POST".to_owned(), target, content_type: None, body: String::new() };
        self.target.send(&end).await;
        self.wait("ChannelUserevent", "").await;
    }
}

/// The id of the object that an event is about.
fn about(event: &Value) -> String {
    for (member, id) in [
        ("playback", "id"),
        ("recording", "name"),
        ("device_state", "name"),
        ("channel", "id"),
        ("peer", "id"),
        ("bridge", "id"),
    ] {
        if let Some(id) = event[member][id].as_str() {
            return id.to_owned();
        }
    }
    String::new()
}
