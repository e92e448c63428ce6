//! What the faults happen to.

use ari_e2e::fleet::{Gateway, NatsCluster, Stand, Worker};
use ari_e2e::{FaultProxy, Server};

/// Two servers with their gateways, three workers and three NATS servers, with proxies where the network can break.
pub(crate) struct Field {
    pub(crate) nats: NatsCluster,
    pub(crate) stand: Stand,
    pub(crate) servers: Vec<Server>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) workers: Vec<Worker>,
    /// Between the gateways and their servers.
    pub(crate) ari: Vec<FaultProxy>,
    /// Between the first worker and NATS.
    pub(crate) to_nats: Vec<FaultProxy>,
    started: usize,
}

/// How often a handler does something in its call, in milliseconds; calls of a worker that ends pass to another one.
const OPTIONS: [&str; 3] = ["--every", "1000", "--hand-over"];

impl Field {
    pub(crate) async fn start() -> Self {
        let nats = NatsCluster::start().await;
        let stand = Stand::new(&nats.url()).await;
        let servers = Server::all();
        let ari: Vec<_> = servers.iter().map(|server| FaultProxy::to_url(server.url())).collect();
        let to_nats: Vec<_> = nats.servers.iter().map(|server| FaultProxy::to(server.address())).collect();
        let (gateways, workers) = (Vec::new(), Vec::new());
        let mut field = Self { nats, stand, servers, gateways, workers, ari, to_nats, started: 0 };
        for index in 0..field.servers.len() {
            let gateway = field.gateway(index);
            field.stand.until_up(&gateway.node).await;
            field.gateways.push(gateway);
        }
        for index in 0..3 {
            let worker = field.worker(index);
            field.stand.until_serving(&worker.name).await;
            field.workers.push(worker);
        }
        field
    }

    /// Starts the gateway of a server.
    pub(crate) fn gateway(&self, index: usize) -> Gateway {
        let server = &self.servers[index];
        let url = self.ari[index].url(server.url());
        self.stand.gateway_by(&format!("pbx{}", server.release()), server, &url, &["--replicas", "3"])
    }

    /// Starts a worker under a new name. The first one reaches NATS through the proxies.
    pub(crate) fn worker(&mut self, index: usize) -> Worker {
        self.started += 1;
        let name = format!("w{index}-{}", self.started);
        if index > 0 {
            return self.stand.spawn_worker(&name, &OPTIONS);
        }
        let urls: Vec<_> = self.to_nats.iter().map(|proxy| format!("nats://{}", proxy.address())).collect();
        // This one finishes its calls.
        self.stand.spawn_worker_at(&name, &urls.join(","), &OPTIONS[..2])
    }

    /// Keeps the logs and journals; returns their folder.
    pub(crate) fn keep(self) -> String {
        self.stand.keep()
    }
}
