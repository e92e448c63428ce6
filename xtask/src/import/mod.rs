//! `cargo xtask import`: the declarations of a release, from Asterisk's sources or a running server, as facts.

pub(crate) mod server;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use ari_codegen::{Diagnostics, Release, ReleaseSource, canonical, swagger, wrong_since_claims};

use crate::declarations::{self, Declarations};
use crate::files::{Folder, ensure, read};
use crate::history;
use crate::workspace::{self, shown};
use server::Credentials;

/// Import the API declarations of a release
///
/// Keeps the facts in canonical form: no prose, one order, one layout.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// A `rest-api/` folder of Asterisk's sources or of an installed server, or the URL of a running server's /ari
    ///
    /// Sources tell their release by the file `.version`, any folder by its name, a server by `GET /asterisk/info`.
    source: String,
    /// The release, where the source does not tell
    #[arg(long, value_name = "R")]
    release: Option<Release>,
    /// Folder that has one folder a release
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Record only what the release declares, without keeping its declarations
    #[arg(long)]
    record_only: bool,
    #[command(flatten)]
    credentials: Credentials,
}

pub(crate) fn run(command: &Import) -> Result<()> {
    let into = command.into.clone().unwrap_or_else(workspace::api_docs);
    let (declarations, told) = if server::is_url(&command.source) {
        server::fetch(&command.source, &command.credentials)?
    } else {
        from_folder(Path::new(&command.source))?
    };
    let release = release(command.release, told, &command.source)?;
    let recorded = record(&into, release, &declarations)?;
    if command.record_only {
        history::write(&into)?;
        println!("Asterisk {release}: {recorded}");
        return Ok(());
    }
    let files = canonical_files(&declarations)?;
    let count = files.len();
    let path = into.join(release.to_string());
    let folder = Folder { path: &path, files, is_ours: |path| path.extension().is_some_and(|found| found == "json") };
    let written = folder.write()?;
    history::write(&into)?;
    println!("Asterisk {release}: {count} files in {}, {written} written; {recorded}", shown(&path));
    Ok(())
}

/// Reads a folder, and tells its release if it can.
pub(crate) fn from_folder(source: &Path) -> Result<(Declarations, Option<Release>)> {
    let inner = source.join("rest-api");
    let folder = if inner.join("resources.json").exists() { inner } else { source.to_owned() };
    let told = [folder.join(".version"), folder.join("../.version")].iter().find_map(|file| {
        let version = read(file).ok()?;
        Release::of_server(version.trim())
    });
    let named = || source.file_name()?.to_str()?.parse().ok();
    let told = told.or_else(named);
    Ok((declarations::from_folder(&folder)?, told))
}

/// Notes what the release declares; says whether that was news.
fn record(into: &Path, release: Release, declarations: &Declarations) -> Result<&'static str> {
    let source = ReleaseSource { release, resources: declarations.resources.clone() };
    let mut availability = declarations::availability(into)?;
    availability.record(release, &ari_codegen::read(&source)?);
    for claim in wrong_since_claims(&resources(declarations)?, &availability) {
        println!("note: {claim}");
    }
    let changed = ensure(&into.join(declarations::AVAILABILITY), &availability.text())?;
    Ok(if changed { "availability recorded" } else { "availability known" })
}

/// What the source tells is right; what the command line says has to agree with it.
fn release(said: Option<Release>, told: Option<Release>, source: &str) -> Result<Release> {
    match (said, told) {
        (Some(said), Some(told)) if said != told => {
            Err(anyhow!("{source} is Asterisk {told}, not {said}: leave --release out"))
        }
        (_, Some(release)) | (Some(release), None) => Ok(release),
        (None, None) => Err(anyhow!("{source} does not tell its release: add --release, such as --release 22.10.1")),
    }
}

fn canonical_files(declarations: &Declarations) -> Result<Vec<(String, String)>> {
    let listing = swagger::read_listing(&declarations.listing)?;
    let mut files = vec![("resources.json".to_owned(), canonical::listing_text(&listing))];
    let texts = resources(declarations)?;
    files.extend(texts.iter().map(|(name, resource)| (format!("{name}.json"), canonical::resource_text(resource))));
    Ok(files)
}

fn resources(declarations: &Declarations) -> Result<Vec<(String, swagger::Resource)>> {
    let mut diagnostics = Diagnostics::default();
    let mut resources = Vec::new();
    for (name, source) in &declarations.resources {
        if let Some(resource) = diagnostics.take(swagger::read_resource(source)) {
            resources.push((name.clone(), resource));
        }
    }
    Ok(diagnostics.or(resources)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_knows_its_release_best() {
        let [old, new] = ["20.20.1", "22.10.1"].map(|text| text.parse::<Release>().unwrap());
        assert_eq!(release(None, Some(new), "x").unwrap(), new);
        assert_eq!(release(Some(new), None, "x").unwrap(), new);
        assert!(
            release(Some(old), Some(new), "x").unwrap_err().to_string().contains("is Asterisk 22.10.1, not 20.20.1")
        );
        assert!(release(None, None, "x").unwrap_err().to_string().contains("--release"));
    }
}
