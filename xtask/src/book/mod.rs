//! `cargo xtask book`: the guide as a book of pages, without warnings and without dead links.

mod links;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use crate::files::cannot;
use crate::tools::installed;
use crate::workspace::{root, shown};

/// Build the guide of docs/ into target/book, and check its links
#[derive(Debug, clap::Args)]
pub(crate) struct Book {}

/// The release that is installed if missing.
const MDBOOK: &str = "0.5.4";

/// Pages outside of the book, whose links are checked as well.
const BESIDE: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "api-docs/HISTORY.md"];

pub(crate) fn run(_: &Book) -> Result<()> {
    let book = root().join("target/book");
    let mdbook = installed("mdbook", MDBOOK, &["--no-default-features", "--features", "search"])?;
    let mut faults = build(&mdbook)?;
    let pages = files(&book, "html")?;
    for page in &pages {
        links::fix(page)?;
    }
    faults.extend(links::of_pages(&pages)?);
    let mut sources = files(&root().join("docs/src"), "md")?;
    sources.extend(BESIDE.map(|name| root().join(name)));
    faults.extend(links::of_sources(&sources)?);
    if faults.is_empty() {
        println!("{}: {} pages", shown(&book.join("index.html")), pages.len());
        return Ok(());
    }
    Err(anyhow!(faults.join("\n")))
}

/// Builds the book and returns the warnings.
fn build(mdbook: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(mdbook);
    command.arg("build").arg(root().join("docs")).env("MDBOOK_LOG", "warn");
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said: Vec<String> = String::from_utf8_lossy(&said).lines().map(str::to_owned).collect();
    if output.status.success() { Ok(said) } else { Err(anyhow!(said.join("\n"))) }
}

/// The files of a folder that have this extension, in order.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| cannot("list", folder))? {
        let path = entry.with_context(|| cannot("list", folder))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
