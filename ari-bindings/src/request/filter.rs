use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Which events an application receives.
///
/// A new filter ([`EventFilter::new`]) passes all events. Once a type is allowed, only allowed types
/// pass; disallowed types never pass. A filter replaces the previous filter of the application
/// completely.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::EventFilter;
///
/// let filter = EventFilter::new().allow("StasisStart").allow("StasisEnd");
/// ari.applications().filter("hello-world").filter(filter).await?;
/// # Ok(())
/// # }
/// ```
///
/// Replies to requests sent over a WebSocket pass through this filter like events. Programs that send
/// such requests must allow `RESTResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    allowed: BTreeSet<String>,
    disallowed: BTreeSet<String>,
}

impl EventFilter {
    /// A filter that lets every event pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows the events of this type, such as `StasisStart`.
    #[must_use]
    pub fn allow(mut self, kind: impl Into<String>) -> Self {
        self.allowed.insert(kind.into());
        self
    }

    /// Disallows the events of this type.
    #[must_use]
    pub fn disallow(mut self, kind: impl Into<String>) -> Self {
        self.disallowed.insert(kind.into());
        self
    }

    pub(crate) fn into_json(self) -> Value {
        json!({ "allowed": types(self.allowed), "disallowed": types(self.disallowed) })
    }
}

/// What the event connection asks of it.
#[cfg(feature = "websocket")]
impl EventFilter {
    /// A filter as requests carry it.
    pub(crate) fn from_json(filter: &Value) -> Self {
        let list = |name: &str| filter.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        Self::of_types(list("allowed"), list("disallowed"))
    }

    /// A filter as an application has it: lists of objects, each with its `type`.
    pub(crate) fn of_types(allowed: &[Value], disallowed: &[Value]) -> Self {
        Self { allowed: kinds(allowed), disallowed: kinds(disallowed) }
    }

    /// Whether it lets events of this type pass.
    pub(crate) fn lets_pass(&self, kind: &str) -> bool {
        (self.allowed.is_empty() || self.allowed.contains(kind)) && !self.disallowed.contains(kind)
    }
}

fn types(kinds: BTreeSet<String>) -> Vec<Value> {
    kinds.into_iter().map(|kind| json!({ "type": kind })).collect()
}

#[cfg(feature = "websocket")]
fn kinds(types: &[Value]) -> BTreeSet<String> {
    types.iter().filter_map(|item| item.get("type").and_then(Value::as_str).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_names_types() {
        let filter = EventFilter::new().allow("StasisStart").disallow("ChannelVarset");
        assert_eq!(
            filter.into_json().to_string(),
            r#"{"allowed":[{"type":"StasisStart"}],"disallowed":[{"type":"ChannelVarset"}]}"#
        );
        assert_eq!(EventFilter::new().into_json().to_string(), r#"{"allowed":[],"disallowed":[]}"#);
    }

    #[cfg(feature = "websocket")]
    #[test]
    fn filter_round_trips_through_json() {
        for filter in [EventFilter::new(), EventFilter::new().allow("B").allow("A").disallow("C")] {
            assert_eq!(EventFilter::from_json(&filter.clone().into_json()), filter);
        }
        assert_eq!(EventFilter::new().allow("A").allow("B"), EventFilter::new().allow("B").allow("A"));
    }

    #[cfg(feature = "websocket")]
    #[test]
    fn filter_applies_allowed_and_disallowed() {
        let open = EventFilter::new();
        assert!(open.lets_pass("A"));
        let only_a = open.clone().allow("A");
        assert!(only_a.lets_pass("A") && !only_a.lets_pass("B"));
        let all_but_a = open.disallow("A");
        assert!(!all_but_a.lets_pass("A") && all_but_a.lets_pass("B"));
        assert!(!only_a.disallow("A").lets_pass("A"));
    }
}
