//! What the connection itself has to know of the events that pass.

use std::sync::Arc;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::DisconnectReason;
use super::apps::application;
use super::hub::Hub;
use super::link::Link;
use super::subscriptions::Subscriptions;
use crate::event::kind;

/// Looks at every event that comes, at its type first and at more only where that matters.
pub(super) struct Inspector {
    hub: Arc<Hub>,
    link: Option<Arc<Link>>,
    subscriptions: Arc<Subscriptions>,
}

/// What an event means for the connection.
#[derive(Default)]
pub(super) struct Seen {
    /// It is no event, but the reply to a request or a probe of ours.
    pub(super) is_reply: bool,
    /// It is the last one.
    pub(super) end: Option<DisconnectReason>,
}

impl Inspector {
    pub(super) fn new(hub: Arc<Hub>, link: Option<Arc<Link>>, subscriptions: Arc<Subscriptions>) -> Self {
        Self { hub, link, subscriptions }
    }

    pub(super) fn link(&self) -> Option<&Link> {
        self.link.as_deref()
    }

    pub(super) fn look_at(&self, text: &Utf8Bytes) -> Seen {
        let Ok(kind) = kind(text) else { return Seen::default() };
        match &*kind {
            "RESTResponse" => {
                Seen { is_reply: self.link.as_ref().is_some_and(|link| link.take_reply(text)), end: None }
            }
            "ApplicationRegistered" => {
                self.registered(text);
                Seen::default()
            }
            "ApplicationReplaced" => Seen { is_reply: false, end: self.replaced(text) },
            "ChannelUserevent" => Seen { is_reply: self.hub.probe.is_answer(text), end: None },
            "ChannelDestroyed" | "BridgeDestroyed" => {
                self.subscriptions.forget_destroyed(text);
                Seen::default()
            }
            _ => Seen::default(),
        }
    }

    /// Asterisk tells the applications of a connection that it has made, one by one.
    fn registered(&self, text: &str) {
        if let Some(application) = application(text) {
            self.hub.apps().add(&application);
        }
    }

    /// Another connection has taken an application; the last one is the end of this connection.
    fn replaced(&self, text: &str) -> Option<DisconnectReason> {
        let application = application(text)?.into_owned();
        tracing::warn!(application, "another connection has taken over the application: its events go there now");
        let mut apps = self.hub.apps();
        let taken = apps.take(&application);
        (taken && apps.own().is_empty()).then(|| DisconnectReason::Replaced { application: application.into() })
    }
}
