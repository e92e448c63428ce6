//! `cargo xtask fuzz`: throws anything at what reads the server's words, beginning with what servers really said.

mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::Failure;
use crate::files::{read, told};
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
    /// Give the target this file and nothing else, to reproduce a finding
    #[arg(long, value_name = "FILE", requires = "targets")]
    input: Option<PathBuf>,
}

/// A target and how large its inputs get: enough for what a server sends, small enough for many of them a second.
struct Target {
    name: &'static str,
    largest_input: usize,
}

const TARGETS: [Target; 4] = [
    Target { name: "event_decoder", largest_input: 4 << 10 },
    Target { name: "frame_handler", largest_input: 8 << 10 },
    Target { name: "rest_replies", largest_input: 8 << 10 },
    Target { name: "swagger_reader", largest_input: 8 << 10 },
];

/// The release that is installed if it is not there.
const CARGO_FUZZ: &str = "0.13.2";

/// Each target keeps one processor busy.
const AT_A_TIME: usize = 2;

/// More memory than this, in MiB, is a finding.
const MOST_MEMORY: usize = 512;

/// More time than this for one input, in seconds, is a finding.
const LONGEST: usize = 10;

pub(crate) fn run(command: &Fuzz) -> Result<(), Failure> {
    let is_wanted =
        |target: &&Target| command.targets.is_empty() || command.targets.iter().any(|name| name == target.name);
    let targets: Vec<&Target> = TARGETS.iter().filter(is_wanted).collect();
    require_cpp()?;
    install_cargo_fuzz()?;
    succeed(cargo_fuzz("build").args(command.targets.first().filter(|_| targets.len() == 1)))?;
    if let Some(input) = &command.input {
        let input = fs::canonicalize(input).map_err(|error| told(input, "read", &error))?;
        return targets.iter().try_for_each(|target| succeed(cargo_fuzz("run").arg(target.name).arg(&input)));
    }
    let mut findings = Vec::new();
    for some in targets.chunks(AT_A_TIME) {
        let running: Vec<_> = some.iter().map(|target| start(target, command.seconds)).collect::<Result<_, _>>()?;
        for (target, mut child) in some.iter().zip(running) {
            let status = child.wait()?;
            findings.extend(finding(target, status, &read(&log(target))?));
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(findings.join("\n\n").into()) }
}

/// Starts one target on all seeds and what has come of them before.
fn start(target: &Target, seconds: u32) -> Result<Child, Failure> {
    let corpus = folder().join("corpus").join(target.name);
    seeds::write(target.name, &corpus)?;
    let log = log(target);
    let file = fs::File::create(&log).map_err(|error| told(&log, "create", &error))?;
    let mut command = cargo_fuzz("run");
    command.arg(target.name).arg(&corpus).args(["--", "-print_final_stats=1"]).args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={}", target.largest_input),
        format!("-rss_limit_mb={MOST_MEMORY}"),
        format!("-timeout={LONGEST}"),
    ]);
    Ok(command.stdin(Stdio::null()).stderr(file).spawn()?)
}

/// Tells how much a target has done; gives what is to say if it has found something.
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

/// A command of cargo-fuzz. Without a sanitizer, the stable compiler does; nothing here is unsafe.
fn cargo_fuzz(name: &str) -> Command {
    let mut command = Command::new(tools().join("bin/cargo-fuzz"));
    command.args(["fuzz", name, "--sanitizer", "none", "--target-dir"]).arg(folder()).current_dir(workspace::root());
    command
}

fn install_cargo_fuzz() -> Result<(), Failure> {
    let version = cargo_fuzz_version();
    if version.is_some_and(|version| version.trim() == format!("cargo-fuzz {CARGO_FUZZ}")) {
        return Ok(());
    }
    let mut install = Command::new(env!("CARGO"));
    install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"]).arg(tools());
    succeed(&mut install)
}

fn cargo_fuzz_version() -> Option<String> {
    let output = Command::new(tools().join("bin/cargo-fuzz")).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// libFuzzer is compiled from C++.
fn require_cpp() -> Result<(), Failure> {
    let found =
        Command::new("c++").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if found { Ok(()) } else { Err("libFuzzer needs a C++ compiler; on Debian and Ubuntu: apt-get install g++".into()) }
}

fn succeed(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
}

fn tools() -> PathBuf {
    workspace::root().join("target/tools")
}

fn folder() -> PathBuf {
    workspace::root().join("target/fuzz")
}
