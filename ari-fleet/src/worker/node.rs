//! The application on one node, for one lane.

use std::sync::Arc;
use std::time::Duration;

use ari_app::{App, ServeError};
use ari_bindings::{Client, Reconnect};
use tokio::sync::watch;

use super::link::Link;
use super::ownership::Ownership;
use super::plan::Plan;
use super::service::{BASE, NodeService};

/// The waits before an event connection is opened again. They are within NATS, so they may be short.
const DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How long to wait before an application that has failed is served again.
const PAUSE: Duration = Duration::from_secs(1);

/// How many requests of a lane to a node may be under way.
const MOST_REQUESTS: usize = 1024;

/// Serves the calls of a lane on a node until the lane is lost, or `stop` asks for the end and the calls are over.
///
/// Fails if a setting cannot work.
pub(super) async fn serve(
    plan: Arc<Plan>,
    ownership: Ownership,
    link: Arc<Link>,
    takes_outgoing: bool,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let (node, lane) = (link.node.clone(), ownership.lane.number);
    let result = serve_again(&plan, &ownership, &link, takes_outgoing, stop).await;
    plan.nodes.remove(&node, lane);
    result
}

async fn serve_again(
    plan: &Arc<Plan>,
    ownership: &Ownership,
    link: &Arc<Link>,
    takes_outgoing: bool,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    loop {
        let ended = serve_once(plan, ownership, link, takes_outgoing, &mut stop).await;
        link.disconnected();
        match ended {
            _ if *stop.borrow() || ownership.token().is_none() => return Ok(()),
            Ok(()) => tracing::warn!("the application has ended unasked: it is served again"),
            Err(error @ ServeError::Invalid { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the application has failed: it is served again"
                );
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn serve_once(
    plan: &Arc<Plan>,
    ownership: &Ownership,
    link: &Arc<Link>,
    takes_outgoing: bool,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let service = NodeService { plan: Arc::clone(plan), ownership: ownership.clone(), link: Arc::clone(link) };
    // The service knows the node; errors name it by the host.
    let url = format!("http://{}{BASE}", host(&link.node));
    let builder = Client::builder(url).credentials("fleet", "fleet").http_service(service).max_requests(MOST_REQUESTS);
    let client = builder.build()?;
    let reconnect = Reconnect::new().delays(DELAYS.0, DELAYS.1);
    let connecting = client.events([plan.app.as_str()]).reconnect(reconnect).wait_for_server(true);
    let events = tokio::select! {
        events = connecting => events?,
        // There are no calls yet.
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
        () = ownership.lost() => return Ok(()),
    };
    link.connected(events.connection());
    let app = (plan.options)(App::new(client, &plan.app)).drain(plan.drain);
    let app = app.instance(ownership.lane.number).shutdown_on_signal(false);
    if takes_outgoing {
        plan.nodes.add(&link.node, ownership.lane.number, app.outgoing());
    }
    let shutdown = app.shutdown();
    let mut serving = (plan.serve)(app, events, ownership.clone());
    tokio::select! {
        ended = &mut serving => return ended,
        _ = stop.wait_for(|stop| *stop) => shutdown.start(),
    }
    serving.await
}

/// The name of a node as the host of a URL, in which fewer characters are allowed.
fn host(node: &str) -> String {
    let allowed = |byte: char| if byte.is_ascii_alphanumeric() || matches!(byte, '-' | '.') { byte } else { '-' };
    let host: String = node.chars().map(allowed).collect();
    // A label may not begin with a dash, nor be empty.
    format!("node-{}", host.replace("..", ".-.").trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_a_url() {
        for node in ["pbx-1", "pbx.example", "Zürich 2", "a..b.", "_", "", "1700000000"] {
            let url = format!("http://{}{BASE}", host(node));
            assert!(Client::builder(&url).credentials("a", "b").build().is_ok(), "{url}");
        }
        assert_eq!(host("pbx.example"), "node-pbx.example");
    }
}
