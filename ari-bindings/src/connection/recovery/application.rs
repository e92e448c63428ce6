//! An application, as the connection asks for it and restores it.

use serde::Deserialize;
use serde_json::Value;

use crate::client::Call;
use crate::{Client, Error, EventFilter, Method, Operation, ResponseFuture};

/// What the connection itself needs to know of an application.
///
/// The runtime declares the items of the API that it needs, so that it works with whatever is generated.
#[derive(Debug, Deserialize)]
pub(super) struct Application {
    pub(super) name: String,
    #[serde(default)]
    channel_ids: Vec<String>,
    #[serde(default)]
    bridge_ids: Vec<String>,
    #[serde(default)]
    endpoint_ids: Vec<String>,
    #[serde(default)]
    device_names: Vec<String>,
    #[serde(default)]
    events_allowed: Vec<Value>,
    #[serde(default)]
    events_disallowed: Vec<Value>,
}

const GET: Operation =
    Operation { resource: "applications", name: "get", method: Method::Get, path: "/applications/{applicationName}" };

const SUBSCRIBE: Operation = Operation {
    resource: "applications",
    name: "subscribe",
    method: Method::Post,
    path: "/applications/{applicationName}/subscription",
};

const FILTER: Operation = Operation {
    resource: "applications",
    name: "filter",
    method: Method::Put,
    path: "/applications/{applicationName}/eventFilter",
};

impl Application {
    /// Whether it has this subscription still.
    pub(super) fn has(&self, source: &str) -> bool {
        let Some((kind, name)) = source.split_once(':') else { return false };
        let (ids, all) = match kind {
            "channel" => (&self.channel_ids, "__AST_CHANNEL_ALL_TOPIC"),
            "bridge" => (&self.bridge_ids, "__AST_BRIDGE_ALL_TOPIC"),
            "endpoint" => (&self.endpoint_ids, "__AST_ENDPOINT_ALL_TOPIC"),
            "deviceState" => (&self.device_names, "__AST_DEVICE_STATE_ALL_TOPIC"),
            _ => return false,
        };
        ids.iter().any(|id| id == if name.is_empty() { all } else { name })
    }

    /// Its event filter.
    pub(super) fn filter(&self) -> EventFilter {
        EventFilter::of_types(&self.events_allowed, &self.events_disallowed)
    }
}

/// Asks what an application has subscribed.
pub(super) fn get(client: &Client, app: &str) -> ResponseFuture<Application> {
    Call::new(client, &GET).path("applicationName", app).json()
}

/// Subscribes one source for an application.
pub(super) async fn subscribe(client: &Client, app: &str, source: &str) -> Result<(), Error> {
    let call = Call::new(client, &SUBSCRIBE).path("applicationName", app);
    call.list("eventSource", vec![source.to_owned()]).json::<Value>().await.map(drop)
}

/// Sets the filter of an application.
pub(super) async fn set_filter(client: &Client, app: &str, filter: EventFilter) -> Result<(), Error> {
    Call::new(client, &FILTER).path("applicationName", app).whole(filter.into_json()).json::<Value>().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_finds_each_kind_of_source() {
        let json = r#"{
            "name": "x", "channel_ids": ["c"], "bridge_ids": ["__AST_BRIDGE_ALL_TOPIC"],
            "endpoint_ids": ["PJSIP/alice"], "device_names": ["Stasis:d"]
        }"#;
        let application: Application = serde_json::from_str(json).unwrap();
        for source in ["channel:c", "bridge:", "endpoint:PJSIP/alice", "deviceState:Stasis:d"] {
            assert!(application.has(source), "{source}");
        }
        for source in ["channel:d", "channel:", "bridge:c", "endpoint:c", "endpoint:", "deviceState:c", "c", "x:c"] {
            assert!(!application.has(source), "{source}");
        }
    }
}
