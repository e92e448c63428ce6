//! What the command line says.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::{calls, incoming, media, requests, server, socket};

/// Benchmarks of bindings for ARI
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) enum Command {
    /// Run benchmarks and print their tables
    Run(Options),
    /// The server that the children below talk to
    #[command(hide = true)]
    Server(server::Server),
    /// One contender receives events
    #[command(hide = true)]
    Receive(socket::Receive),
    /// One contender sends requests
    #[command(hide = true)]
    Request(requests::Request),
    /// One contender makes calls
    #[command(hide = true)]
    Call(calls::Call),
    /// The server that makes calls into the children below
    #[command(hide = true)]
    Exchange,
    /// One contender serves calls
    #[command(hide = true)]
    Answer(incoming::Answer),
    /// One contender echoes the sound of calls
    #[command(hide = true)]
    Echo(media::Echo),
    /// The peers of an echo
    #[command(hide = true)]
    Peers(media::Peers),
}

/// What to run, and how much of it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only this benchmark; may be given again [default: all but live and build]
    #[arg(long, value_enum)]
    only: Vec<Benchmark>,
    /// How often each contender has its turn [default: 5]
    #[arg(long)]
    rounds: Option<usize>,
    /// Few rounds of little: whether it works, in a minute
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write the tables to this file too
    #[arg(long)]
    pub(crate) markdown: Option<PathBuf>,
    /// Also whole calls with the Asterisk of `cargo xtask asterisk up 22`
    #[arg(long)]
    live: bool,
    /// Also what it costs to build
    #[arg(long)]
    build: bool,
}

/// One benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// Text to event
    Decode,
    /// Socket to the program
    Socket,
    /// The same while the program does not read
    Stalled,
    /// Requests
    Requests,
    /// The memory of calls that wait
    Idle,
    /// Whole calls into an application, with a server on loopback
    Incoming,
    /// The sound of many calls
    Media,
    /// Whole calls with a real Asterisk
    Live,
    /// What it costs to build
    Build,
}

impl Options {
    /// The benchmarks to run, in this order.
    pub(crate) fn benchmarks(&self) -> Vec<Benchmark> {
        if !self.only.is_empty() {
            return self.only.clone();
        }
        let mut all = vec![
            Benchmark::Decode,
            Benchmark::Socket,
            Benchmark::Stalled,
            Benchmark::Requests,
            Benchmark::Idle,
            Benchmark::Incoming,
            Benchmark::Media,
        ];
        all.extend(self.live.then_some(Benchmark::Live));
        all.extend(self.build.then_some(Benchmark::Build));
        all
    }

    /// How often each contender has its turn.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 5 }).max(1)
    }

    /// How often each program is built: what takes minutes varies little.
    pub(crate) fn build_rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 }).max(1)
    }
}
