//! Installs packages of Debian, where that is possible.

use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long another program may hold a lock of apt or dpkg, as unattended upgrades do.
const LOCK_PATIENCE: Duration = Duration::from_secs(300);

/// Threads want packages side by side, but apt lets in one at a time.
static APT: Mutex<()> = Mutex::new(());

/// Whether `is_there` holds, if need be after the packages have been installed.
pub(crate) fn ensure(packages: &[&str], is_there: impl Fn() -> bool) -> Result<bool> {
    let _one_at_a_time = APT.lock().unwrap_or_else(PoisonError::into_inner);
    if is_there() {
        return Ok(true);
    }
    if !Command::new("apt-get").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(false);
    }
    eprintln!("Installing {} by apt-get, once; this takes up to a minute", packages.join(" and "));
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y"], packages].concat())?;
    Ok(true)
}

/// Runs `apt-get`, and waits while another program holds one of its locks.
fn apt_get(arguments: &[&str]) -> Result<()> {
    let end = Instant::now() + LOCK_PATIENCE;
    let mut reported = false;
    loop {
        let mut command = Command::new("apt-get");
        // The option covers dpkg's lock, not that of the package lists.
        let timeout = format!("DPkg::Lock::Timeout={}", LOCK_PATIENCE.as_secs());
        command.args(["-o", &timeout]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
        let output = command.output().context("cannot run `apt-get`")?;
        if output.status.success() {
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        if !is_locked(&errors) || Instant::now() >= end {
            bail!("`apt-get {}` failed:\n{errors}", arguments.join(" "));
        }
        if !reported {
            eprintln!("Waiting for another program that uses apt or dpkg");
            reported = true;
        }
        sleep(Duration::from_secs(1));
    }
}

fn is_locked(errors: &str) -> bool {
    errors.contains("Could not get lock") || errors.contains("Unable to lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_locked_recognises_apt_and_dpkg() {
        assert!(is_locked("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)"));
        assert!(is_locked("E: Unable to lock directory /var/lib/apt/lists/"));
        assert!(!is_locked("E: Unable to locate package mmdebstrap"));
    }

    #[test]
    fn what_is_there_is_not_installed() {
        assert!(ensure(&["no-such-package"], || true).unwrap());
    }
}
