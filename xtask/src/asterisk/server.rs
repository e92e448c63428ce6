//! Starting, stopping and looking at the server of a release.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, anyhow};

use super::chroot;
use super::engine::Engine;
use super::place::{ETC, Place};
use super::ports::Ports;
use super::programs::tail;
use super::release::Release;
use super::state::Instance;
use super::{ari, lock, template};

/// What `up` found or did.
#[derive(Clone, Debug)]
pub(crate) enum Up {
    /// It ran before.
    Already(Instance),
    /// It was started, and took so long to answer.
    Started(Instance, Duration),
}

/// How long a server may take from its start to its first answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes sure that the release is installed and answers.
pub(crate) fn up(release: &Release) -> Result<Up> {
    let place = Place::of(release);
    let _lock = lock::take(&place)?;
    let engine = Engine::install(release)?;
    if let Some(instance) = running(release, &engine) {
        return Ok(Up::Already(instance));
    }
    engine.stop(release)?;
    let start = Instant::now();
    // After a crash clients come back to where it was.
    let last = Instance::read(release).map(|instance| instance.ports);
    let ports = last.unwrap_or_else(|| Ports::preferred(release)).or_free()?;
    template::write_all(&ports, &engine.etc(release))?;
    engine.start(release)?;
    let version = match wait(release, &engine, &ports) {
        Ok(version) => version,
        Err(error) => {
            engine.stop(release)?;
            return Err(error);
        }
    };
    let instance = instance(release, &engine, ports, version);
    instance.write(release)?;
    Ok(Up::Started(instance, start.elapsed()))
}

/// Ends the release's server; whether there was one.
pub(crate) fn down(release: &Release) -> Result<bool> {
    let place = Place::of(release);
    let _lock = lock::take(&place)?;
    // Without a whole installation there can still be a process of one that was deleted.
    let engine = Engine::installed(release).unwrap_or(Engine::Chroot);
    let was_running = engine.is_running(release);
    engine.stop(release)?;
    let state = place.state();
    if state.exists() {
        fs::remove_file(&state).with_context(|| state.display().to_string())?;
    }
    Ok(was_running)
}

/// Kills the server of a release; returns whether it was running. The state file is kept, so that `up` reuses the ports.
pub(crate) fn kill(release: &Release) -> Result<bool> {
    let _lock = lock::take(&Place::of(release))?;
    let engine = Engine::installed(release).unwrap_or(Engine::Chroot);
    let was_running = engine.is_running(release);
    if was_running {
        engine.kill(release)?;
    }
    Ok(was_running)
}

/// The instance if it runs and answers.
pub(crate) fn running(release: &Release, engine: &Engine) -> Option<Instance> {
    let instance = Instance::read(release)?;
    // A machine under load may need more than one second for an answer; a server that is gone needs none.
    for _ in 0..5 {
        if !engine.is_running(release) {
            return None;
        }
        if ari::version(instance.ports.http).is_some_and(|version| version == instance.version) {
            return Some(instance);
        }
    }
    None
}

/// What is wrong with a server that was started: it has ended, or answers no more.
pub(crate) fn fault(release: &Release) -> Option<Error> {
    let engine = Engine::installed(release)?;
    if running(release, &engine).is_some() {
        return None;
    }
    Some(failure(release, &engine, if engine.is_running(release) { "does not answer" } else { "has ended" }))
}

/// A command line for the server's console: `asterisk -r` with the right configuration.
pub(crate) fn console(release: &Release) -> Command {
    let mut command = Command::new(Place::of(release).run());
    command.args(["/usr/sbin/asterisk", "-C", &format!("{ETC}/asterisk.conf")]);
    command
}

/// Waits for ARI, then for the modules that are loaded after it.
fn wait(release: &Release, engine: &Engine, ports: &Ports) -> Result<String> {
    let end = Instant::now() + PATIENCE;
    let mut seen = false;
    while Instant::now() < end {
        if let Some(version) = ari::version(ports.http) {
            let mut command = console(release);
            command.args(["-rx", "core waitfullybooted"]).stdin(Stdio::null());
            command.output().context("cannot run `asterisk -rx`")?;
            return Ok(version);
        }
        let is_running = engine.is_running(release);
        if seen && !is_running {
            return Err(failure(release, engine, "has ended at its start"));
        }
        // The process first has to become one: setsid, chroot, asterisk.
        seen |= is_running;
        sleep(Duration::from_millis(20));
    }
    Err(failure(release, engine, "does not answer"))
}

fn failure(release: &Release, engine: &Engine, what: &str) -> Error {
    let log = engine.log(release);
    // What registers and unregisters is no news.
    let log: Vec<&str> = log.lines().filter(|line| !line.starts_with("  == ")).collect();
    anyhow!(
        "{} {what}. The end of its log ({}):\n{}",
        release.title(),
        Place::of(release).log().display(),
        tail(&log.join("\n"), 20)
    )
}

fn instance(release: &Release, engine: &Engine, ports: Ports, version: String) -> Instance {
    let place = Place::of(release);
    let has_root = *engine == Engine::Chroot;
    Instance {
        release: release.name.clone(),
        version,
        url: Instance::url_of(&ports),
        ports,
        root: has_root.then(|| place.root()),
        run: place.run(),
        log: place.log(),
        pid: if has_root { chroot::pid(release) } else { None },
    }
}
