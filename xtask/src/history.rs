//! `cargo xtask history`: what came at which release, as a page.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use ari_codegen::history;

use crate::declarations;
use crate::files::{ensure, file_drift};
use crate::workspace::{self, shown};

/// The page, in the folder of the record from which it is generated.
const PAGE: &str = "HISTORY.md";

/// Write the history of the API: what came at which release
///
/// Import keeps the page current; this is for other changes of the record, such as a removed release.
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// Folder with the record and one folder of declarations a release
    #[arg(long, value_name = "DIR")]
    api_docs: Option<PathBuf>,
    /// Write nothing; exit with 1 if the page is out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(command: &History) -> Result<()> {
    let api_docs = command.api_docs.clone().unwrap_or_else(workspace::api_docs);
    let path = api_docs.join(PAGE);
    if command.check {
        return match file_drift(&path, &text(&api_docs)?)? {
            None => Ok(()),
            Some(drift) => {
                let flag = command.api_docs.as_ref().map(|path| format!(" --api-docs {}", path.display()));
                let flag = flag.unwrap_or_default();
                Err(anyhow!("{drift}\nthe history has drifted; `cargo xtask history{flag}` repairs it"))
            }
        };
    }
    let changed = write(&api_docs)?;
    println!("{}: {}", shown(&path), if changed { "written" } else { "nothing new" });
    Ok(())
}

/// Where the page of a folder is.
pub(crate) fn page(api_docs: &Path) -> PathBuf {
    api_docs.join(PAGE)
}

/// Updates the page of a folder; returns whether it has changed.
fn write(api_docs: &Path) -> Result<bool> {
    ensure(&api_docs.join(PAGE), &text(api_docs)?)
}

fn text(api_docs: &Path) -> Result<String> {
    let declared = declarations::sources(api_docs, &declarations::folders(api_docs)?)?;
    Ok(history(&declarations::availability(api_docs)?, &declared)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_once_and_checked() {
        let api_docs = std::env::temp_dir().join(format!("xtask-history-{}", std::process::id()));
        std::fs::create_dir_all(&api_docs).unwrap();
        let record = "releases 22.0.0 22.1.0\n\nsince 22.1.0\n  event Late\n";
        std::fs::write(api_docs.join(declarations::AVAILABILITY), record).unwrap();
        let command = |check| History { api_docs: Some(api_docs.clone()), check };
        let error = run(&command(true)).unwrap_err().to_string();
        assert!(error.contains("HISTORY.md: missing\n") && error.contains("history --api-docs "), "{error}");
        assert!(write(&api_docs).unwrap());
        assert!(!write(&api_docs).unwrap());
        run(&command(true)).unwrap();
        std::fs::write(api_docs.join(declarations::AVAILABILITY), record.replace("Late", "Later")).unwrap();
        assert!(
            run(&command(true)).unwrap_err().to_string().contains("expected `- event `Later``, found `- event `Late``")
        );
        std::fs::remove_dir_all(api_docs).unwrap();
    }
}
