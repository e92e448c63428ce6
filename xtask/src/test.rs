//! `cargo xtask test`: everything that can be tested, against real servers that it sets up itself.

use std::process::Command;

use anyhow::{Result, anyhow};

use crate::asterisk;
use crate::workspace;

/// Run all tests, those against a real Asterisk included
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Leave out what needs a real Asterisk
    #[arg(long)]
    no_live: bool,
}

/// Runs of `cargo` that need no server.
const ALONE: [&[&str]; 5] = [
    &["test", "--workspace", "--no-fail-fast"],
    &["test", "--package", "ari-bindings", "--no-default-features", "--tests"],
    &["test", "--package", "ari-bindings", "--no-default-features", "--features", "http", "--tests"],
    &["test", "--package", "ari-bindings", "--no-default-features", "--features", "outbound", "--tests"],
    &[
        "test",
        "--package",
        "ari-bindings",
        "--no-default-features",
        "--features",
        "http,tls-no-provider",
        "--test",
        "cryptography",
    ],
];

/// Runs of `cargo` that talk to the servers.
const LIVE: [&[&str]; 3] = [
    &["test", "--package", "ari-e2e", "--features", "live", "--test", "live"],
    &["run", "--package", "ari-e2e", "--features", "live", "--bin", "conformance", "--", "--check"],
    // The last, because it leaves servers that were restarted. Each test has all servers to itself.
    &["test", "--package", "ari-e2e", "--features", "live", "--test", "chaos", "--", "--test-threads=1"],
];

pub(crate) fn run(command: &Test) -> Result<()> {
    let mut failed: Vec<String> = ALONE.into_iter().filter_map(failure).collect();
    if !command.no_live {
        failed.extend(LIVE.into_iter().filter_map(live_failure));
    }
    if failed.is_empty() { Ok(()) } else { Err(anyhow!("failed:\n  {}", failed.join("\n  "))) }
}

/// What is to say of a run of `cargo` against the servers, if it failed: of the servers, too.
fn live_failure(arguments: &[&str]) -> Option<String> {
    // Those that the run before has left dead are started again.
    let all = asterisk::AsteriskCommand::Up { releases: vec!["all".to_owned()] };
    if let Err(error) = asterisk::run(all) {
        return Some(format!("no Asterisk for `cargo {}`: {error}", arguments.join(" ")));
    }
    let mut said = failure(arguments)?;
    let faults = asterisk::faults().unwrap_or_else(|error| vec![error]);
    said.extend(faults.into_iter().map(|fault| format!("\n{fault}")));
    Some(said)
}

/// What is to say of a run of `cargo`, if it failed.
fn failure(arguments: &[&str]) -> Option<String> {
    let line = format!("cargo {}", arguments.join(" "));
    println!("\n== {line}");
    match Command::new(env!("CARGO")).args(arguments).current_dir(workspace::root()).status() {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("{line}: {status}")),
        Err(error) => Some(format!("{line}: {error}")),
    }
}
