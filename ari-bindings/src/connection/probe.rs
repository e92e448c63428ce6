//! Making sure that a connection hears.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::subscriptions::Application;
use crate::client::Call;
use crate::{Client, Method, Operation};

const USER_EVENT: Operation =
    Operation { resource: "events", name: "userEvent", method: Method::Post, path: "/events/user/{eventName}" };

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
        if !application.filter().lets_pass("ChannelUserevent") {
            return None;
        }
        let name = format!("ari-bindings-{:016x}", RandomState::new().hash_one(0));
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.clone());
        let call = Call::new(client, &USER_EVENT).path("eventName", &name);
        let sent = call.text("application", application.name.clone()).void().await;
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
