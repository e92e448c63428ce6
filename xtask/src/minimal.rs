//! `cargo xtask minimal`: the published libraries with the oldest versions of the dependencies that their manifests allow.
//! A program is installed with the newest ones.
//!
//! `-Z direct-minimal-versions` is unstable, so only the step that writes the lock file is run as if on nightly. The
//! compiler then checks a copy of the crates with that lock file as any user's does.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::files::{cannot, read};
use crate::release::LIBRARIES;
use crate::tools::{cargo, succeed};
use crate::workspace::root;

/// Check the published libraries with the oldest dependencies that they claim to work with
#[derive(Debug, clap::Args)]
pub(crate) struct Minimal {}

pub(crate) fn run(_: &Minimal) -> Result<()> {
    let folder = root().join("target/minimal");
    let copy = folder.join("workspace");
    if copy.exists() {
        fs::remove_dir_all(&copy).with_context(|| cannot("remove", &copy))?;
    }
    for package in LIBRARIES {
        copy_sources(&root().join(package), &copy.join(package))?;
    }
    let manifest = workspace(&read(&root().join("Cargo.toml"))?);
    let path = copy.join("Cargo.toml");
    fs::write(&path, manifest).with_context(|| cannot("write", &path))?;
    let within = |command: &mut Command| {
        command.current_dir(&copy);
        succeed(command)
    };
    within(cargo().args(["update", "--quiet", "-Z", "direct-minimal-versions"]).env("RUSTC_BOOTSTRAP", "1"))?;
    let features = "--all-features";
    within(cargo().args(["check", "--locked", "--workspace", features, "--target-dir"]).arg(folder.join("target")))?;
    println!("{} compile with the oldest dependencies that they allow", LIBRARIES.join(", "));
    Ok(())
}

/// The manifest of the workspace with the published crates alone.
fn workspace(manifest: &str) -> String {
    let members: Vec<String> = LIBRARIES.iter().map(|package| format!("{package:?}")).collect();
    let line = |line: &str| {
        if line.starts_with("members = ") {
            format!("members = [{}]\n", members.join(", "))
        } else if line.starts_with("exclude = ") {
            String::new()
        } else {
            format!("{line}\n")
        }
    };
    manifest.lines().map(line).collect()
}

/// Copies a manifest and its sources, without tests and examples, whose dependencies users do not compile.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let manifest = read(&from.join("Cargo.toml"))?;
    let mut kept = String::new();
    let mut skips = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            skips = ["[dev-dependencies]", "[[example]]", "[[test]]", "[[bench]]"].contains(&line);
        }
        if !skips && !line.starts_with("readme = ") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    fs::create_dir_all(to).with_context(|| cannot("create", to))?;
    let path = to.join("Cargo.toml");
    fs::write(&path, kept).with_context(|| cannot("write", &path))?;
    copy_folder(&from.join("src"), &to.join("src"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| cannot("create", to))?;
    for entry in fs::read_dir(from).with_context(|| cannot("list", from))? {
        let path = entry.with_context(|| cannot("list", from))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| cannot("copy", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_keeps_the_published_crates() {
        let text = workspace("[workspace]\nmembers = [\"a\"]\nexclude = [\"b\"]\n\n[workspace.package]\n");
        assert!(text.contains("members = [\"ari-bindings\"") && !text.contains("exclude"), "{text}");
    }
}
