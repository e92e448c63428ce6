//! A workaround for a deadlock of Asterisk (asterisk#2170).

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use crate::client::Call;
use crate::request::Expect;
use crate::{Client, Method, Operation};

const UNSUBSCRIBE: Operation = Operation {
    resource: "applications",
    name: "unsubscribe",
    method: Method::Delete,
    path: "/applications/{applicationName}/subscription",
};

/// How long all requests together may take.
const UNSUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of concurrent requests for applications.
const CONCURRENCY: usize = 8;

/// Ends the subscription of these applications to all device states.
///
/// A connection that is subscribed to everything and is closed while Asterisk reports a device state can leave Asterisk
/// in a deadlock, in which it answers no more requests about applications. It was seen with 22.10.1 after as few as two
/// connections under load, and never after this. The connection is closed whether the requests succeed or not.
pub(super) async fn unsubscribe_device_states(client: &Client, apps: &[String]) {
    let Some(http) = client.http() else { return };
    let deadline = Instant::now() + UNSUBSCRIBE_TIMEOUT;
    let requests = apps.iter().filter_map(|app| {
        let call = Call::new(client, &UNSUBSCRIBE).path("applicationName", app);
        call.list("eventSource", vec!["deviceState:".to_owned()]).into_request().ok()
    });
    let unsubscribing = stream::iter(requests).for_each_concurrent(CONCURRENCY, |request| async move {
        let _ = http.exchange(&request, Expect::Text, deadline).await;
    });
    let _ = timeout_at(deadline, unsubscribing).await;
}
