//! What runs: the state file, lines of `KEY=VALUE`, and the configuration of each server.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::node::Node;
use crate::asterisk::ports::{free, tcp};

/// The ports of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    /// The number of the server, from 1.
    pub(crate) number: u16,
    /// For clients.
    pub(crate) client: u16,
    /// For the other servers of the cluster.
    pub(crate) route: u16,
    /// For HTTP, which says whether the server is ready.
    pub(crate) monitor: u16,
}

/// The servers that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) is_cluster: bool,
    pub(crate) nodes: Vec<Ports>,
    pub(crate) program: PathBuf,
}

impl Ports {
    /// Near 4322, so that a server at the usual port is no obstacle.
    pub(crate) fn free(number: u16) -> Result<Self> {
        Ok(Self {
            number,
            client: free(4321 + number, tcp)?,
            route: free(6321 + number, tcp)?,
            monitor: free(8321 + number, tcp)?,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u16> = text.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [number, client, route, monitor] = numbers[..] else { return None };
        Some(Self { number, client, route, monitor })
    }
}

impl Layout {
    /// What was written last, if it can be read.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(folder.join("state")).ok()?).ok()
    }

    /// The servers.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.nodes.iter().map(|ports| Node::new(&super::folder(), *ports)).collect()
    }

    /// What a client connects to: all servers, with commas between them.
    pub(crate) fn url(&self) -> String {
        let urls: Vec<_> = self.nodes.iter().map(|ports| format!("nats://127.0.0.1:{}", ports.client)).collect();
        urls.join(",")
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("PROGRAM={}\nCLUSTER={}\n", self.program.display(), self.is_cluster);
        if !self.nodes.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "NATS_URL={}", self.url());
        }
        for Ports { number, client, route, monitor } in &self.nodes {
            let _ = writeln!(text, "NODE={number} {client} {route} {monitor}");
        }
        text
    }

    fn parse(text: &str) -> Result<Self> {
        let pairs = || text.lines().filter_map(|line| line.split_once('='));
        let get = |key: &str| pairs().find(|(name, _)| *name == key).map(|(_, value)| value);
        let nodes = pairs().filter(|(key, _)| *key == "NODE");
        Ok(Self {
            is_cluster: get("CLUSTER").context("no CLUSTER")? == "true",
            nodes: nodes.map(|(_, value)| Ports::parse(value).context("NODE")).collect::<Result<_>>()?,
            program: get("PROGRAM").context("no PROGRAM")?.into(),
        })
    }

    /// The configuration of one of the servers, which stores in `store`.
    pub(crate) fn config_of(&self, ports: Ports, store: &Path) -> String {
        let Ports { number, client, route, monitor } = ports;
        let mut text = format!(
            "server_name: n{number}\nlisten: \"127.0.0.1:{client}\"\nhttp: \"127.0.0.1:{monitor}\"\n\
             jetstream {{\n  store_dir: \"{}\"\n}}\n",
            store.display()
        );
        if self.is_cluster {
            let others = self.nodes.iter().filter(|other| other.number != number);
            let routes: Vec<_> = others.map(|other| format!("\"nats://127.0.0.1:{}\"", other.route)).collect();
            let _ = write!(
                text,
                "cluster {{\n  name: fleet\n  listen: \"127.0.0.1:{route}\"\n  routes: [{}]\n}}\n",
                routes.join(", ")
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(number: u16) -> Ports {
        Ports { number, client: 4321 + number, route: 6321 + number, monitor: 8321 + number }
    }

    #[test]
    fn state_is_read_back() {
        for nodes in [vec![], vec![ports(1)], vec![ports(1), ports(2), ports(3)]] {
            let layout = Layout { is_cluster: nodes.len() > 1, nodes, program: "/w/nats-server".into() };
            assert_eq!(Layout::parse(&layout.to_text()).unwrap(), layout);
        }
        assert!(Layout::parse("CLUSTER=true\nNODE=1 2\nPROGRAM=p\n").is_err());
    }

    #[test]
    fn servers_of_a_cluster_know_the_others() {
        let layout = Layout { is_cluster: true, nodes: vec![ports(1), ports(2)], program: PathBuf::new() };
        let config = layout.config_of(ports(1), Path::new("/s"));
        assert!(config.contains("routes: [\"nats://127.0.0.1:6323\"]"), "{config}");
        let alone = Layout { is_cluster: false, nodes: vec![ports(1)], program: PathBuf::new() };
        assert!(!alone.config_of(ports(1), Path::new("/s")).contains("cluster"));
    }
}
