//! The command `ari`: the Asterisk REST Interface from a terminal.
//!
//! `cli` parses the command line, `commands` has one module for each command, `context` what they share: the server,
//! and where output goes.

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    rustdoc::invalid_html_tags,
    reason = "documentation of arguments is their help, which is no Markdown"
)]

mod calls;
mod cli;
mod commands;
mod completion;
mod context;
mod embedded;
mod failure;
mod feed;
#[rustfmt::skip]
mod generated;
mod ladder;
mod output;
#[cfg(test)]
mod pictures;
mod profiles;
mod reference;
mod server;
mod similar;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A shell asks for completions; nothing else happens then.
    clap_complete::CompleteEnv::with_factory(cli::command).bin("ari").complete();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), failure::Failure> {
    let (globals, call) = cli::parse();
    let context = context::Context::new(globals)?;
    runtime()?.block_on(commands::run(call, &context))
}

/// One thread does: a command waits for the server, not for the processor.
fn runtime() -> Result<tokio::runtime::Runtime, failure::Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
