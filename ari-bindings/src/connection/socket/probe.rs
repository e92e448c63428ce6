//! Checks that the events of an application arrive.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
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
    awaited: Mutex<Option<Awaited>>,
}

/// The event that was sent last.
struct Awaited {
    name: String,
    /// `None` once it has arrived. Another one for each event: a late one does not answer for the next.
    arrived: Option<oneshot::Sender<()>>,
}

impl Probe {
    /// Whether the events of an application arrive; `None` if the user may not send any.
    ///
    /// No request answers this reliably: an application with channels looks the same to every request.
    pub(in crate::connection) async fn arrives(&self, client: &Client, application: &str) -> Option<bool> {
        let name = format!("ari-bindings-{:016x}", RandomState::new().hash_one(0));
        let (sender, arrival) = oneshot::channel();
        *self.lock() = Some(Awaited { name: name.clone(), arrived: Some(sender) });
        let call = Call::new(client, &USER_EVENT).path("eventName", &name);
        let sent = call.text("application", application.to_owned()).void().await;
        let arrives = match sent {
            Ok(()) => Some(timeout(ARRIVAL_TIMEOUT, arrival).await.is_ok()),
            Err(_) => None,
        };
        *self.lock() = None;
        arrives
    }

    /// Whether an event is the awaited one, which no subscriber gets.
    pub(super) fn is_answer(&self, text: &str) -> bool {
        let mut awaited = self.lock();
        let Some(awaited) = awaited.as_mut().filter(|awaited| text.contains(&awaited.name)) else { return false };
        if let Some(arrived) = awaited.arrived.take() {
            // The check may have been given up.
            let _ = arrived.send(());
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<Awaited>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_awaited_event_is_an_answer() {
        let probe = Probe::default();
        assert!(!probe.is_answer(r#"{"eventname":"mine"}"#));
        let (sender, mut arrival) = oneshot::channel();
        *probe.lock() = Some(Awaited { name: "mine".to_owned(), arrived: Some(sender) });
        assert!(!probe.is_answer(r#"{"eventname":"of a program"}"#));
        assert!(arrival.try_recv().is_err());
        // With several applications, it comes to each.
        assert!(probe.is_answer(r#"{"eventname":"mine"}"#) && probe.is_answer(r#"{"eventname":"mine"}"#));
        assert_eq!(arrival.try_recv(), Ok(()));
    }
}
