//! Reading a folder of declarations: Asterisk's own `rest-api/`, that of an installed server, or one of `api-docs/`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ari_codegen::record::bundle;
use ari_codegen::{Availability, Names, Prose, Record, Release, ReleaseSource, Source, swagger};

use crate::files::{cannot, read};
use crate::workspace::shown;

const LISTING: &str = "resources.json";

/// The availability record, next to the folders of the releases.
pub(crate) const AVAILABILITY: &str = "availability.txt";

/// The Rust names assigned so far, next to the folders of the releases.
pub(crate) const NAMES: &str = "names.toml";

/// The project's prose about the items of the API, next to the folders of the releases.
const PROSE: &str = "prose";

/// Values for examples of requests, next to the folders of the releases.
pub(crate) const SAMPLES: &str = "samples.toml";

/// The documents in other forms, next to the folders of the releases.
pub(crate) const EXPORT: &str = "export";

/// The files of a release's declarations.
pub(crate) struct Declarations {
    /// `resources.json`.
    pub(crate) listing: Source,
    /// The listed files by resource name.
    pub(crate) resources: Vec<(String, Source)>,
}

/// Reads `resources.json` of a folder and the files that it lists, which are in the same folder or in `api-docs/`.
pub(crate) fn from_folder(folder: &Path) -> Result<Declarations> {
    let listing = source(&folder.join(LISTING))?;
    let listed = swagger::read_listing(&listing)?;
    let mut resources = Vec::new();
    for entry in &listed.resources {
        let file = format!("{}.json", entry.name());
        let [beside, under] = [folder.join(&file), folder.join("api-docs").join(&file)];
        let path = if under.exists() { under } else { beside };
        if !path.exists() {
            bail!("{}: `{file}`, listed here, is not in {}", entry.span, shown(folder));
        }
        resources.push((entry.name().to_owned(), source(&path)?));
    }
    Ok(Declarations { listing, resources })
}

fn source(path: &Path) -> Result<Source> {
    Ok(Source { file: shown(path), text: read(path)? })
}

/// The releases that have a folder here, oldest first; at least one.
pub(crate) fn releases(api_docs: &Path) -> Result<Vec<Release>> {
    let releases = folders(api_docs)?;
    if releases.is_empty() {
        let message = "has no folder named for a release, such as 22.10.1: `cargo xtask import` makes one";
        bail!("{} {message}", shown(api_docs));
    }
    Ok(releases)
}

/// The releases that have a folder here, oldest first.
pub(crate) fn folders(api_docs: &Path) -> Result<Vec<Release>> {
    let entries = std::fs::read_dir(api_docs).with_context(|| cannot("list", api_docs))?;
    let mut releases = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| cannot("list", api_docs))?;
        if let Some(release) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            releases.push(release);
        }
    }
    releases.sort();
    Ok(releases)
}

/// Reads the declarations of releases that `api_docs` has.
pub(crate) fn sources(api_docs: &Path, releases: &[Release]) -> Result<Vec<ReleaseSource>> {
    let of_release = |&release| {
        let Declarations { resources, .. } = from_folder(&folder_of(api_docs, release)?)?;
        Ok(ReleaseSource { release, resources })
    };
    releases.iter().map(of_release).collect()
}

/// The folder of a release that `api_docs` has.
pub(crate) fn folder_of(api_docs: &Path, release: Release) -> Result<PathBuf> {
    let folder: PathBuf = api_docs.join(release.to_string());
    if !folder.exists() {
        let known: Vec<String> = releases(api_docs)?.iter().map(ToString::to_string).collect();
        let folder = shown(api_docs);
        bail!("{folder} has no declarations of {release}, only of {}", known.join(", "));
    }
    Ok(folder)
}

/// Reads which releases declare what; a folder without such a record knows of none.
pub(crate) fn availability(api_docs: &Path) -> Result<Availability> {
    let path = api_docs.join(AVAILABILITY);
    if !path.exists() {
        return Ok(Availability::default());
    }
    Ok(Availability::parse(&source(&path)?)?)
}

/// The record of availability and the declarations of releases as one text, for the command line to carry along.
pub(crate) fn bundled(api_docs: &Path, releases: &[Release]) -> Result<String> {
    let mut files = vec![(AVAILABILITY.to_owned(), availability(api_docs)?.text())];
    for release in releases {
        let Declarations { listing, resources } = from_folder(&folder_of(api_docs, *release)?)?;
        files.push((format!("{release}/{LISTING}"), listing.text));
        files.extend(resources.into_iter().map(|(name, source)| (format!("{release}/{name}.json"), source.text)));
    }
    Ok(bundle::bundle(&files))
}

/// Reads the names assigned so far; a folder without a record of them has none.
fn names(api_docs: &Path) -> Result<Names> {
    let path = api_docs.join(NAMES);
    if !path.exists() {
        return Ok(Names::default());
    }
    Ok(Names::parse(&source(&path)?)?)
}

/// Reads the data in `api_docs` besides the declarations.
pub(crate) fn knowledge(api_docs: &Path) -> Result<Record> {
    let folder = api_docs.join(PROSE);
    let mut files = Vec::new();
    if folder.exists() {
        for entry in std::fs::read_dir(&folder).with_context(|| cannot("list", &folder))? {
            files.push(entry.with_context(|| cannot("list", &folder))?.path());
        }
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let sources = files.iter().map(|file| source(file)).collect::<Result<Vec<_>, _>>()?;
    Ok(Record { availability: availability(api_docs)?, prose: Prose::parse(&sources)?, names: names(api_docs)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-declarations-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        for (file, text) in files {
            std::fs::write(path.join(file), text).unwrap();
        }
        path
    }

    #[test]
    fn missing_listed_file_names_the_listing() {
        let listing = "{\"apiVersion\": \"1\", \"swaggerVersion\": \"1.1\", \"apis\": [\n{\"path\": \"/api-docs/lamps.{format}\"}]}";
        let path = folder("missing", &[(LISTING, listing)]);
        let expected =
            format!("{0}/resources.json:2:1: $.apis[0]: `lamps.json`, listed here, is not in {0}", path.display());
        assert_eq!(from_folder(&path).err().unwrap().to_string(), expected);
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn folder_without_declarations_is_an_error() {
        let path = folder("none", &[]);
        let message = format!("{:#}", from_folder(&path).err().unwrap());
        assert!(message.starts_with(&format!("cannot read {}/resources.json: ", path.display())), "{message}");
        let message = releases(&path).err().unwrap().to_string();
        assert!(message.contains("has no folder named for a release"), "{message}");
        std::fs::remove_dir_all(path).unwrap();
    }
}
