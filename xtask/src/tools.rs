//! Programs of others that commands run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::files::{cannot, ensure, read};
use crate::workspace;

/// Cargo, in the workspace.
///
/// The variable is set where cargo itself runs this program. Otherwise it is the `cargo` of the path, which picks the
/// toolchain of the workspace; the absolute path of the cargo that built this program would run with another compiler.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    command
}

/// What cargo knows of the workspace and all its dependencies.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let output = cargo().args(["metadata", "--format-version", "1", "--locked", "--all-features"]).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Runs a command, which has to succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if status.success() { Ok(()) } else { Err(anyhow!("{command:?}: {status}")) }
}

/// Copies the files of a folder such as `e2e/atlas` to one of the same name under `target/tools`, whose path it returns.
pub(crate) fn copied(from: &Path, name: &str) -> Result<PathBuf> {
    let folder = workspace::root().join("target/tools").join(name);
    for entry in fs::read_dir(from).with_context(|| cannot("list", from))? {
        let path = entry.with_context(|| cannot("list", from))?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            ensure(&folder.join(name), &read(&path)?)?;
        }
    }
    Ok(folder)
}

/// Runs `install` in a folder unless it has been run for the same pinned packages.
pub(crate) fn install_once(folder: &Path, pinned: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let installed = folder.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|text| text == pinned) {
        return Ok(());
    }
    install()?;
    ensure(&installed, pinned)?;
    Ok(())
}

/// Installs what the `package.json` of a folder pins.
///
/// What is installed runs no programs of its own, and without a lock file no address of a registry is written.
pub(crate) fn npm_install(folder: &Path) -> Result<()> {
    let install = ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"];
    succeed(Command::new("npm").args(install).current_dir(folder)).context("Node.js 20 or later is needed")
}

/// The path of a crate's program in this version, which is installed into `target/tools` if missing.
pub(crate) fn installed(name: &str, version: &str, options: &[&str]) -> Result<PathBuf> {
    let folder = workspace::root().join("target/tools");
    let program = folder.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if Command::new(&program).arg("--version").output().is_ok_and(|said| is_version(&said.stdout, version)) {
        return Ok(program);
    }
    let mut install = cargo();
    install.args(["install", name, "--locked", "--force", "--version", version]).args(options);
    succeed(install.arg("--root").arg(folder))?;
    Ok(program)
}

/// Whether a program says that it has this version: `cargo-fuzz 0.13.2`, `mdbook v0.5.4`.
fn is_version(said: &[u8], version: &str) -> bool {
    let said = String::from_utf8_lossy(said);
    said.split_whitespace().last().is_some_and(|last| last.trim_start_matches('v') == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_last_word() {
        assert!(is_version(b"cargo-fuzz 0.13.2\n", "0.13.2") && is_version(b"mdbook v0.5.4\n", "0.5.4"));
        assert!(!is_version(b"mdbook v10.5.4\n", "0.5.4") && !is_version(b"", "0.5.4"));
    }
}
