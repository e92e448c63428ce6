//! What takes the place of requests by HTTP where the feature `http` is off.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::reply::{Expect, Reply};
use crate::{Client, ConnectErrorKind, Error, Request, Transport};

/// There is none.
#[derive(Debug)]
pub(crate) enum Http {}

impl Http {
    /// Why a request cannot be sent, and what would make it possible.
    pub(super) fn lacking(client: &Client, expect: Expect) -> Error {
        match (expect, client.transport()) {
            (Expect::File, _) => {
                Error::config("a file goes by HTTP only, which needs the feature `http` of ari-bindings")
            }
            (Expect::Text, Transport::Http) => Error::config(
                "requests by HTTP need the feature `http` of ari-bindings, which is off; \
                 `Transport::WebSocket` does without",
            ),
            (Expect::Text, Transport::WebSocket) => Error::Connect {
                url: client.base_url().into(),
                kind: ConnectErrorKind::Disconnected,
                source: Arc::new(NotConnected),
            },
        }
    }

    pub(crate) fn renew(&self) {
        match *self {}
    }

    #[allow(clippy::unused_async, reason = "as the other")]
    pub(crate) async fn exchange(&self, _: &Request, _: Expect, _: Instant) -> Result<Reply, Error> {
        match *self {}
    }
}

/// There is no event connection, and nothing else to send requests over.
#[derive(Debug)]
struct NotConnected;

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "await `Client::events` first, and keep what it gives; without it, requests need the feature `http` of \
             ari-bindings, which is off",
        )
    }
}

impl std::error::Error for NotConnected {}
