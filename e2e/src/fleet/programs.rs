//! The programs of a fleet, built once.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The command `ari-fleet`.
pub(crate) fn ari_fleet() -> PathBuf {
    built().join("ari-fleet")
}

/// A worker that writes down what it does.
pub(crate) fn fleet_worker() -> PathBuf {
    built().join("fleet_worker")
}

/// The folder of the programs, in the profile of this process.
fn built() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build).clone()
}

fn build() -> PathBuf {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    // In one run, with the features that this package is built with: what it needs is there already.
    let packages = ["--package", "ari-fleet", "--package", "ari-e2e", "--features", "ari-e2e/live"];
    let programs = ["--bin", "ari-fleet", "--bin", "fleet_worker"];
    cargo(&[&["build", "--quiet", "--profile", profile], &packages[..], &programs[..]].concat());
    let own = env::current_exe().expect("the system names this program");
    // Tests lie in `deps`, programs beside it.
    let folder = own.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") { folder.with_file_name("") } else { folder.to_owned() }
}

fn cargo(words: &[&str]) {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(words).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).stdin(Stdio::null());
    let status = cargo.status().unwrap_or_else(|error| panic!("{cargo:?}: {error}"));
    assert!(status.success(), "{cargo:?}: {status}");
}
