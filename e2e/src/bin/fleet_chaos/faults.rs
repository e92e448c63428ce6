//! What happens to a fleet.

use std::time::Duration;

use tokio::time::sleep;

use crate::field::Field;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Worker,
    Gateway,
    Asterisk,
    Nats,
    Network,
    Stall,
    Churn,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] =
        [Self::Worker, Self::Gateway, Self::Asterisk, Self::Nats, Self::Network, Self::Stall, Self::Churn];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Gateway => "gateway",
            Self::Asterisk => "asterisk",
            Self::Nats => "nats",
            Self::Network => "network",
            Self::Stall => "stall",
            Self::Churn => "churn",
        }
    }

    /// Lets it happen once, and repairs it. `turn` counts how often it has happened.
    pub(crate) async fn happen(self, field: &mut Field, turn: usize) {
        match self {
            Self::Worker => kill_worker(field, turn).await,
            Self::Gateway => kill_gateway(field, turn).await,
            Self::Asterisk => kill_asterisk(field, turn).await,
            Self::Nats => kill_leader(field).await,
            Self::Network => cut(field, turn).await,
            Self::Stall => stall(field, turn).await,
            Self::Churn => churn(field).await,
        }
    }
}

async fn kill_worker(field: &mut Field, turn: usize) {
    let index = turn % field.workers.len();
    field.workers[index].process.kill().await;
    sleep(Duration::from_secs(2)).await;
    field.workers[index] = field.worker(index);
}

async fn kill_gateway(field: &mut Field, turn: usize) {
    let index = turn % field.gateways.len();
    field.gateways[index].process.kill().await;
    field.gateways[index] = field.gateway(index);
}

async fn kill_asterisk(field: &mut Field, turn: usize) {
    let index = turn % field.servers.len();
    field.servers[index].kill().await;
    field.servers[index].start().await;
    let address = field.servers[index].url().trim_start_matches("http://").split('/').next().unwrap_or_default();
    if let Ok(address) = address.parse() {
        field.ari[index].set_target(address).await;
    }
}

async fn kill_leader(field: &mut Field) {
    let leader = field.nats.leader_of("ari_events").await;
    leader.kill().await;
    sleep(Duration::from_secs(8)).await;
    leader.restart().await;
}

/// By turns: between a worker and NATS, and between a gateway and Asterisk.
async fn cut(field: &mut Field, turn: usize) {
    let index = turn / 2 % field.ari.len();
    let proxies = if turn % 2 == 1 { &field.ari[index..=index] } else { &field.to_nats[..] };
    for proxy in proxies {
        proxy.half_open().await;
    }
    sleep(Duration::from_secs(6)).await;
    for proxy in proxies {
        proxy.heal().await;
        // What was discarded while it was half open is never made up for.
        proxy.cut().await;
    }
}

async fn stall(field: &mut Field, turn: usize) {
    let index = turn % field.workers.len();
    field.workers[index].process.freeze().await;
    sleep(Duration::from_secs(6)).await;
    field.workers[index].process.go_on().await;
}

/// A worker comes, and another one goes.
async fn churn(field: &mut Field) {
    for index in 0..field.workers.len() {
        field.workers[index].process.terminate().await;
        field.workers[index] = field.worker(index);
        sleep(Duration::from_secs(5)).await;
    }
}
