//! The tutorial of the guide on the real servers of the tests: `cargo xtask asterisk --tests up all` starts them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn script() -> PathBuf {
    workspace().join("e2e/tutorial.sh")
}

/// Runs the tutorial on the server of a release.
fn run(release: &str) {
    let state = workspace().join("target/asterisk/tests").join(release).join("state");
    let state = std::fs::read_to_string(&state).unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask asterisk --tests up all` starts the servers", state.display())
    });
    let state: BTreeMap<&str, &str> = state.lines().filter_map(|line| line.split_once('=')).collect();
    let folder = Path::new(env!("CARGO_BIN_EXE_ari")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(script());
    command.arg(state["ARI_URL"]).env("PATH", path).env("ARI_PASSWORD", state["ARI_PASSWORD"]).current_dir(workspace());
    command.args([
        "cargo",
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--",
        "asterisk",
        "--tests",
        "call",
        "1000",
        "--release",
    ]);
    let output = command.arg(release).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("the call is over"), "{said}");
}

#[test]
fn a_first_call_on_asterisk_22() {
    run("22");
}

#[test]
fn a_first_call_on_asterisk_16() {
    run("16");
}

#[test]
fn the_script_has_the_commands_of_the_guide() {
    let guide = std::fs::read_to_string(workspace().join("docs/src/cli.md")).unwrap();
    let script = std::fs::read_to_string(script()).unwrap();
    let (_, part) = guide.split_once("## A first call").unwrap();
    let part = part.split("\n## ").next().unwrap();
    let typed: Vec<&str> = part.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(typed.len() > 6, "{typed:?}");
    for command in typed {
        let command = command.replace("http://localhost:8088/ari", "\"$url\"");
        assert!(script.contains(&command), "{command}");
    }
}
