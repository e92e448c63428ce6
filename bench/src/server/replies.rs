//! What requests are answered with.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::corpus;

/// The answers, made once.
pub(super) struct Replies {
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
    pub(super) fn new() -> Self {
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
    pub(super) fn of(&self, path: &str) -> (u16, Bytes) {
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
        let path = request.uri.split('?').next().unwrap_or_default();
        let (status, answer) = self.find(path.trim_start_matches('/'));
        let reason = if status == 200 { "OK" } else { "Not Found" };
        // In the order in which Asterisk writes them.
        Some(format!(
            "{{\"type\":\"RESTResponse\",\"transaction_id\":{},\"request_id\":{},\"status_code\":{status},\
             \"reason_phrase\":\"{reason}\",\"uri\":{},\"content_type\":\"application/json\",\"message_body\":{},\
             \"application\":\"x\",\"timestamp\":\"2026-11-24T10:00:00.000+0000\",\
             \"asterisk_id\":\"02:00:00:00:00:01\"}}",
            json!(request.transaction_id),
            json!(request.request_id),
            json!(request.uri),
            answer.escaped,
        ))
    }
}

#[derive(Deserialize)]
struct RestRequest {
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    request_id: String,
    uri: String,
}
