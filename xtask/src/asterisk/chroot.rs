//! A directory with a small Debian and Asterisk in it, entered by `chroot`.
//!
//! Nothing is mounted, so the directory can be deleted like any other: mmdebstrap makes the few device files itself,
//! and neither Asterisk nor `sipp` needs `/proc`. What mmdebstrap mounts while it works, it mounts where no other
//! process sees it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, anyhow, bail};

use super::engine::Engine;
use super::place::{ETC, Place};
use super::process;
use super::programs::{succeeds, tail};
use super::release::Release;
use crate::apt;

/// The directory that ARI records into; the package does not create it.
const RECORDINGS: &str = "var/spool/asterisk/recording";

/// Whether mmdebstrap is there; on a machine with apt it is installed if need be.
pub(crate) fn has_mmdebstrap() -> Result<bool> {
    apt::ensure(&["mmdebstrap", "debian-archive-keyring"], || succeeds("mmdebstrap", &["--version"]))
}

/// Fills the folder's `root`, which has another name until it is whole. Copies the other server of the release where it
/// is installed.
pub(crate) fn install(release: &Release) -> Result<()> {
    let place = Place::of(release);
    remove_leftovers(&place)?;
    let new = place.dir.join(format!("new-{}", std::process::id()));
    let started = Instant::now();
    let twin = release.counterpart();
    if Engine::installed(&twin) == Some(Engine::Chroot) {
        eprintln!("{}: copying the installation of {}", release.title(), twin.title());
        let mut command = Command::new("cp");
        command.args(["-a", "--reflink=auto"]).arg(Place::of(&twin).root()).arg(&new);
        let status = command.status().context("cannot run `cp`")?;
        // A server that runs there may remove a file meanwhile, which this one does not need.
        if !status.success() && !new.join("usr/sbin/asterisk").exists() {
            bail!("cannot copy {}: {status}", Place::of(&twin).root().display());
        }
    } else {
        bootstrap(release, &place, &new)?;
        complete(&new)?;
    }
    check_version(&new, release)?;
    let root = place.root();
    fs::rename(&new, &root).with_context(|| root.display().to_string())?;
    eprintln!("{}: installed in {} s", release.title(), started.elapsed().as_secs());
    Ok(())
}

/// Makes a small Debian with Asterisk in it, and prints each step with the seconds that have passed.
fn bootstrap(release: &Release, place: &Place, new: &Path) -> Result<()> {
    let log = place.install_log();
    eprintln!(
        "{}: installing from Debian {} into {}, once; this takes half a minute to four minutes",
        release.title(),
        release.suite,
        place.root().display()
    );
    let started = Instant::now();
    let mut output = File::create(&log).with_context(|| log.display().to_string())?;
    let mut command = apart();
    command
        .args(["mmdebstrap", "--variant=minbase", "--aptopt=Acquire::Check-Valid-Until \"false\""])
        .args(["--include=asterisk,sip-tester", &release.suite])
        .arg(new)
        .stdin(Stdio::null())
        .stdout(output.try_clone().with_context(|| log.display().to_string())?)
        .stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run `mmdebstrap`")?;
    if let Some(errors) = child.stderr.take() {
        for line in BufReader::new(errors).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line);
            writeln!(output, "{line}").with_context(|| log.display().to_string())?;
            if let Some(step) = line.strip_prefix("I: ") {
                eprintln!("{}: {:>3} s  {step}", release.title(), started.elapsed().as_secs());
            }
        }
    }
    let status = child.wait().context("cannot wait for `mmdebstrap`")?;
    if !status.success() {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_dir_all(new);
        bail!("mmdebstrap failed ({status}), see {}:\n{}", log.display(), tail(&said, 15));
    }
    Ok(())
}

/// Runs a program that mounts: its mounts and its children vanish with it, and it ends when this process does,
/// even if both are killed. Where that is not allowed, as in most containers, mounting is not allowed either.
fn apart() -> Command {
    let words =
        ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"];
    let is_allowed = succeeds(words[0], &[&words[1..], &["true"]].concat());
    let mut command = Command::new(if is_allowed { words[0] } else { "env" });
    command.args(if is_allowed { &words[1..] } else { &[] });
    command
}

/// What the packages leave out: the directory of recordings, and sometimes the name `localhost`.
fn complete(root: &Path) -> Result<()> {
    let recordings = root.join(RECORDINGS);
    fs::create_dir_all(&recordings).with_context(|| recordings.display().to_string())?;
    let hosts = root.join("etc/hosts");
    if !hosts.exists() {
        fs::write(&hosts, "127.0.0.1 localhost\n").with_context(|| hosts.display().to_string())?;
    }
    Ok(())
}

fn check_version(root: &Path, release: &Release) -> Result<()> {
    let output = enter(root).args(["/usr/sbin/asterisk", "-V"]).output().context("cannot run `chroot`")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if version.starts_with(&format!("Asterisk {}.", release.name)) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(anyhow!(
        "Debian {} gave `{version}`, not Asterisk {}: e2e/asterisk/releases.txt needs another suite. {said}",
        release.suite,
        release.name
    ))
}

/// Removes the leftovers of an incomplete installation.
fn remove_leftovers(place: &Place) -> Result<()> {
    process::signal(&place.root(), "KILL");
    process::wait_for_none(&place.root(), Duration::from_secs(5));
    for entry in fs::read_dir(&place.dir).with_context(|| place.dir.display().to_string())?.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("new-") {
            // Something may still write there if it was killed from outside; the next installation tries again.
            let _ = fs::remove_dir_all(&path);
        } else if path == place.root() {
            fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The script `run`: its arguments are executed inside.
pub(crate) fn script(root: &Path) -> String {
    let root = root.display().to_string().replace('\'', r"'\''");
    format!(
        "#!/bin/sh\n# Written by `cargo xtask asterisk up`.\nexport PATH=\"$PATH:/usr/sbin:/sbin\"\nexec chroot '{root}' \"$@\"\n"
    )
}

/// Starts the server in its own session, so that it outlives the terminal.
pub(crate) fn start(place: &Place) -> Result<()> {
    let log = place.log();
    let output = File::create(&log).with_context(|| log.display().to_string())?;
    let errors = output.try_clone().with_context(|| log.display().to_string())?;
    forget(place);
    let mut command = Command::new("setsid");
    command
        .arg(place.run())
        .args(["/usr/sbin/asterisk", "-f", "-C", &format!("{ETC}/asterisk.conf")])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    command.spawn().context("cannot run `setsid`")?;
    Ok(())
}

/// Every start is like the first: without the recordings, states and registrations of the one before.
fn forget(place: &Place) {
    let _ = fs::remove_file(place.inside("var/log/asterisk/messages.log"));
    let _ = fs::remove_file(place.inside("var/lib/asterisk/astdb.sqlite3"));
    let recordings = place.inside(RECORDINGS);
    let _ = fs::remove_dir_all(&recordings);
    let _ = fs::create_dir_all(&recordings);
}

/// The server's process.
pub(crate) fn pid(release: &Release) -> Option<u32> {
    process::asterisk(&Place::of(release).root())
}

/// Ends every process of the directory: by the console, then by signals.
pub(crate) fn stop(release: &Release) -> Result<()> {
    let place = Place::of(release);
    let root = place.root();
    if process::asterisk(&root).is_some() {
        let mut command = Command::new("timeout");
        command.args(["--signal=KILL", "5"]).arg(place.run());
        command.args(["/usr/sbin/asterisk", "-C", &format!("{ETC}/asterisk.conf"), "-rx", "core stop now"]);
        // A server that does not listen is what the signals are for.
        let _ = silent(&mut command).status();
        if process::wait_for_none(&root, Duration::from_secs(5)) {
            return Ok(());
        }
    }
    for (signal, patience) in [("TERM", 3), ("KILL", 5)] {
        process::signal(&root, signal);
        if process::wait_for_none(&root, Duration::from_secs(patience)) {
            return Ok(());
        }
    }
    Err(still_there(&root))
}

/// Kills every process of the directory, as the end of a container does.
pub(crate) fn kill(release: &Release) -> Result<()> {
    let root = Place::of(release).root();
    process::signal(&root, "KILL");
    if process::wait_for_none(&root, Duration::from_secs(5)) {
        return Ok(());
    }
    Err(still_there(&root))
}

fn still_there(root: &Path) -> Error {
    anyhow!("processes of {} do not end: {:?}", root.display(), process::inside(root))
}

/// No pipe: a process that inherits it and never ends would keep the reader waiting.
fn silent(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn enter(root: &Path) -> Command {
    let mut command = Command::new("chroot");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/sbin")).arg(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_a_quote_in_the_path() {
        let script = script(Path::new("/it's/root"));
        assert!(script.ends_with("exec chroot '/it'\\''s/root' \"$@\"\n"));
    }
}
