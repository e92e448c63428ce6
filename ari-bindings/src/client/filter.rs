use serde_json::{Value, json};

/// Which events an application receives.
///
/// Nothing allowed and nothing disallowed, as [`EventFilter::new`] starts, lets everything pass.
/// Once something is allowed, only that passes; what is disallowed never passes. A filter
/// replaces the application's former one as a whole.
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
/// The replies to requests sent over a WebSocket pass through this filter like events: who sends
/// such requests must allow `RESTResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    allowed: Vec<String>,
    disallowed: Vec<String>,
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
        self.allowed.push(kind.into());
        self
    }

    /// Disallows the events of this type.
    #[must_use]
    pub fn disallow(mut self, kind: impl Into<String>) -> Self {
        self.disallowed.push(kind.into());
        self
    }

    pub(crate) fn into_json(self) -> Value {
        json!({ "allowed": types(self.allowed), "disallowed": types(self.disallowed) })
    }
}

fn types(kinds: Vec<String>) -> Vec<Value> {
    kinds.into_iter().map(|kind| json!({ "type": kind })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_types() {
        let filter = EventFilter::new().allow("StasisStart").disallow("ChannelVarset");
        assert_eq!(
            filter.into_json().to_string(),
            r#"{"allowed":[{"type":"StasisStart"}],"disallowed":[{"type":"ChannelVarset"}]}"#
        );
        assert_eq!(EventFilter::new().into_json().to_string(), r#"{"allowed":[],"disallowed":[]}"#);
    }
}
