//! The project's commands. `cargo xtask help` lists them.

mod api;
mod apt;
mod asterisk;
mod atlas;
mod bench;
mod book;
mod conformance;
mod declarations;
mod diff;
mod export;
mod features;
mod files;
mod fuzz;
mod history;
mod import;
mod minimal;
mod msrv;
mod nats;
mod pictures;
mod regen;
mod release;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// The project's commands
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    Import(import::Import),
    Regen(regen::Regen),
    Diff(diff::Diff),
    History(history::History),
    Export(export::Export),
    Atlas(atlas::Atlas),
    Test(test::Test),
    Fuzz(fuzz::Fuzz),
    Features(features::Features),
    Api(api::Api),
    Msrv(msrv::Msrv),
    Minimal(minimal::Minimal),
    Licenses(release::licenses::Licenses),
    Release(release::Release),
    Bench(bench::Bench),
    Book(book::Book),
    Pictures(pictures::Pictures),
    Conformance(conformance::Conformance),
    Differences(conformance::Differences),
    Record(conformance::Record),
    Asterisk(asterisk::Asterisk),
    Nats(nats::Nats),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Import(command) => import::run(&command),
        Command::Regen(command) => regen::run(&command),
        Command::Diff(command) => return diff::run(&command),
        Command::History(command) => history::run(&command),
        Command::Export(command) => export::run(&command),
        Command::Atlas(command) => atlas::run(&command),
        Command::Test(command) => test::run(&command),
        Command::Fuzz(command) => fuzz::run(&command),
        Command::Features(command) => features::run(&command),
        Command::Api(command) => api::run(&command),
        Command::Msrv(command) => msrv::run(&command),
        Command::Minimal(command) => minimal::run(&command),
        Command::Licenses(command) => release::licenses::run(&command),
        Command::Release(command) => release::run(&command),
        Command::Bench(command) => bench::run(&command),
        Command::Book(command) => book::run(&command),
        Command::Pictures(command) => pictures::run(&command),
        Command::Conformance(command) => conformance::run(&command),
        Command::Differences(command) => conformance::differences(&command),
        Command::Record(command) => conformance::record(&command),
        Command::Asterisk(command) => asterisk::run(command),
        Command::Nats(command) => nats::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
