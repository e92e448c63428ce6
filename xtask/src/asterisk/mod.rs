//! `cargo xtask asterisk`: a real Asterisk of each release, installed once, started in a second.

mod ari;
mod call;
mod chroot;
mod container;
mod engine;
mod lock;
mod place;
pub(crate) mod ports;
mod process;
pub(crate) mod programs;
mod release;
mod server;
mod state;
mod template;

use std::io::Write as _;
use std::thread;

use anyhow::{Context as _, Error, Result, anyhow};
use clap::{Args, Subcommand};

use self::call::Call;
use self::engine::Engine;
use self::place::Place;
use self::release::{Purpose, Release};
use self::server::Up;
use self::state::Instance;

/// Install, start and stop a real Asterisk
#[derive(Debug, Args)]
pub(crate) struct Asterisk {
    /// Means the servers of the tests, which have files, ports and processes of their own
    #[arg(long, global = true)]
    tests: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install (once) and start
    Up {
        /// Releases such as `22`, or `all` [default: the newest]
        releases: Vec<String>,
    },
    /// Stop
    Down {
        /// Releases such as `22` [default: all]
        releases: Vec<String>,
    },
    /// Kill, as a crash does; `up` starts it again
    Kill {
        /// Releases such as `22`, or `all` [default: the newest]
        releases: Vec<String>,
    },
    /// Show what is installed and what runs
    Status,
    /// Open the server's console, or run one command of it
    Console {
        /// The release [default: the newest]
        release: Option<String>,
        /// A console command to run instead, such as `core show channels`
        #[arg(short = 'x', long)]
        execute: Option<String>,
    },
    /// Call an extension as a SIP phone does
    Call(Call),
}

/// Runs one command.
pub(crate) fn run(command: Asterisk) -> Result<()> {
    let purpose = if command.tests { Purpose::Tests } else { Purpose::User };
    match command.verb {
        Verb::Up { releases } => for_each(&release::named(&releases, purpose)?, |release| {
            print_up(server::up(release)?);
            Ok(())
        }),
        Verb::Down { releases } => {
            let chosen = if releases.is_empty() { release::all(purpose)? } else { release::named(&releases, purpose)? };
            for_each(&chosen, |release| {
                let was_running = server::down(release)?;
                println!("{} {}", release.title(), if was_running { "is down" } else { "was not running" });
                Ok(())
            })
        }
        Verb::Kill { releases } => for_each(&release::named(&releases, purpose)?, |release| {
            let was_running = server::kill(release)?;
            println!("{} {}", release.title(), if was_running { "is killed" } else { "was not running" });
            Ok(())
        }),
        Verb::Status => {
            for purpose in [Purpose::User, Purpose::Tests] {
                release::all(purpose)?.iter().for_each(print_status);
            }
            Ok(())
        }
        Verb::Console { release, execute } => console(&one(release, purpose)?, execute.as_deref()),
        Verb::Call(call) => call.run(&running(&one(call.release.clone(), purpose)?)?),
    }
}

/// Does the same for every release, side by side; collects the failures.
fn for_each(releases: &[Release], action: impl Fn(&Release) -> Result<()> + Sync) -> Result<()> {
    let action = &action;
    let results: Vec<Result<()>> = thread::scope(|scope| {
        let started: Vec<_> = releases.iter().map(|release| scope.spawn(move || action(release))).collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    if failures.is_empty() { Ok(()) } else { Err(anyhow!(failures.join("\n\n"))) }
}

/// Starts the servers of the tests that do not run.
pub(crate) fn up_for_tests(releases: &[String]) -> Result<()> {
    run(Asterisk { tests: true, verb: Verb::Up { releases: releases.to_vec() } })
}

/// The address of ARI and the version of the server of the tests, which runs; without a release, of the default one.
pub(crate) fn of_tests(release: Option<&str>) -> Result<(String, String)> {
    let instance = running(&one(release.map(str::to_owned), Purpose::Tests)?)?;
    Ok((instance.url, instance.version))
}

/// Stops the servers of the tests.
pub(crate) fn down_for_tests() -> Result<()> {
    run(Asterisk { tests: true, verb: Verb::Down { releases: Vec::new() } })
}

/// What is wrong with the servers of the tests, which a test that failed may not know.
pub(crate) fn faults() -> Result<Vec<Error>> {
    Ok(release::all(Purpose::Tests)?.iter().filter_map(server::fault).collect())
}

fn one(word: Option<String>, purpose: Purpose) -> Result<Release> {
    let words: Vec<String> = word.into_iter().collect();
    let chosen = release::named(&words, purpose)?;
    match &chosen[..] {
        [release] => Ok(release.clone()),
        _ => Err(anyhow!("one release is needed here")),
    }
}

fn running(release: &Release) -> Result<Instance> {
    Engine::installed(release).and_then(|engine| server::running(release, &engine)).with_context(|| {
        format!("{} is not running: `cargo xtask asterisk {}` starts it", release.title(), release.up())
    })
}

fn console(release: &Release, execute: Option<&str>) -> Result<()> {
    running(release)?;
    let mut command = server::console(release);
    match execute {
        Some(line) => command.args(["-rx", line]),
        None => command.arg("-rvvv"),
    };
    let status = command.status().context("cannot run `asterisk -r`")?;
    if status.success() { Ok(()) } else { Err(anyhow!("the console ended with {status}")) }
}

fn print_up(up: Up) {
    let (instance, how) = match up {
        Up::Already(instance) => (instance, "is up already".to_owned()),
        Up::Started(instance, time) => (instance, format!("is up after {:.1} s", time.as_secs_f64())),
    };
    let ports = &instance.ports;
    // A reader such as `head` may have left.
    let _ = writeln!(
        std::io::stdout(),
        "Asterisk {} {how}\n  ARI    {}  user asterisk, password asterisk (may only read: reader, reader)\n  \
         SIP    127.0.0.1:{} UDP  phone-a, phone-b (expected at port {}), no passwords\n  \
         log    {}\n  state  {}",
        instance.version,
        instance.url,
        ports.sip,
        ports.phone,
        instance.log.display(),
        instance.log.with_file_name("state").display()
    );
}

fn print_status(release: &Release) {
    let place = Place::of(release);
    let line = match Engine::installed(release) {
        None => "not installed".to_owned(),
        Some(engine) => match server::running(release, &engine) {
            None => format!("installed ({})", place.dir.display()),
            Some(instance) => format!("running  {}  {}  SIP {}", instance.url, instance.version, instance.ports.sip),
        },
    };
    let tests = if release.purpose == Purpose::Tests { "tests" } else { "" };
    println!("{:4} {tests:5} {line}", release.name);
}
