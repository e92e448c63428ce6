//! Making sure that a connection hears.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::Client;
use crate::models::Application;

/// How long a user event may take to arrive.
const PATIENCE: Duration = Duration::from_secs(2);

/// A user event that a connection sends to itself.
#[derive(Default)]
pub(super) struct Probe {
    /// The name of the event that is awaited.
    name: Mutex<Option<String>>,
    arrived: Notify,
}

impl Probe {
    /// Whether the events of an application arrive; `None` where that cannot be found out.
    ///
    /// Nothing less tells it for sure: an application with channels looks the same to every request.
    pub(super) async fn hears(&self, client: &Client, application: &Application) -> Option<bool> {
        if !passes(application, "ChannelUserevent") {
            return None;
        }
        let name = format!("ari-bindings-{:016x}", RandomState::new().hash_one(0));
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.clone());
        let sent = client.event_operations().user_event(name.as_str(), application.name.as_str()).await;
        let heard = match sent {
            Ok(()) => Some(timeout(PATIENCE, self.arrived.notified()).await.is_ok()),
            // A user that may only read cannot ask.
            Err(_) => None,
        };
        self.name.lock().unwrap_or_else(PoisonError::into_inner).take();
        heard
    }

    /// Whether an event is the awaited one, which is nobody else's concern.
    pub(super) fn is_answer(&self, text: &str) -> bool {
        let name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        let is_answer = name.as_ref().is_some_and(|name| text.contains(name.as_str()));
        if is_answer {
            self.arrived.notify_one();
        }
        is_answer
    }
}

/// Whether the event filter of an application lets events of this type pass.
fn passes(application: &Application, kind: &str) -> bool {
    let names = |list: &[serde_json::Value]| list.iter().any(|item| item.get("type").is_some_and(|name| name == kind));
    let Application { events_allowed: allowed, events_disallowed: disallowed, .. } = application;
    (allowed.is_empty() || names(allowed)) && !names(disallowed)
}
