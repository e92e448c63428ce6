//! `cargo xtask pictures`.

use anyhow::{Result, bail};
use clap::Args;

use crate::workspace::root;

/// Make the pictures of the command `ari` anew, from its recordings
#[derive(Debug, Args)]
pub(crate) struct Pictures {}

/// Their tests compare the pictures, and write them if this variable is set.
pub(crate) fn run(_: &Pictures) -> Result<()> {
    let mut tests = std::process::Command::new(env!("CARGO"));
    tests.args(["test", "--package", "ari-cli", "--bin", "ari", "are_current"]);
    if !tests.current_dir(root()).env("UPDATE_PICTURES", "1").status()?.success() {
        bail!("the pictures could not be made");
    }
    Ok(())
}
