//! What requests are answered with.

use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::corpus;

/// The answers, made once.
pub(crate) struct Replies {
    ping: Answer,
    channels: Answer,
    info: Answer,
    application: Answer,
    missing: Answer,
}

/// An answer as HTTP has it, and as a JSON string of it.
struct Answer {
    text: Bytes,
    escaped: String,
}

impl Answer {
    fn new(text: String) -> Self {
        Self { escaped: json!(text).to_string(), text: text.into() }
    }
}

impl Replies {
    pub(crate) fn new() -> Self {
        let time = "2026-11-24T10:00:00.000+0000";
        let ping = json!({"asterisk_id": "02:00:00:00:00:01", "ping": "pong", "timestamp": time});
        let info = json!({
            "system": {"version": "22.10.1", "entity_id": "02:00:00:00:00:01"},
            "status": {"startup_time": time, "last_reload_time": time},
        });
        let application = json!({
            "name": "x", "channel_ids": [], "bridge_ids": [], "endpoint_ids": [], "device_names": [],
            "events_allowed": [], "events_disallowed": [],
        });
        Self {
            ping: Answer::new(ping.to_string()),
            channels: Answer::new(corpus::channels(100)),
            info: Answer::new(info.to_string()),
            application: Answer::new(application.to_string()),
            missing: Answer::new(r#"{"message":"Resource not found"}"#.to_owned()),
        }
    }

    /// The answer to a path below `/ari/`.
    pub(crate) fn of(&self, path: &str) -> (u16, Bytes) {
        let (status, answer) = self.find(path);
        (status, answer.text.clone())
    }

    fn find(&self, path: &str) -> (u16, &Answer) {
        match path {
            "asterisk/ping" => (200, &self.ping),
            "channels" => (200, &self.channels),
            "asterisk/info" => (200, &self.info),
            _ if path.starts_with("applications/") => (200, &self.application),
            _ => (404, &self.missing),
        }
    }

    /// The answer to a request that came over the WebSocket.
    pub(super) fn over_websocket(&self, text: &str) -> Option<String> {
        let request: RestRequest = serde_json::from_str(text).ok()?;
        let (status, answer) = self.find(request.path());
        Some(request.response(status, &answer.escaped))
    }
}

/// A request over the WebSocket.
#[derive(Deserialize)]
pub(crate) struct RestRequest {
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    request_id: String,
    pub(crate) method: String,
    uri: String,
}

impl RestRequest {
    /// The path below `/ari/`.
    pub(crate) fn path(&self) -> &str {
        self.uri.split('?').next().unwrap_or_default().trim_start_matches('/')
    }

    /// The answer to it, with a body that is a JSON string, in the order in which Asterisk writes it.
    pub(crate) fn response(&self, status: u16, body: &str) -> String {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
        format!(
            "{{\"type\":\"RESTResponse\",\"transaction_id\":{},\"request_id\":{},\"status_code\":{status},\
             \"reason_phrase\":\"{reason}\",\"uri\":{},\"content_type\":\"application/json\",\"message_body\":{body},\
             \"application\":\"x\",\"timestamp\":\"2026-11-24T10:00:00.000+0000\",\
             \"asterisk_id\":\"02:00:00:00:00:01\"}}",
            json!(self.transaction_id),
            json!(self.request_id),
            json!(self.uri),
        )
    }
}
