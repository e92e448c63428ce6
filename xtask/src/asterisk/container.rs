//! An image and a container of Docker or Podman, for machines without root or apt.

use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use super::place::{self, ETC, Place};
use super::programs::{succeeds, tail};
use super::release::{Purpose, Release};

/// Builds the image from `e2e/asterisk/Dockerfile`.
pub(crate) fn install(program: &str, release: &Release) -> Result<()> {
    eprintln!(
        "Asterisk {}: building an image from Debian {}, once; this takes a few minutes",
        release.name, release.suite
    );
    let suite = format!("SUITE={}", release.suite);
    let sources = place::sources().display().to_string();
    let image = image(release);
    run(program, &["build", "--build-arg", &suite, "--tag", &image, &sources]).map(drop)
}

/// Starts a container on the host's network, where the server keeps to 127.0.0.1.
pub(crate) fn start(program: &str, release: &Release) -> Result<()> {
    let (name, image) = (name(release), image(release));
    let volume = format!("{}:{ETC}", Place::of(release).container_etc().display());
    let arguments = ["run", "--detach", "--init", "--name", &name, "--network", "host", "--volume", &volume, &image];
    run(program, &arguments).map(drop)
}

/// Whether the container runs.
pub(crate) fn is_running(program: &str, release: &Release) -> bool {
    let arguments = ["inspect", "--format", "{{.State.Running}}", &name(release)];
    run(program, &arguments).is_ok_and(|output| output.trim() == "true")
}

/// Kills all processes in the container, which is kept for its log.
pub(crate) fn kill(program: &str, release: &Release) -> Result<()> {
    run(program, &["kill", "--signal", "KILL", &name(release)])?;
    // Returns when the container has ended, at once if it has already.
    run(program, &["wait", &name(release)]).map(drop)
}

/// Removes the container, and with it everything that ran inside.
pub(crate) fn stop(program: &str, release: &Release) -> Result<()> {
    let name = name(release);
    if !succeeds(program, &["container", "inspect", &name]) {
        return Ok(());
    }
    run(program, &["rm", "--force", &name]).map(drop)
}

/// What the server printed.
pub(crate) fn log(program: &str, release: &Release) -> String {
    run(program, &["logs", &name(release)]).unwrap_or_else(|error| error.to_string())
}

/// The script `run`: its arguments are executed inside, with a terminal if there is one.
pub(crate) fn script(program: &str, release: &Release) -> String {
    let name = name(release);
    format!(
        "#!/bin/sh\n# Written by `cargo xtask asterisk up`.\n\
         if [ -t 0 ] && [ -t 1 ]; then exec {program} exec -it {name} \"$@\"; fi\n\
         exec {program} exec -i {name} \"$@\"\n"
    )
}

fn name(release: &Release) -> String {
    match release.purpose {
        Purpose::User => image(release),
        Purpose::Tests => format!("{}-tests", image(release)),
    }
}

/// Both servers of a release are of one image.
fn image(release: &Release) -> String {
    format!("ari-asterisk-{}", release.name)
}

/// Runs the engine and returns its output.
fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("cannot run `{program}`"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(anyhow!("`{program} {}` failed:\n{}", arguments.join(" "), tail(&text, 15)))
}
