//! What a worker sees of the lists of Asterisk: what belongs to its lane.

use ari_bindings::Method;
use bytes::Bytes;
use serde_json::Value;

use super::created::segments;
use super::node::Node;
use super::routing::Routing;
use crate::gateway::lock;
use crate::wire::Lane;

impl Node {
    /// The reply to a command that lists, as the lane sees it; `None` if the command lists nothing.
    pub(super) fn listing_of(&self, lane: &Lane, method: Method, path: &str, reply: &[u8]) -> Option<Bytes> {
        let segments = segments(path);
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        if method != Method::Get
            || !matches!(*segments, ["channels" | "bridges" | "applications"] | ["applications", _])
        {
            return None;
        }
        let mut reply: Value = serde_json::from_slice(reply).ok()?;
        let state = lock(&self.state);
        let routing = state.apps.get(lane.app.as_str());
        let is_own = |id: &Value| {
            let owner = id.as_str().and_then(|id| routing.and_then(|routing| Routing::lane_of(routing, id)));
            owner == Some(lane.number)
        };
        match *segments {
            ["applications"] => reply.as_array_mut()?.iter_mut().for_each(|app| limit(app, is_own)),
            ["applications", _] => limit(&mut reply, is_own),
            _ => reply.as_array_mut()?.retain(|listed| listed.get("id").is_some_and(is_own)),
        }
        Some(reply.to_string().into())
    }
}

/// Leaves in an application what the lane owns.
fn limit(app: &mut Value, is_own: impl Fn(&Value) -> bool) {
    for ids in ["channel_ids", "bridge_ids"] {
        if let Some(ids) = app.get_mut(ids).and_then(Value::as_array_mut) {
            ids.retain(&is_own);
        }
    }
}
