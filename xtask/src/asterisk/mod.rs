//! `cargo xtask asterisk`: a real Asterisk of each release, installed once, started in a second.

mod ari;
mod call;
mod chroot;
mod container;
mod engine;
mod lock;
mod place;
mod ports;
mod process;
mod programs;
mod release;
mod server;
mod state;
mod template;

use std::io::Write as _;
use std::thread;

use anyhow::{Context as _, Error, Result, anyhow};
use clap::Subcommand;

use self::call::Call;
use self::engine::Engine;
use self::place::Place;
use self::release::Release;
use self::server::Up;
use self::state::Instance;

/// Install, start and stop a real Asterisk
#[derive(Debug, Subcommand)]
pub(crate) enum AsteriskCommand {
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
pub(crate) fn run(command: AsteriskCommand) -> Result<()> {
    match command {
        AsteriskCommand::Up { releases } => for_each(&release::named(&releases)?, |release| {
            print_up(server::up(release)?);
            Ok(())
        }),
        AsteriskCommand::Down { releases } => {
            let chosen = if releases.is_empty() { release::all()? } else { release::named(&releases)? };
            for_each(&chosen, |release| {
                let was_running = server::down(release)?;
                println!("Asterisk {} {}", release.name, if was_running { "is down" } else { "was not running" });
                Ok(())
            })
        }
        AsteriskCommand::Kill { releases } => for_each(&release::named(&releases)?, |release| {
            let was_running = server::kill(release)?;
            println!("Asterisk {} {}", release.name, if was_running { "is killed" } else { "was not running" });
            Ok(())
        }),
        AsteriskCommand::Status => {
            release::all()?.iter().for_each(print_status);
            Ok(())
        }
        AsteriskCommand::Console { release, execute } => console(&one(release)?, execute.as_deref()),
        AsteriskCommand::Call(call) => call.run(&running(&one(call.release.clone())?)?),
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

/// What is wrong with the servers that were started, which a test that failed may not know.
pub(crate) fn faults() -> Result<Vec<Error>> {
    Ok(release::all()?.iter().filter_map(server::fault).collect())
}

fn one(word: Option<String>) -> Result<Release> {
    let words: Vec<String> = word.into_iter().collect();
    let chosen = release::named(&words)?;
    match &chosen[..] {
        [release] => Ok(release.clone()),
        _ => Err(anyhow!("one release is needed here")),
    }
}

fn running(release: &Release) -> Result<Instance> {
    Engine::installed(release)
        .and_then(|engine| server::running(release, &engine))
        .with_context(|| format!("Asterisk {0} is not running: `cargo xtask asterisk up {0}`", release.name))
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
    println!("{:4} {line}", release.name);
}
