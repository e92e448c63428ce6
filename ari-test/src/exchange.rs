//! Requests and replies, independent of what carries them.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::surface::{Call, Operation};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct RawRequest {
    pub(crate) method: Method,
    /// The path below the prefix `/ari`, percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

/// What carried a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Http,
    /// The event connection of this session.
    WebSocket(SessionId),
}

/// An event connection, from its handshake to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SessionId(pub(crate) u64);

/// What an event connection asks for.
#[derive(Debug, Clone)]
pub(crate) struct SessionRequest {
    pub(crate) apps: Vec<String>,
    pub(crate) subscribe_all: bool,
}

/// Why the server ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// With a Close frame.
    Closed,
    /// Without one.
    Cut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `None` for the phrase that belongs to the status.
    pub(crate) reason: Option<&'static str>,
    pub(crate) body: Body,
    /// The header `Location`.
    pub(crate) location: Option<Box<str>>,
    /// The header `Allow`.
    pub(crate) allow: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Empty,
    /// Compact JSON, in the order in which Asterisk writes it.
    Json(String),
    File {
        content_type: &'static str,
        bytes: Bytes,
    },
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, reason: None, body: Body::Empty, location: None, allow: None }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let text = serde_json::to_string(body).expect("models are maps with string keys");
        Self { body: Body::Json(text), ..Self::empty(status) }
    }

    /// A refusal in Asterisk's usual form.
    pub(crate) fn message(status: u16, message: impl AsRef<str>) -> Self {
        Self::json(status, &serde_json::json!({ "message": message.as_ref() }))
    }

    /// What the fake does not do.
    pub(crate) fn not_modelled(call: &Call) -> Self {
        let Operation { resource, name, .. } = call.operation;
        Self::message(501, format!("{resource}.{name} is not modelled by this fake of Asterisk"))
    }

    /// The refusal of an allocation, which also stands for an unknown technology.
    pub(crate) fn allocation_failed() -> Self {
        Self::json(500, &serde_json::json!({ "error": "Allocation failed" }))
    }
}
