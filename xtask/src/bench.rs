//! `cargo xtask bench`: the program of the package `bench`, which has the peers in its tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use crate::tools::{cargo, succeed};
use crate::workspace;

/// Benchmarks, compared with other crates for ARI and with hand-written code
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Bench {
    /// Only this one: decode, socket, stalled, requests, idle, incoming, media, live or build; may be given again [default: the first seven]
    #[arg(long)]
    only: Vec<String>,
    /// How often each contender has its turn [default: 5]
    #[arg(long)]
    rounds: Option<usize>,
    /// Run a few short rounds, to check within a minute that the benchmarks work
    #[arg(long)]
    quick: bool,
    /// Write the tables to this file too
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Also whole calls with the Asterisk of `cargo xtask asterisk up 22`
    #[arg(long)]
    live: bool,
    /// Also measure the cost of building
    #[arg(long)]
    build: bool,
    /// Leave out the other crates for ARI, two of which need OpenSSL
    #[arg(long)]
    no_peers: bool,
}

pub(crate) fn run(command: &Bench) -> Result<()> {
    let target = workspace::root().join("target/bench");
    build(&target, command.no_peers)?;
    succeed(Command::new(target.join("release/ari-bench")).arg("run").args(command.arguments()))
}

impl Bench {
    /// The options of the benchmark program, without those of its build.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> =
            self.only.iter().flat_map(|name| ["--only".to_owned(), name.clone()]).collect();
        arguments.extend(self.rounds.iter().flat_map(|rounds| ["--rounds".to_owned(), rounds.to_string()]));
        arguments.extend(self.markdown.iter().flat_map(|path| ["--markdown".to_owned(), path.display().to_string()]));
        let flags = [("--quick", self.quick), ("--live", self.live), ("--build", self.build)];
        arguments.extend(flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()));
        arguments
    }
}

fn build(target: &Path, no_peers: bool) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--quiet", "--locked", "--target-dir"]).arg(target);
    cargo.arg("--manifest-path").arg(workspace::root().join("bench/Cargo.toml"));
    cargo.args(no_peers.then_some("--no-default-features"));
    match cargo.status().with_context(|| format!("cannot run {cargo:?}"))? {
        status if status.success() => Ok(()),
        status if no_peers => Err(anyhow!("bench: {status}")),
        status => Err(anyhow!(
            "bench: {status}. If OpenSSL is missing, `apt-get install -y libssl-dev pkg-config` brings it; \
             `cargo xtask bench --no-peers` does without the crates that need it."
        )),
    }
}
