//! What is done before a connection is closed.

use std::time::{Duration, Instant};

use crate::client::Call;
use crate::client::Expect;
use crate::{Client, Method, Operation};

const UNSUBSCRIBE: Operation = Operation {
    resource: "applications",
    name: "unsubscribe",
    method: Method::Delete,
    path: "/applications/{applicationName}/subscription",
};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ends the subscription to all device states.
///
/// A connection that hears everything and is closed while a device state is being told can leave Asterisk in a
/// deadlock, in which it answers nothing about applications any more (asterisk#2170; seen with 22.10.1 after as few as
/// two connections under load, and never after this). Without HTTP, it is told ahead of the goodbye, over the same
/// connection, which Asterisk reads in order.
pub(super) async fn unsubscribe_device_states(client: &Client, apps: &[String]) {
    for app in apps {
        let call = Call::new(client, &UNSUBSCRIBE).path("applicationName", app);
        let Ok(request) = call.list("eventSource", std::iter::once("deviceState:".to_owned())).into_request() else {
            continue;
        };
        // The goodbye is said either way.
        match (client.http(), client.link()) {
            (Some(http), _) => drop(http.exchange(&request, Expect::Text, Instant::now() + PATIENCE).await),
            (None, Some(link)) => drop(link.post(&request)),
            (None, None) => {}
        }
    }
}
