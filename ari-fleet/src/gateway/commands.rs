//! Carrying out the commands of workers and other clients.

use std::sync::Arc;
use std::time::Instant;

use ari_bindings::{Error, Method, Request};
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::created::{self, Created};
use super::facts::Name;
use super::fences::Verdict;
use super::node::Node;
use crate::gateway::lock;
use crate::wire::{Lane, headers};

/// What a reply takes beside its body.
const OVERHEAD: usize = 4096;

/// The reply to a command.
#[derive(Debug)]
struct Reply {
    status: u16,
    content_type: Option<String>,
    body: Bytes,
}

/// A command, taken apart.
struct Command {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    lane: Option<Lane>,
    token: String,
}

impl Node {
    /// Carries out the commands that come, many at once, until the subscription ends.
    pub(super) async fn serve_commands(self: &Arc<Self>, mut commands: async_nats::Subscriber) {
        let permits = Arc::new(Semaphore::new(self.settings.most_commands));
        while let Some(message) = commands.next().await {
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
                // Another gateway may be about to reply.
                if !self.has_name().await {
                    continue;
                }
                self.reply(
                    &message,
                    Reply::failed(headers::NOT_SENT, "the gateway carries out as many commands as it may"),
                )
                .await;
                continue;
            };
            let node = Arc::clone(self);
            self.tasks.spawn(async move {
                if node.has_name().await {
                    let reply = node.command(&message).await;
                    node.reply(&message, reply).await;
                }
                drop(permit);
            });
        }
    }

    async fn reply(&self, command: &Message, reply: Reply) {
        let Some(inbox) = command.reply.clone() else { return };
        let largest = self.largest_reply();
        let reply = if reply.body.len() > largest {
            let message = format!("the reply has {} bytes, and NATS accepts {largest}", reply.body.len());
            Reply::failed(413, message)
        } else {
            reply
        };
        let mut headers = HeaderMap::new();
        headers.insert(headers::STATUS, reply.status.to_string());
        if let Some(content_type) =
            reply.content_type.as_deref().and_then(|value| value.parse::<async_nats::HeaderValue>().ok())
        {
            headers.insert(headers::CONTENT_TYPE, content_type);
        }
        if let Err(error) = self.fleet.nats.publish_with_headers(inbox, headers, reply.body).await {
            tracing::warn!(node = &*self.settings.node, %error, "cannot reply to a command");
        }
    }

    async fn command(&self, message: &Message) -> Reply {
        let command = match Command::read(message) {
            Ok(command) => command,
            Err(reply) => return reply,
        };
        if let Some(refused) = self.fence(&command).await {
            return refused;
        }
        let lane = command.lane.as_ref().map(tracing::field::display);
        let span = tracing::info_span!("ari.command", node = &*self.settings.node, lane, method = %command.method.as_str(), path = command.path);
        self.execute(command).instrument(span).await
    }

    /// The refusal of a command of a worker that does not own its lane.
    async fn fence(&self, command: &Command) -> Option<Reply> {
        let lane = command.lane.as_ref()?;
        match self.verdict(lane, &command.token).await {
            Verdict::Accepted => None,
            Verdict::Fenced => {
                tracing::info!(node = &*self.settings.node, %lane, path = command.path, "a command of a worker that does not own the lane");
                Some(Reply::failed(headers::FENCED, format!("the token is not that of the pin of lane {lane}")))
            }
            Verdict::Unknown(reason) => {
                Some(Reply::failed(headers::NOT_SENT, format!("who owns lane {lane} cannot be asked: {reason}")))
            }
        }
    }

    pub(super) async fn verdict(&self, lane: &Lane, token: &str) -> Verdict {
        self.fences.check(&self.fleet.jetstream, self.fleet.subjects(), lane, token).await
    }

    async fn execute(&self, command: Command) -> Reply {
        let created = created::by(command.method, &command.path, &command.query, command.body.as_ref());
        let joined = created::joined(command.method, &command.path, &command.query, command.body.as_ref());
        if let Some(lane) = &command.lane {
            self.creates(lane, &created);
        }
        let is_file = command.method == Method::Get && command.path.ends_with("/file");
        let (lane, method, path) = (command.lane.clone(), command.method, command.path.clone());
        let request = command.into_request();
        let mut reply = if is_file { self.download(request).await } else { self.send(request).await };
        if let Some(lane) = &lane {
            self.has_created(lane, created, &reply);
            if (200..300).contains(&reply.status) {
                self.has_changed(lane, method, &path, &joined);
            }
            if let Some(body) = self.listing_of(lane, method, &path, &reply.body).filter(|_| reply.status == 200) {
                reply.body = body;
            }
        }
        reply
    }

    async fn send(&self, request: Request) -> Reply {
        match self.ari.send(request).await {
            Ok(response) => {
                let body = response.body().clone();
                let content_type = (!body.is_empty()).then(|| "application/json".to_owned());
                Reply { status: response.status(), content_type, body }
            }
            Err(error) => Reply::of(&error),
        }
    }

    async fn download(&self, request: Request) -> Reply {
        let mut download = match self.ari.download(request).await {
            Ok(download) => download,
            Err(error) => return Reply::of(&error),
        };
        let content_type = download.content_type().map(str::to_owned);
        let mut body = Vec::new();
        loop {
            match download.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Reply { status: 200, content_type, body: body.into() },
                Err(error) => return Reply::of(&error),
            }
            if body.len() > self.largest_reply() {
                return Reply::failed(
                    413,
                    format!("the file is larger than the {} bytes that NATS accepts", self.largest_reply()),
                );
            }
        }
    }

    /// How many bytes a reply may have.
    fn largest_reply(&self) -> usize {
        self.fleet.nats.max_payload().saturating_sub(OVERHEAD)
    }

    /// Takes note of what a command is about to create: its events may come before the reply.
    fn creates(&self, lane: &Lane, created: &[Created]) {
        let mut state = lock(&self.state);
        let Some(routing) = state.apps.get_mut(lane.app.as_str()) else { return };
        for created in created {
            if let Some(name) = created.name() {
                routing.create(lane.number, name, created.of());
            }
        }
    }

    /// Takes note of what a command has created, or has not.
    fn has_created(&self, lane: &Lane, created: Vec<Created>, reply: &Reply) {
        let mut state = lock(&self.state);
        let Some(routing) = state.apps.get_mut(lane.app.as_str()) else { return };
        for mut created in created {
            if (200..300).contains(&reply.status) {
                if created.name().is_none() && created.take_name(&reply.body) {
                    created.name().into_iter().for_each(|name| routing.create(lane.number, name, created.of()));
                }
            } else if !matches!(reply.status, headers::UNKNOWN | 409) {
                // An id that is in use belongs to what uses it.
                created.name().into_iter().for_each(|name| routing.gone(name, Instant::now()));
            }
        }
    }

    /// Takes note of the bridges that a command has changed.
    fn has_changed(&self, lane: &Lane, method: Method, path: &str, joined: &[(String, String)]) {
        let mut state = lock(&self.state);
        let Some(routing) = state.apps.get_mut(lane.app.as_str()) else { return };
        for (bridge, channel) in joined {
            routing.join(bridge, channel);
        }
        if let Some(bridge) = created::destroyed(method, path) {
            routing.gone(Name::Bridge(&bridge), Instant::now());
        }
    }
}

impl Command {
    fn read(message: &Message) -> Result<Self, Reply> {
        let header =
            |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string);
        let invalid = |message: String| Reply::failed(400, message);
        let method = header(headers::METHOD).unwrap_or_default();
        let method = method_of(&method)
            .ok_or_else(|| invalid(format!("{}: {method:?} is no method of ARI", headers::METHOD)))?;
        let target = header(headers::TARGET).unwrap_or_default();
        if !target.starts_with('/') {
            return Err(invalid(format!("{}: {target:?} does not begin with `/`", headers::TARGET)));
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let body = match &*message.payload {
            [] => None,
            body => {
                Some(serde_json::from_slice(body).map_err(|error| invalid(format!("the body is not JSON: {error}")))?)
            }
        };
        let lane = match header(headers::LANE) {
            Some(token) => Some(
                Lane::from_token(&token).ok_or_else(|| invalid(format!("{}: {token:?} is no lane", headers::LANE)))?,
            ),
            None => None,
        };
        Ok(Self { method, path: path.to_owned(), query, body, lane, token: header(headers::TOKEN).unwrap_or_default() })
    }

    fn into_request(self) -> Request {
        let request = Request::new(self.method, self.path);
        let request =
            self.query.into_iter().fold(request, |request, (name, value)| request.query_parameter(name, value));
        match self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

impl Reply {
    fn failed(status: u16, message: impl Into<String>) -> Self {
        let body = json!({ "message": message.into() }).to_string().into();
        Self { status, content_type: Some("application/json".to_owned()), body }
    }

    /// The reply to a command that fails.
    fn of(error: &Error) -> Self {
        match error {
            Error::Refused { status, body, .. } if serde_json::from_str::<Value>(body).is_ok() => {
                let body = Bytes::copy_from_slice(body.as_bytes());
                Self { status: *status, content_type: Some("application/json".to_owned()), body }
            }
            Error::Refused { status, message, .. } => Self::failed(*status, &**message),
            Error::InvalidRequest { .. } => Self::failed(400, with_causes(error)),
            // Asterisk refuses the gateway itself, or has no ARI yet.
            Error::Unauthorized { .. } | Error::Connect { .. } | Error::NotAri { status: 401 | 403 | 404, .. } => {
                Self::failed(headers::NOT_SENT, with_causes(error))
            }
            _ => Self::failed(headers::UNKNOWN, with_causes(error)),
        }
    }
}

fn method_of(name: &str) -> Option<Method> {
    let methods = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    methods.into_iter().find(|method| method.as_str() == name)
}

/// An error with all its causes, which the client cannot ask for.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(headers: &[(&str, &str)], body: &'static str) -> Message {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        Message {
            subject: "ari.cmd.n".into(),
            reply: None,
            payload: Bytes::from_static(body.as_bytes()),
            headers: Some(map),
            status: None,
            description: None,
            length: 0,
        }
    }

    fn refusal(headers: &[(&str, &str)], body: &'static str) -> String {
        let refused = Command::read(&message(headers, body)).err().unwrap();
        assert_eq!(refused.status, 400);
        String::from_utf8(refused.body.to_vec()).unwrap()
    }

    #[test]
    fn command_reaches_asterisk_as_it_was_sent() {
        let target = "/channels/1.2/play/p%2F1?media=sound%3Aa+b&media=%C3%BC&lang=en";
        let headers = [("Ari-Method", "POST"), ("Ari-Target", target), ("Ari-Lane", "a-1"), ("Ari-Token", "t")];
        let command = Command::read(&message(&headers, r#"{"x":[1.10]}"#)).ok().unwrap();
        assert_eq!(command.lane, Some(Lane { app: "a".to_owned(), number: 1 }));
        assert_eq!(command.token, "t");
        let request = command.into_request();
        assert_eq!(request.path(), "/channels/1.2/play/p%2F1");
        assert_eq!(request.query().as_deref(), Some("media=sound%3Aa%20b&media=%C3%BC&lang=en"));
        assert_eq!(request.body(), Some(&json!({ "x": [1.10] })));
    }

    #[test]
    fn faulty_commands_are_refused_by_name() {
        assert!(refusal(&[("Ari-Method", "BREW"), ("Ari-Target", "/")], "").contains("Ari-Method"));
        assert!(refusal(&[("Ari-Method", "GET"), ("Ari-Target", "channels")], "").contains("Ari-Target"));
        assert!(refusal(&[("Ari-Method", "GET"), ("Ari-Target", "/x"), ("Ari-Lane", "a")], "").contains("Ari-Lane"));
        assert!(refusal(&[("Ari-Method", "GET"), ("Ari-Target", "/x")], "{").contains("not JSON"));
    }
}
