//! What requests are answered with.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::corpus;

/// The answers, made once.
pub(super) struct Replies {
    ping: Bytes,
    channels: Bytes,
    info: Bytes,
    application: Bytes,
    missing: Bytes,
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
            ping: ping.to_string().into(),
            channels: corpus::channels(100).into(),
            info: info.to_string().into(),
            application: application.to_string().into(),
            missing: r#"{"message":"Resource not found"}"#.into(),
        }
    }

    /// The answer to a path below `/ari/`.
    pub(super) fn of(&self, path: &str) -> (u16, Bytes) {
        match path {
            "asterisk/ping" => (200, self.ping.clone()),
            "channels" => (200, self.channels.clone()),
            "asterisk/info" => (200, self.info.clone()),
            _ if path.starts_with("applications/") => (200, self.application.clone()),
            _ => (404, self.missing.clone()),
        }
    }

    /// The answer to a request that came over the WebSocket.
    pub(super) fn over_websocket(&self, text: &str) -> Option<String> {
        let request: RestRequest = serde_json::from_str(text).ok()?;
        let path = request.uri.split('?').next().unwrap_or_default();
        let (status, body) = self.of(path.trim_start_matches('/'));
        let reason = if status == 200 { "OK" } else { "Not Found" };
        // In the order in which Asterisk writes them.
        let members = [
            ("type", json!("RESTResponse")),
            ("transaction_id", json!(request.transaction_id)),
            ("request_id", json!(request.request_id)),
            ("status_code", json!(status)),
            ("reason_phrase", json!(reason)),
            ("uri", json!(request.uri)),
            ("content_type", json!("application/json")),
            ("message_body", json!(String::from_utf8_lossy(&body))),
            ("application", json!("x")),
            ("timestamp", json!("2026-11-24T10:00:00.000+0000")),
            ("asterisk_id", json!("02:00:00:00:00:01")),
        ];
        let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Some(format!("{{{}}}", members.join(",")))
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
