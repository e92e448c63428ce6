//! What a worker sees of the lists of Asterisk: what belongs to its lane.

use ari_bindings::Method;
use bytes::Bytes;
use serde_json::Value;

use super::created::segments;
use super::node::Node;
use crate::gateway::lock;
use crate::wire::Lane;

/// A reply that lists channels or bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// Of channels or of bridges.
    Objects,
    Applications,
    Application,
}

impl Node {
    /// The reply to a command that lists, as the lane sees it; `None` if the command lists nothing.
    pub(super) fn listing_of(&self, lane: &Lane, method: Method, path: &str, reply: &[u8]) -> Option<Bytes> {
        let listing = Listing::of(method, path)?;
        let reply = serde_json::from_slice(reply).ok()?;
        let state = lock(&self.state);
        let routing = state.apps.get(lane.app.as_str());
        let is_own = |id: &str| routing.and_then(|routing| routing.lane_of(id)) == Some(lane.number);
        Some(listing.limit(reply, is_own).to_string().into())
    }
}

impl Listing {
    fn of(method: Method, path: &str) -> Option<Self> {
        let segments = segments(path);
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        match *segments {
            _ if method != Method::Get => None,
            ["channels" | "bridges"] => Some(Self::Objects),
            ["applications"] => Some(Self::Applications),
            ["applications", _] => Some(Self::Application),
            _ => None,
        }
    }

    /// Leaves in a reply what is the lane's own.
    fn limit(self, mut reply: Value, is_own: impl Fn(&str) -> bool) -> Value {
        let is_own = |id: &Value| id.as_str().is_some_and(&is_own);
        match (self, &mut reply) {
            (Self::Objects, Value::Array(objects)) => {
                objects.retain(|object| object.get("id").is_some_and(is_own));
            }
            (Self::Applications, Value::Array(apps)) => {
                for app in apps {
                    limit_application(app, is_own);
                }
            }
            (Self::Application, app) => limit_application(app, is_own),
            _ => {}
        }
        reply
    }
}

fn limit_application(app: &mut Value, is_own: impl Fn(&Value) -> bool) {
    for ids in ["channel_ids", "bridge_ids"] {
        if let Some(ids) = app.get_mut(ids).and_then(Value::as_array_mut) {
            ids.retain(&is_own);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn limited(path: &str, reply: Value) -> Value {
        Listing::of(Method::Get, path).unwrap().limit(reply, |id| id.starts_with("own"))
    }

    #[test]
    fn lists_contain_what_is_the_lanes_own() {
        let channels = json!([{ "id": "own-1", "x": 1.50 }, { "id": "2" }]);
        assert_eq!(limited("/channels", channels), json!([{ "id": "own-1", "x": 1.50 }]));
        let app =
            json!({ "name": "a", "channel_ids": ["own-1", "2"], "bridge_ids": ["3"], "endpoint_ids": ["PJSIP/4"] });
        let own = json!({ "name": "a", "channel_ids": ["own-1"], "bridge_ids": [], "endpoint_ids": ["PJSIP/4"] });
        assert_eq!(limited("/applications/a", app.clone()), own);
        assert_eq!(limited("/applications", json!([app])), json!([own]));
    }

    #[test]
    fn other_replies_are_left_as_they_are() {
        for path in ["/channels/own-1", "/endpoints", "/channels/1/variable"] {
            assert_eq!(Listing::of(Method::Get, path), None);
        }
        assert_eq!(Listing::of(Method::Post, "/channels"), None);
    }
}
