//! `cargo xtask nats`: a real NATS server with JetStream, or a cluster of three, on loopback.

mod config;
mod node;
mod program;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use self::config::{Layout, Ports};
use self::node::Node;
use crate::files::ensure;
use crate::workspace;

/// Install, start and stop a real NATS server
#[derive(Debug, Args)]
pub(crate) struct Nats {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install (once) and start what does not run
    Up {
        /// Starts three servers that form a cluster
        #[arg(long)]
        cluster: bool,
    },
    /// Install (once), and write the state file, which names the program
    Install,
    /// Stop all servers and delete what they have stored
    Down,
    /// Kill a server, as a crash does; `up` starts it again with what it has stored
    Kill {
        /// `n1`, or in a cluster also `n2` or `n3`
        node: String,
    },
    /// Show what runs
    Status,
}

/// Runs one command.
pub(crate) fn run(command: &Nats) -> Result<()> {
    match &command.verb {
        Verb::Up { cluster } => up(*cluster),
        Verb::Install => install(),
        Verb::Down => down(),
        Verb::Kill { node } => kill(node),
        Verb::Status => {
            status();
            Ok(())
        }
    }
}

/// Everything lies here: the program, and for each server its configuration, log, number and store.
pub(crate) fn folder() -> PathBuf {
    workspace::root().join("target/nats")
}

/// Installs the program, and names it in the state file, by which the tests find it.
pub(crate) fn install() -> Result<()> {
    let program = program::find_or_install(&folder())?;
    let present = Layout::read(&folder());
    let layout = present.unwrap_or(Layout { is_cluster: false, nodes: Vec::new(), program: PathBuf::new() });
    write_state(&Layout { program, ..layout })
}

fn up(is_cluster: bool) -> Result<()> {
    let program = program::find_or_install(&folder())?;
    let present = Layout::read(&folder()).filter(|layout| layout.nodes.iter().copied().any(is_kept));
    let layout = match present {
        Some(layout) if layout.is_cluster != is_cluster => {
            let what = if layout.is_cluster { "a cluster" } else { "a single server" };
            bail!("{what} is there: `cargo xtask nats down` removes it");
        }
        Some(layout) => Layout { program, ..layout },
        None => fresh(is_cluster, program)?,
    };
    let started = Instant::now();
    let nodes = layout.nodes();
    for node in nodes.iter().filter(|node| node.pid().is_none()) {
        node.start(&layout)?;
    }
    for node in &nodes {
        node.wait_until_ready(Duration::from_secs(20))?;
    }
    write_state(&layout)?;
    println!("NATS is up after {:.1} s\n  url    {}", started.elapsed().as_secs_f64(), layout.url());
    for node in &nodes {
        println!("  {}     {}  log {}", node.name, node.url(), node.log().display());
    }
    Ok(())
}

/// Whether a server has been started and not been taken down: `up` uses its ports and its store again.
fn is_kept(ports: Ports) -> bool {
    Node::new(&folder(), ports).config().exists()
}

/// Free ports for all servers.
fn fresh(is_cluster: bool, program: PathBuf) -> Result<Layout> {
    let numbers = if is_cluster { 1..=3 } else { 1..=1 };
    let nodes = numbers.map(Ports::free).collect::<Result<Vec<_>>>()?;
    Ok(Layout { is_cluster, nodes, program })
}

fn down() -> Result<()> {
    let Some(layout) = Layout::read(&folder()) else {
        println!("NATS was not running");
        return Ok(());
    };
    for node in layout.nodes() {
        let was_running = node.stop()?;
        println!("NATS {} {}", node.name, if was_running { "is down" } else { "was not running" });
    }
    write_state(&Layout { is_cluster: false, nodes: Vec::new(), ..layout })
}

fn kill(name: &str) -> Result<()> {
    let nodes = Layout::read(&folder()).map(|layout| layout.nodes()).unwrap_or_default();
    let Some(node) = nodes.iter().find(|node| node.name == name) else {
        let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
        bail!("no NATS server {name}; there are: {}", names.join(", "));
    };
    let was_running = node.kill()?;
    println!("NATS {name} {}", if was_running { "is killed" } else { "was not running" });
    Ok(())
}

fn status() {
    let Some(layout) = Layout::read(&folder()).filter(|layout| !layout.nodes.is_empty()) else {
        println!("NATS is not running");
        return;
    };
    for node in layout.nodes() {
        match node.pid() {
            Some(pid) => println!("{}  running  {}  process {pid}", node.name, node.url()),
            None => println!("{}  stopped", node.name),
        }
    }
}

fn write_state(layout: &Layout) -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    ensure(&folder.join("state"), &layout.to_text())?;
    Ok(())
}
