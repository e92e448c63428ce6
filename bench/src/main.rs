//! How fast, how small and how reliable the bindings are, beside other crates for ARI and beside what one would write
//! without any. `cargo xtask bench` builds and runs it.
//!
//! Every contender runs in a child process of this program, and so does the server it talks to, so that the time on
//! the processor and the memory are the contender's own. Contenders take turns, so that the machine's moods fall on
//! all alike; what is shown are medians.

mod bars;
mod build;
mod calls;
mod child;
mod contenders;
mod corpus;
mod decode;
mod goals;
mod incoming;
mod media;
mod options;
mod report;
mod requests;
mod server;
mod socket;
mod statistics;
mod table;
mod usage;

use std::process::ExitCode;

use clap::Parser as _;

use options::{Benchmark, Command, Options};
use report::Report;

/// What a benchmark that could not be run says.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Run(options) => run(&options),
        Command::Server(server) => server::run(&server),
        Command::Receive(receive) => socket::child(&receive),
        Command::Request(request) => requests::child(&request),
        Command::Call(call) => calls::child(&call),
        Command::Exchange => incoming::exchange(),
        Command::Answer(answer) => incoming::child(&answer),
        Command::Echo(echo) => media::echo(&echo),
        Command::Peers(peers) => media::peers(&peers),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let mut report = Report::new();
    for benchmark in options.benchmarks() {
        match benchmark {
            Benchmark::Decode => report.add(decode::run(options)?),
            Benchmark::Socket => report.add(socket::run(options)?),
            Benchmark::Stalled => report.add(socket::run_stalled(options)?),
            Benchmark::Requests => requests::run(options)?.into_iter().for_each(|table| report.add(table)),
            Benchmark::Idle => report.add(incoming::run_idle(options)?),
            Benchmark::Incoming => report.add(incoming::run_whole(options)?),
            Benchmark::Media => media::run(options)?.into_iter().for_each(|table| report.add(table)),
            Benchmark::Live => report.add(calls::run(options)?),
            Benchmark::Build => report.add(build::run(options)?),
        }
    }
    report.add_goals();
    match &options.markdown {
        Some(path) => report.write(path),
        None => Ok(()),
    }
}
