//! The requests of a lane to one node, over NATS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ari_bindings::{Bytes, HttpService, ServiceError, Upgrade};
use async_nats::client::{Request, RequestErrorKind};
use async_nats::connection::State;
use async_nats::{HeaderMap, Message};
use tokio::time::sleep;

use super::link::Link;
use super::order::Position;
use super::ownership::Ownership;
use super::plan::Plan;
use crate::wire::headers;
use crate::wire::{Attached, Control, Refusal};

/// The path of ARI in the URLs of the client, which no server sees.
pub(super) const BASE: &str = "/ari";

/// How long a gateway may take to attach a lane.
const ATTACH_TIMEOUT: Duration = Duration::from_secs(2);

/// What the events are named by which a client checks that its event connection delivers.
const PROBE: &str = "/events/user/ari-bindings-";

/// How long a command waits for a gateway, or for the connection to NATS. A standby takes as long to become the gateway.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before a gateway is looked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// Why a worker that has lost a lane sends nothing.
const REPLACED: &str = "another worker has the lane";

/// Why a command has no response.
enum Unsent {
    /// It has reached nobody, and may later.
    NobodyThere(ServiceError),
    ForGood(ServiceError),
}

/// How often it is looked whether a reply can still come.
const LOOK: Duration = Duration::from_millis(250);

/// How long a reply may take after NATS could not be reached.
const LATE: Duration = Duration::from_secs(2);

/// Sends the requests of a lane to a node.
pub(super) struct NodeService {
    pub(super) plan: Arc<Plan>,
    pub(super) ownership: Ownership,
    pub(super) link: Arc<Link>,
}

/// Why a reply has no response of Asterisk.
#[derive(Debug)]
enum Failed {
    /// The token is not that of the lane's pin.
    Fenced,
    Otherwise(ServiceError),
}

impl HttpService for NodeService {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, ServiceError> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let target = target.strip_prefix(BASE).unwrap_or(target);
        if target.starts_with(PROBE) {
            // The connection is one within this process.
            return self.answer_probe(target);
        }
        let content_type = head.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut headers = HeaderMap::new();
        headers.insert(headers::METHOD, head.method.as_str());
        headers.insert(headers::TARGET, target);
        headers.insert(headers::LANE, &*self.ownership.lane.token());
        if let Some(content_type) = content_type {
            headers.insert(headers::CONTENT_TYPE, content_type);
        }
        let begun = Instant::now();
        loop {
            match self.command(headers.clone(), body.clone()).await {
                Err(Unsent::NobodyThere(_)) if begun.elapsed() < PATIENCE => sleep(PAUSE).await,
                Err(Unsent::NobodyThere(error) | Unsent::ForGood(error)) => return Err(error),
                Ok(response) => return Ok(response),
            }
        }
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<Upgrade, ServiceError> {
        drop(request);
        self.link.gap("the application connects again");
        let Some(token) = self.ownership.token() else {
            return Ok(Upgrade::accepted(self.link.replaced()));
        };
        let attached = self.attach(&token).await?;
        if !attached.up {
            return Err(not_sent("the event connection of its gateway is down"));
        }
        Ok(Upgrade::accepted(self.link.attach(Position { boot: attached.boot, seq: attached.seq })))
    }
}

impl NodeService {
    /// Sends a command once.
    async fn command(&self, mut headers: HeaderMap, body: Bytes) -> Result<http::Response<Bytes>, Unsent> {
        let Some(token) = self.ownership.token() else {
            return Err(Unsent::ForGood(not_sent(REPLACED)));
        };
        if self.plan.fleet.nats.connection_state() != State::Connected {
            return Err(Unsent::NobodyThere(not_sent("there is no connection to NATS")));
        }
        headers.insert(headers::TOKEN, &*token);
        // The client bounds the time.
        let request = Request::new().headers(headers).payload(body).timeout(None);
        let subject = self.plan.fleet.subjects().commands(&self.link.node);
        let (boot, connects) = (self.boot(), self.connects());
        let reply = tokio::select! {
            reply = self.plan.fleet.nats.send_request(subject, request) => reply,
            reason = self.no_reply(boot, connects) => return Err(Unsent::ForGood(lost(reason))),
        };
        match reply {
            Ok(reply) => response(reply).map_err(|failed| match failed {
                // The lane may have another token of this worker by now.
                Failed::Fenced if !self.ownership.lose_with(&token) => Unsent::NobodyThere(not_sent(REPLACED)),
                Failed::Fenced => Unsent::ForGood(not_sent(REPLACED)),
                Failed::Otherwise(error) => Unsent::ForGood(error),
            }),
            Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                Err(Unsent::NobodyThere(not_sent("no gateway of this node is connected to NATS")))
            }
            Err(error) => Err(Unsent::ForGood(unanswered(&error))),
        }
    }

    /// Resolves when no reply can come any more to what was sent to this run of the gateway, over this connection to NATS.
    async fn no_reply(&self, boot: Option<String>, connects: u64) -> &'static str {
        let mut back = None;
        loop {
            sleep(LOOK).await;
            if boot.is_some() && self.boot().is_some_and(|now| Some(&now) != boot.as_ref()) {
                return "its gateway was started again before it replied";
            }
            if self.connects() != connects && back.get_or_insert_with(Instant::now).elapsed() >= LATE {
                return "the connection to NATS was lost before the reply came";
            }
        }
    }

    /// The run of the gateway.
    fn boot(&self) -> Option<String> {
        self.plan.directory.read(|announced| announced.boot(&self.link.node).map(str::to_owned))
    }

    /// How often there was a connection to NATS.
    fn connects(&self) -> u64 {
        self.plan.fleet.nats.statistics().connects.load(Ordering::Relaxed)
    }

    /// Asks the gateway where the events of the lane continue.
    async fn attach(&self, token: &str) -> Result<Attached, ServiceError> {
        let attach = Control::Attach { lane: self.ownership.lane.clone(), token: token.to_owned() };
        let attach = serde_json::to_vec(&attach).map_err(|error| not_sent(error.to_string()))?;
        let request = Request::new().payload(attach.into()).timeout(Some(ATTACH_TIMEOUT));
        let subject = self.plan.fleet.subjects().control(&self.link.node);
        let reply = self.plan.fleet.nats.send_request(subject, request).await;
        // Attaching again does no harm.
        let reply = reply.map_err(|error| not_sent(error.to_string()))?;
        if let Ok(attached) = serde_json::from_slice(&reply.payload) {
            return Ok(attached);
        }
        match serde_json::from_slice::<Refusal>(&reply.payload) {
            Ok(refusal) => {
                if refusal.fenced {
                    self.ownership.lose_with(token);
                }
                Err(not_sent(refusal.error))
            }
            Err(error) => Err(not_sent(format!("the reply of the gateway cannot be read: {error}"))),
        }
    }

    fn answer_probe(&self, target: &str) -> Result<http::Response<Bytes>, ServiceError> {
        let name = target.strip_prefix("/events/user/").and_then(|rest| rest.split('?').next()).unwrap_or_default();
        self.link.write_user_event(name);
        let response = http::Response::builder().status(http::StatusCode::NO_CONTENT).body(Bytes::new());
        response.map_err(|error| lost(error.to_string()))
    }
}

/// The response of Asterisk in a reply of a gateway.
fn response(reply: Message) -> Result<http::Response<Bytes>, Failed> {
    let header = |name: &str| reply.headers.as_ref()?.get(name).map(async_nats::HeaderValue::as_str);
    let otherwise = |error| Err(Failed::Otherwise(error));
    let Some(status) = header(headers::STATUS).and_then(|status| status.parse::<u16>().ok()) else {
        return otherwise(lost("the reply has no Ari-Status, so it is that of no gateway"));
    };
    match status {
        headers::UNKNOWN => otherwise(lost(message(&reply.payload))),
        headers::NOT_SENT => otherwise(not_sent(message(&reply.payload))),
        headers::FENCED => Err(Failed::Fenced),
        status => {
            let mut response = http::Response::builder().status(status);
            if let Some(content_type) = header(headers::CONTENT_TYPE) {
                response = response.header(http::header::CONTENT_TYPE, content_type);
            }
            response.body(reply.payload).or_else(|error| otherwise(lost(error.to_string())))
        }
    }
}

fn unanswered(error: &async_nats::RequestError) -> ServiceError {
    match error.kind() {
        RequestErrorKind::NoResponders | RequestErrorKind::InvalidSubject => not_sent(error.to_string()),
        RequestErrorKind::MaxPayloadExceeded => not_sent("the request is larger than max_payload of the NATS server"),
        RequestErrorKind::TimedOut | RequestErrorKind::Other => lost(error.to_string()),
    }
}

/// What a gateway says instead of a response.
fn message(body: &[u8]) -> String {
    let body = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    body["message"].as_str().unwrap_or("the gateway does not say why").to_owned()
}

fn not_sent(reason: impl Into<String>) -> ServiceError {
    ServiceError::NotSent(io::Error::new(io::ErrorKind::NotConnected, reason.into()))
}

fn lost(reason: impl Into<String>) -> ServiceError {
    ServiceError::Lost(io::Error::new(io::ErrorKind::ConnectionAborted, reason.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(headers: &[(&str, &str)], body: &'static str) -> Message {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        Message {
            subject: "_INBOX.1".into(),
            reply: None,
            payload: Bytes::from_static(body.as_bytes()),
            headers: Some(map),
            status: None,
            description: None,
            length: 0,
        }
    }

    #[test]
    fn response_is_that_of_asterisk() {
        let headers = [("Ari-Status", "404"), ("Content-Type", "application/json")];
        let response = response(reply(&headers, r#"{"message":"Channel not found"}"#)).unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.body(), r#"{"message":"Channel not found"}"#);
    }

    #[test]
    fn reply_says_whether_the_command_may_have_been_executed() {
        let failed = |status: &str| {
            let body = r#"{"message":"Asterisk was stopped"}"#;
            match response(reply(&[("Ari-Status", status)], body)).unwrap_err() {
                Failed::Fenced => "fenced".to_owned(),
                Failed::Otherwise(ServiceError::NotSent(error)) => format!("not sent: {error}"),
                Failed::Otherwise(error) => format!("{error:?}"),
            }
        };
        assert_eq!(failed("421"), "fenced");
        assert_eq!(failed("503"), "not sent: Asterisk was stopped");
        assert!(failed("0").starts_with("Lost") && failed("0").contains("Asterisk was stopped"));
        assert!(failed("odd").starts_with("Lost") && failed("odd").contains("Ari-Status"));
    }
}
