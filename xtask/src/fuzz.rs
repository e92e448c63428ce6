//! `cargo xtask fuzz`: throws anything at what reads the server's words, beginning with what servers really said.

mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, anyhow};

use crate::files::{cannot, read};
use crate::tools::{installed, succeed};
use crate::workspace::{self, shown};

/// Run the fuzz targets of `fuzz/`, two at a time
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// The targets to run; all unless given
    #[arg(value_parser = TARGETS.map(|target| target.name))]
    targets: Vec<String>,
    /// For how long to run each
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Run the target on this file only, to reproduce a finding
    #[arg(long, value_name = "FILE", requires = "targets")]
    input: Option<PathBuf>,
}

struct Target {
    name: &'static str,
    /// In bytes: enough for what a server sends, small enough for many of them a second.
    largest_input: usize,
    /// The initial corpus.
    seeds: fn() -> Result<Vec<String>>,
}

const TARGETS: [Target; 7] = [
    Target { name: "audiosocket_peer", largest_input: 4 << 10, seeds: seeds::audiosocket },
    Target { name: "event_decoder", largest_input: 4 << 10, seeds: seeds::events },
    Target { name: "frame_handler", largest_input: 8 << 10, seeds: seeds::frames },
    Target { name: "media_socket", largest_input: 4 << 10, seeds: seeds::media },
    Target { name: "rest_replies", largest_input: 8 << 10, seeds: seeds::conversations },
    Target { name: "rtp_receiver", largest_input: 4 << 10, seeds: seeds::packets },
    Target { name: "swagger_reader", largest_input: 8 << 10, seeds: seeds::declarations },
];

/// The release that is installed if it is not there.
const CARGO_FUZZ: &str = "0.13.2";

/// Each target keeps one processor busy.
const AT_A_TIME: usize = 2;

/// More memory than this, in MiB, is a finding.
const MOST_MEMORY: usize = 512;

/// More time than this for one input, in seconds, is a finding.
const LONGEST: usize = 10;

pub(crate) fn run(command: &Fuzz) -> Result<()> {
    let is_wanted =
        |target: &&Target| command.targets.is_empty() || command.targets.iter().any(|name| name == target.name);
    let targets: Vec<&Target> = TARGETS.iter().filter(is_wanted).collect();
    require_cpp()?;
    let cargo_fuzz = CargoFuzz(installed("cargo-fuzz", CARGO_FUZZ, &[])?);
    succeed(cargo_fuzz.command("build").args(command.targets.first().filter(|_| targets.len() == 1)))?;
    if let Some(input) = &command.input {
        let input = fs::canonicalize(input).with_context(|| cannot("read", input))?;
        return targets.iter().try_for_each(|target| succeed(cargo_fuzz.command("run").arg(target.name).arg(&input)));
    }
    let mut findings = Vec::new();
    for some in targets.chunks(AT_A_TIME) {
        let running: Vec<_> =
            some.iter().map(|target| start(&cargo_fuzz, target, command.seconds)).collect::<Result<_, _>>()?;
        for (target, mut child) in some.iter().zip(running) {
            let status = child.wait()?;
            findings.extend(finding(target, status, &read(&log(target))?));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(anyhow!(findings.join("\n\n"))) }
}

/// Starts one target on all seeds and what has come of them before.
fn start(cargo_fuzz: &CargoFuzz, target: &Target, seconds: u32) -> Result<Child> {
    let corpus = folder().join("corpus").join(target.name);
    seeds::write((target.seeds)()?, &corpus)?;
    let log = log(target);
    let file = fs::File::create(&log).with_context(|| cannot("create", &log))?;
    let mut command = cargo_fuzz.command("run");
    command.arg(target.name).arg(&corpus).args(["--", "-print_final_stats=1"]).args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={}", target.largest_input),
        format!("-rss_limit_mb={MOST_MEMORY}"),
        format!("-timeout={LONGEST}"),
    ]);
    command.stdin(Stdio::null()).stderr(file);
    command.spawn().with_context(|| format!("cannot run {command:?}"))
}

/// Shows how much a target has done; returns a report if it has found something.
fn finding(target: &Target, status: ExitStatus, said: &str) -> Option<String> {
    let name = target.name;
    let after = |word: &str| said.rsplit_once(word).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or("?");
    let (executions, a_second) = (after("stat::number_of_executed_units:"), after("stat::average_exec_per_sec:"));
    println!("{name}: {executions} executions, {a_second} a second, coverage {}", after(" cov: "));
    if status.success() {
        return None;
    }
    let is_fault = |line: &str| line.contains("panicked at") || line.contains("ERROR: libFuzzer");
    let fault: Vec<&str> = said.lines().skip_while(|line| !is_fault(line)).take(5).collect();
    let advice = match said.rsplit_once("Test unit written to ").and_then(|(_, rest)| rest.lines().next()) {
        Some(input) => {
            let input = shown(Path::new(input));
            format!("the input is {input}; again: cargo xtask fuzz {name} --input {input}")
        }
        None => status.to_string(),
    };
    Some(format!("{}\n{name} has failed, see {}: {advice}", fault.join("\n"), shown(&log(target))))
}

/// Where a target's words go.
fn log(target: &Target) -> PathBuf {
    folder().join(target.name).with_extension("log")
}

/// The program.
struct CargoFuzz(PathBuf);

impl CargoFuzz {
    /// One of its commands. Without a sanitizer, the stable compiler does; nothing here is unsafe.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["fuzz", name, "--sanitizer", "none", "--target-dir"]).arg(folder());
        command.current_dir(workspace::root());
        command
    }
}

/// libFuzzer is compiled from C++.
fn require_cpp() -> Result<()> {
    let found =
        Command::new("c++").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if found {
        Ok(())
    } else {
        Err(anyhow!("libFuzzer needs a C++ compiler; on Debian and Ubuntu: apt-get install g++"))
    }
}

fn folder() -> PathBuf {
    workspace::root().join("target/fuzz")
}
