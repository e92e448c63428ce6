//! `cargo xtask atlas`: the API as a static site.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use ari_atlas::{Input, Observed, Recorded, Samples, atlas};
use ari_codegen::Release;
use ari_codegen::fixups::FIXUPS;
use ari_diff::Declared;

use crate::declarations;
use crate::files::{Folder, cannot, read};
use crate::tools::{copied, install_once, npm_install, succeed};
use crate::workspace::{self, root, shown};

/// What is used to read the site, and installed into `target/tools`.
const READER: &str = "e2e/atlas";

/// Build a static site of the API: every operation, model and event, of every release
#[derive(Debug, clap::Args)]
pub(crate) struct Atlas {
    /// Folder to write the site to
    #[arg(long, value_name = "DIR", default_value = "target/atlas")]
    out: PathBuf,
    /// Use the site in headless Chromium: search, releases, comparison, accessibility, size; needs Node.js and Chromium
    #[arg(long)]
    check: bool,
    /// With --check: store pictures of pages, in the widths of a phone and of a desktop
    #[arg(long, value_name = "DIR", requires = "check")]
    screenshots: Option<PathBuf>,
}

pub(crate) fn run(command: &Atlas) -> Result<()> {
    let path = if command.out.is_absolute() { command.out.clone() } else { root().join(&command.out) };
    let folder = Folder { path: &path, files: site(&workspace::api_docs())?, is_ours: |_| true };
    let written = folder.write()?;
    let size: usize = folder.files.iter().map(|(_, text)| text.len()).sum();
    println!("{}: {} files, {} KiB, {written} written", shown(&path), folder.files.len(), size / 1024);
    if command.check { check(&path, command.screenshots.as_deref()) } else { Ok(()) }
}

/// The files of the site.
fn site(api_docs: &Path) -> Result<Vec<(String, String)>> {
    let releases = declarations::releases(api_docs)?;
    let declared = releases.iter().map(|release| declared(api_docs, *release)).collect::<Result<Vec<_>>>()?;
    let samples = api_docs.join(declarations::SAMPLES);
    let input = Input {
        sources: &declarations::sources(api_docs, &releases)?,
        declared: &declared,
        fixups: FIXUPS,
        record: &declarations::knowledge(api_docs)?,
        samples: &Samples::parse(&read(&samples)?).with_context(|| cannot("read", &samples))?,
        observed: &observed()?,
    };
    Ok(atlas(&input)?.into_iter().map(|file| (file.path, file.text)).collect())
}

fn declared(api_docs: &Path, release: Release) -> Result<Declared> {
    let found = declarations::from_folder(&declarations::folder_of(api_docs, release)?)?;
    Ok(Declared::read(release.to_string(), Some(release), &found.listing, &found.resources)?)
}

/// What the reports and recordings in the workspace say about real servers.
fn observed() -> Result<Observed> {
    let mut observed = Observed::default();
    for (release, path) in of_releases(&root().join("e2e/conformance"))? {
        observed.add_conformance(&release.to_string(), &read(&path)?);
    }
    observed.add_differences(&read(&root().join("ari-test/DIFFERENCES.md"))?);
    for (_, path) in of_releases(&root().join("ari-bindings/tests/recorded/data"))? {
        let [events, replies] = ["events.jsonl", "replies.jsonl"].map(|file| read(&path.join(file)));
        observed.add_recorded(Recorded { events: &events?, replies: &replies? });
    }
    Ok(observed)
}

/// The entries of a folder that are named for a release, oldest first: `22.10.1`, `22.10.1.md`.
fn of_releases(folder: &Path) -> Result<Vec<(Release, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| cannot("list", folder))? {
        let path = entry.with_context(|| cannot("list", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.extend(name.trim_end_matches(".md").parse().ok().map(|release| (release, path)));
    }
    found.sort();
    Ok(found)
}

fn check(site: &Path, screenshots: Option<&Path>) -> Result<()> {
    let from = root().join(READER);
    let folder = copied(&from, "atlas")?;
    install_once(&folder, &read(&from.join("package.json"))?, || npm_install(&folder))?;
    let mut reader = Command::new("node");
    reader.arg("check.mjs").arg(site).current_dir(&folder);
    if let Some(screenshots) = screenshots {
        let screenshots = std::path::absolute(screenshots).with_context(|| cannot("find", screenshots))?;
        fs::create_dir_all(&screenshots).with_context(|| cannot("create", &screenshots))?;
        reader.arg(screenshots);
    }
    succeed(&mut reader)
}
