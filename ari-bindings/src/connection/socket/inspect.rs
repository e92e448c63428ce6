//! Reads those events that matter to the connection itself.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::super::subscribers::{Hub, application};
use super::Probe;
use crate::client::Subscriptions;
use crate::event::DisconnectReason;
use crate::event::kind;
use crate::request::excerpt;
use crate::rest::RestClient;

/// How much of the type and of the text of an event is logged.
const KIND: usize = 100;
const TEXT: usize = 4096;

/// Looks at the type of every event, and at more only where that matters.
pub(in crate::connection) struct Inspector {
    hub: Arc<Hub>,
    rest: Option<Arc<RestClient>>,
    subscriptions: Arc<Subscriptions>,
    probe: Arc<Probe>,
}

/// What an event means for the connection.
#[derive(Default)]
pub(super) struct Seen {
    /// It is no event, but the reply to a request or a probe of ours.
    pub(super) is_reply: bool,
    /// It is the last one.
    pub(super) end: Option<DisconnectReason>,
    /// Where in the text its type is.
    pub(super) kind: Option<(u32, u32)>,
}

impl Inspector {
    pub(in crate::connection) fn new(
        hub: Arc<Hub>,
        rest: Option<Arc<RestClient>>,
        subscriptions: Arc<Subscriptions>,
        probe: Arc<Probe>,
    ) -> Self {
        Self { hub, rest, subscriptions, probe }
    }

    pub(super) fn rest(&self) -> Option<&RestClient> {
        self.rest.as_deref()
    }

    pub(super) fn look_at(&self, text: &Utf8Bytes) -> Seen {
        let Ok(kind) = kind(text) else { return Seen::default() };
        let mut seen = Seen { kind: place(text, &kind), ..Seen::default() };
        match &*kind {
            "RESTResponse" => seen.is_reply = self.rest.as_ref().is_some_and(|rest| rest.take_reply(text)),
            "ApplicationRegistered" => self.registered(text),
            "ApplicationReplaced" => seen.end = self.replaced(text),
            "ChannelUserevent" => seen.is_reply = self.probe.is_answer(text),
            "ChannelDestroyed" | "BridgeDestroyed" => self.subscriptions.forget_destroyed(text),
            _ => {}
        }
        if !seen.is_reply {
            tracing::debug!("event {}", excerpt(&kind, KIND));
            tracing::trace!("{}", excerpt(text, TEXT));
        }
        seen
    }

    /// Asterisk reports each application of a connection that it has opened.
    fn registered(&self, text: &str) {
        if let Some(application) = application(text) {
            self.hub.apps().add(&application);
        }
    }

    /// Another connection has taken an application; without any left, this connection ends.
    fn replaced(&self, text: &str) -> Option<DisconnectReason> {
        let application = application(text)?.into_owned();
        tracing::warn!(application, "another connection has taken over the application: its events go there now");
        let mut apps = self.hub.apps();
        let taken = apps.take(&application);
        (taken && apps.own().is_empty()).then(|| DisconnectReason::Replaced { application: application.into() })
    }
}

/// Where `part` stands in `text`, if it is borrowed from it and the text is not immense.
fn place(text: &str, part: &str) -> Option<(u32, u32)> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start + part.len();
    (end <= text.len()).then_some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}
