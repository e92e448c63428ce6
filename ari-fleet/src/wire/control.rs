use serde::{Deserialize, Serialize};

use super::Lane;

/// A request to a gateway itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Control {
    /// The worker owns this lane from now on.
    Attach {
        /// The lane.
        #[serde(flatten)]
        lane: Lane,
        /// Its pin.
        token: String,
    },
    /// New calls are refused, or taken again.
    Drain {
        /// Whether they are refused.
        on: bool,
    },
    /// Asks for the announcement.
    Status,
}

/// The reply to [`Control::Attach`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Whether events of the node come.
    pub up: bool,
    /// The run of the gateway.
    pub boot: String,
    /// The number of the last event in the lane.
    pub seq: u64,
}

/// The reply to a request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub error: String,
    /// Whether it is because the token is not that of the lane's pin.
    #[serde(default)]
    pub fenced: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_the_protocol_says() {
        let lane = Lane { app: "a".to_owned(), number: 3 };
        let attach = Control::Attach { lane, token: "t".to_owned() };
        let text = serde_json::to_string(&attach).unwrap();
        assert_eq!(text, r#"{"op":"attach","app":"a","number":3,"token":"t"}"#);
        assert_eq!(serde_json::from_str::<Control>(&text).unwrap(), attach);
        assert_eq!(
            serde_json::from_str::<Control>(r#"{"op":"drain","on":true}"#).unwrap(),
            Control::Drain { on: true }
        );
    }
}
