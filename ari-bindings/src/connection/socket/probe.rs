//! Checks that the events of an application arrive.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::client::Call;
use crate::{Client, Method, Operation};

const USER_EVENT: Operation =
    Operation { resource: "events", name: "userEvent", method: Method::Post, path: "/events/user/{eventName}" };

/// How long a user event may take to arrive.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(2);

/// A user event that a connection sends to itself.
#[derive(Default)]
pub(in crate::connection) struct Probe {
    /// The name of the awaited event.
    name: Mutex<Option<String>>,
    arrived: Notify,
}

impl Probe {
    /// Whether the events of an application arrive; `None` if the user may not send any.
    ///
    /// No request answers this reliably: an application with channels looks the same to every request.
    pub(in crate::connection) async fn arrives(&self, client: &Client, application: &str) -> Option<bool> {
        let name = format!("ari-bindings-{:016x}", RandomState::new().hash_one(0));
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.clone());
        let call = Call::new(client, &USER_EVENT).path("eventName", &name);
        let sent = call.text("application", application.to_owned()).void().await;
        let arrives = match sent {
            Ok(()) => Some(timeout(ARRIVAL_TIMEOUT, self.arrived.notified()).await.is_ok()),
            Err(_) => None,
        };
        self.name.lock().unwrap_or_else(PoisonError::into_inner).take();
        arrives
    }

    /// Whether an event is the awaited one, which no subscriber gets.
    pub(super) fn is_answer(&self, text: &str) -> bool {
        let name = self.name.lock().unwrap_or_else(PoisonError::into_inner);
        let is_answer = name.as_ref().is_some_and(|name| text.contains(name.as_str()));
        if is_answer {
            self.arrived.notify_one();
        }
        is_answer
    }
}
