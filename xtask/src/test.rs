//! `cargo xtask test`: everything that can be tested, against real servers that it sets up itself.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::asterisk;
use crate::nats;
use crate::tools::cargo;

/// Run all tests, those against a real Asterisk included
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Skip the tests that need a real Asterisk
    #[arg(long)]
    no_live: bool,
    /// Leave the servers of the tests running, so that the next run starts sooner
    #[arg(long, conflicts_with = "no_live")]
    keep_servers: bool,
}

/// One run of cargo.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    needs_servers: bool,
}

const fn alone(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, arguments, needs_servers: false }
}

const fn live(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step { name, arguments, needs_servers: true }
}

const STEPS: &[Step] = &[
    alone("all packages", &["test", "--workspace", "--no-fail-fast"]),
    alone("bindings: data alone", &["test", "--package", "ari-bindings", "--no-default-features", "--tests"]),
    alone(
        "bindings: http",
        &["test", "--package", "ari-bindings", "--no-default-features", "--features", "http", "--tests"],
    ),
    alone(
        "bindings: outbound, no TLS",
        &["test", "--package", "ari-bindings", "--no-default-features", "--features", "outbound", "--tests"],
    ),
    alone(
        "bindings: a provider of cryptography",
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
    ),
    alone("media: all features", &["test", "--package", "ari-media", "--all-features"]),
    live("live", &["test", "--package", "ari-e2e", "--features", "live", "--test", "live"]),
    live("applications", &["test", "--package", "ari-e2e", "--features", "live", "--test", "app"]),
    live("tutorial", &["test", "--package", "ari-cli", "--features", "live", "--test", "tutorial"]),
    live("media", &["test", "--package", "ari-e2e", "--features", "live", "--test", "media"]),
    // Its programs are many, so that few tests run at once.
    live("fleet", &["test", "--package", "ari-e2e", "--features", "live", "--test", "fleet", "--", "--test-threads=2"]),
    live("phone", &["test", "--package", "ari-e2e", "--features", "live", "--test", "phone"]),
    live(
        "conformance",
        &["run", "--package", "ari-e2e", "--features", "live", "--bin", "conformance", "--", "--check"],
    ),
    // Its requests are calls of the command `ari`, which the tutorial has built.
    live(
        "conformance by the command line",
        &["run", "--package", "ari-e2e", "--features", "live", "--bin", "conformance", "--", "--check", "--by-command"],
    ),
    // The last, because it restarts servers. Each test has all servers to itself.
    live("chaos", &["test", "--package", "ari-e2e", "--features", "live", "--test", "chaos", "--", "--test-threads=1"]),
];

pub(crate) fn run(command: &Test) -> Result<()> {
    if command.no_live {
        return report(&steps(false));
    }
    let mut finished = thread::scope(|scope| {
        // Servers install while the first tests compile.
        let servers = scope.spawn(|| nats::install().and_then(|()| asterisk::up_for_tests(&["all".to_owned()])));
        let mut finished = steps(false);
        match servers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
            Ok(()) => finished.extend(steps(true)),
            Err(error) => {
                finished.push(Finished::failed("servers", format!("no servers for the live tests: {error:#}")));
            }
        }
        finished
    });
    if !command.keep_servers {
        if let Err(error) = asterisk::down_for_tests() {
            finished.push(Finished::failed("servers", format!("cannot stop the servers: {error:#}")));
        }
    }
    report(&finished)
}

/// The outcome of a step.
struct Finished {
    name: &'static str,
    took: Duration,
    failure: Option<String>,
}

impl Finished {
    fn failed(name: &'static str, failure: String) -> Self {
        Self { name, took: Duration::ZERO, failure: Some(failure) }
    }

    fn outcome(&self) -> String {
        let outcome = if self.failure.is_none() { "passed in" } else { "FAILED after" };
        format!("{} {outcome} {} s", self.name, self.took.as_secs())
    }
}

/// Runs the steps that need servers, or those that do not.
fn steps(need_servers: bool) -> Vec<Finished> {
    let numbered = STEPS.iter().enumerate().filter(|(_, step)| step.needs_servers == need_servers);
    numbered.map(|(index, step)| step.run(index + 1)).collect()
}

impl Step {
    fn run(&self, number: usize) -> Finished {
        let (name, all) = (self.name, STEPS.len());
        println!("\n== {number} of {all}: {name}: cargo {}", self.arguments.join(" "));
        let started = Instant::now();
        let failure = self.failure();
        let finished = Finished { name, took: started.elapsed(), failure };
        println!("== {number} of {all}: {}", finished.outcome());
        finished
    }

    fn failure(&self) -> Option<String> {
        if self.needs_servers {
            // Servers that the step before has killed are started again.
            if let Err(error) = asterisk::up_for_tests(&["all".to_owned()]) {
                return Some(format!("no Asterisk: {error:#}"));
            }
        }
        let mut failure = match cargo().args(self.arguments).status() {
            Ok(status) if status.success() => return None,
            Ok(status) => status.to_string(),
            Err(error) => format!("cannot run cargo: {error}"),
        };
        if self.needs_servers {
            let faults = asterisk::faults().unwrap_or_else(|error| vec![error]);
            failure.extend(faults.into_iter().map(|fault| format!("\n{fault:#}")));
        }
        Some(failure)
    }
}

/// Prints all steps and their durations; an error if any step failed.
fn report(finished: &[Finished]) -> Result<()> {
    println!();
    for step in finished {
        println!("{}", step.outcome());
    }
    let failed: Vec<String> = finished
        .iter()
        .filter_map(|step| step.failure.as_ref().map(|failure| format!("{}: {failure}", step.name)))
        .collect();
    if !failed.is_empty() {
        bail!("{} of {} steps failed:\n  {}", failed.len(), finished.len(), failed.join("\n  "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_names_every_failed_step() {
        let passed = Finished { name: "a", took: Duration::from_secs(12), failure: None };
        assert_eq!(passed.outcome(), "a passed in 12 s");
        report(&[passed]).unwrap();
        let failed = [Finished::failed("b", "exit status: 101".into()), Finished::failed("c", "no Asterisk".into())];
        let message = report(&failed).unwrap_err().to_string();
        assert_eq!(message, "2 of 2 steps failed:\n  b: exit status: 101\n  c: no Asterisk");
    }
}
