//! How long a call is without control after something has died.

use std::time::Duration;

use ari_e2e::fleet::{Journal, NatsCluster, NatsServer, Stand, What};
use ari_e2e::{Server, unique};

use crate::percentiles::{milliseconds, percentile};

/// How often each is measured.
const TIMES: usize = 10;

/// How often a handler does something, which is part of what is measured.
const EVERY: [&str; 2] = ["--every", "50"];

pub(crate) async fn table() {
    println!("\n| killed | until the next step of the call, p50 ms | longest |\n|---|---:|---:|");
    let mut workers = Vec::new();
    let mut gateways = Vec::new();
    for _ in 0..TIMES {
        workers.push(worker().await);
        gateways.push(gateway().await);
    }
    row("worker; another one takes over", workers);
    row("gateway; started again at once", gateways);
    let mut leaders = Vec::new();
    for _ in 0..TIMES / 2 {
        leaders.push(leader().await);
    }
    row("leader of the NATS cluster, 3 replicas", leaders);
}

fn row(name: &str, mut found: Vec<Duration>) {
    found.sort_unstable();
    println!("| {name} | {} | {} |", milliseconds(percentile(&found, 0.5)), milliseconds(percentile(&found, 1.0)));
}

async fn call(server: &Server, stand: &Stand) -> String {
    let id = unique("call");
    let request = server.client().channels().originate_with_id(&*id, "Local/echo@default").app(&*stand.app);
    request.await.expect("a call");
    id
}

async fn hang_up(server: &Server, call: &str) {
    let _ = server.client().channel(call).hangup().await;
}

async fn worker() -> Duration {
    let (nats, server) = (NatsServer::start().await, Server::of("22"));
    let stand = Stand::new(&nats.url()).await;
    let _gateway = stand.gateway("pbx", &server).await;
    let mut first = stand.spawn_worker("a", &EVERY);
    stand.until_serving("a").await;
    let id = call(&server, &stand).await;
    stand.until_step_by(&id, "a", 2).await;
    let _second = stand.spawn_worker("b", &EVERY);
    stand.until_serving("b").await;
    let from = Journal::now();
    first.process.kill().await;
    let step = stand.until(&id, "a step", |entry| entry.worker == "b" && matches!(entry.what, What::Step(_))).await;
    hang_up(&server, &id).await;
    Duration::from_micros(step.to.saturating_sub(from))
}

async fn gateway() -> Duration {
    let (nats, server) = (NatsServer::start().await, Server::of("22"));
    let stand = Stand::new(&nats.url()).await;
    let mut gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.spawn_worker("a", &EVERY);
    stand.until_serving("a").await;
    let id = call(&server, &stand).await;
    stand.until_step_by(&id, "a", 2).await;
    gateway.process.kill().await;
    let from = Journal::now();
    let _gateway = stand.spawn_gateway("pbx", &server);
    let is_next = |entry: &ari_e2e::fleet::Entry| entry.from > from && matches!(entry.what, What::Step(_));
    let step = stand.until(&id, "a step", is_next).await;
    hang_up(&server, &id).await;
    Duration::from_micros(step.to.saturating_sub(from))
}

async fn leader() -> Duration {
    let (mut nats, server) = (NatsCluster::start().await, Server::of("22"));
    let stand = Stand::new(&nats.url()).await;
    let _gateway = stand.gateway_with("pbx", &server, &["--replicas", "3"]).await;
    let _worker = stand.spawn_worker("a", &EVERY);
    stand.until_serving("a").await;
    let id = call(&server, &stand).await;
    stand.until_step_by(&id, "a", 2).await;
    let leader = nats.leader_of("ari_events").await;
    let from = Journal::now();
    leader.kill().await;
    // A new call shows that events are stored again.
    let next = call(&server, &stand).await;
    let step = stand.until(&next, "a step", |entry| matches!(entry.what, What::Step(_))).await;
    hang_up(&server, &id).await;
    hang_up(&server, &next).await;
    Duration::from_micros(step.to.saturating_sub(from))
}
