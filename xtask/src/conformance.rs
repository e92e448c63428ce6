//! `cargo xtask conformance`, `cargo xtask differences` and `cargo xtask record`: programs of the package `ari-e2e`,
//! which knows the bindings.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::asterisk;
use crate::tools::cargo;
use crate::workspace;

/// Call everything that a server declares, and write down how it compares with its declaration
#[derive(Debug, clap::Args)]
pub(crate) struct Conformance {
    /// A release such as `22`, or `http://USER:PASSWORD@HOST:PORT/ari`; may be given again [default: all releases]
    #[arg(long)]
    asterisk: Vec<String>,
    /// Write nothing; fail where the result differs from `e2e/conformance/`
    #[arg(long)]
    check: bool,
    /// Keep a frame of every event in `ari-bindings/tests/recorded/data/`
    #[arg(long)]
    record: bool,
}

/// Compare the fake with real servers and write the differences to `ari-test/DIFFERENCES.md`
#[derive(Debug, clap::Args)]
pub(crate) struct Differences {
    /// Write nothing; fail where the result differs from the file
    #[arg(long)]
    check: bool,
    /// Only the scenes whose name begins with this; prints the result instead of writing it
    #[arg(long, conflicts_with = "check")]
    scene: Option<String>,
}

/// Store the events of a real server, with secrets and addresses removed
#[derive(Debug, clap::Args)]
pub(crate) struct Record {
    /// `http://USER:PASSWORD@HOST:PORT/ari`
    url: String,
    /// The application whose events are stored
    #[arg(long)]
    app: String,
    /// Where to
    #[arg(long)]
    out: PathBuf,
    /// Events of everything there is
    #[arg(long)]
    subscribe_all: bool,
    /// Stop after this many seconds [default: when the server closes the connection]
    #[arg(long)]
    seconds: Option<u64>,
}

pub(crate) fn run(command: &Conformance) -> Result<()> {
    let is_url = |word: &&String| word.starts_with("http://");
    let mut releases: Vec<String> = command.asterisk.iter().filter(|word| !is_url(word)).cloned().collect();
    if command.asterisk.is_empty() {
        releases.push("all".to_owned());
    }
    if !releases.is_empty() {
        asterisk::up_for_tests(&releases)?;
    }
    let mut arguments = command.asterisk.clone();
    arguments.extend(command.check.then(|| "--check".to_owned()));
    arguments.extend(command.record.then(|| "--record".to_owned()));
    program("conformance", &arguments)
}

pub(crate) fn differences(command: &Differences) -> Result<()> {
    asterisk::up_for_tests(&["all".to_owned()])?;
    let mut arguments = Vec::from_iter(command.check.then(|| "--check".to_owned()));
    arguments.extend(command.scene.iter().map(|scene| format!("--scene={scene}")));
    program("differences", &arguments)
}

pub(crate) fn record(command: &Record) -> Result<()> {
    let Record { url, app, out, subscribe_all, seconds } = command;
    // Cargo runs the program in the workspace.
    let out = std::path::absolute(out)?.display().to_string();
    let mut arguments = [url, "--app", app, "--out", &out].map(str::to_owned).to_vec();
    arguments.extend(subscribe_all.then(|| "--subscribe-all".to_owned()));
    arguments.extend(seconds.iter().flat_map(|seconds| ["--seconds".to_owned(), seconds.to_string()]));
    program("record", &arguments)
}

fn program(name: &str, arguments: &[String]) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["run", "--quiet", "--manifest-path"]).arg(workspace::root().join("Cargo.toml"));
    cargo.args(["--package", "ari-e2e", "--features", "live", "--bin", name, "--"]).args(arguments);
    let status = cargo.status()?;
    if status.success() { Ok(()) } else { Err(anyhow!("{name}: {status}")) }
}
