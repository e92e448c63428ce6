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
        let response = json!({
            "type": "RESTResponse",
            "transaction_id": request.transaction_id,
            "request_id": request.request_id,
            "status_code": status,
            "reason_phrase": if status == 200 { "OK" } else { "Not Found" },
            "uri": request.uri,
            "content_type": "application/json",
            "message_body": String::from_utf8_lossy(&body),
            "application": "x",
            "timestamp": "2026-11-24T10:00:00.000+0000",
            "asterisk_id": "02:00:00:00:00:01",
        });
        Some(response.to_string())
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
