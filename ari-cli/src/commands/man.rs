//! `ari man`: manual pages.

use std::path::PathBuf;

use clap::ValueHint;

use crate::cli;
use crate::failure::Failure;
use crate::output::note;

/// Write a manual page for each command into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder, such as ~/.local/share/man/man1
    #[arg(value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let shown = args.folder.display();
    let failed = |error: std::io::Error| Failure::other(format!("cannot write into {shown}: {error}"));
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(cli::command(), &args.folder).map_err(failed)?;
    note!("`man -l {}` shows the first", args.folder.join("ari.1").display());
    Ok(())
}
