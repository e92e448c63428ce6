//! `cargo xtask import`: the declarations of a release, from Asterisk's sources or a running server, as facts.

pub(crate) mod server;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use ari_codegen::{Availability, Diagnostics, Release, ReleaseSource, Source, canonical, swagger, wrong_since_claims};

use crate::declarations::{self, Declarations};
use crate::files::{Folder, Staged, read};
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
    /// Sources state their release by the file `.version`, any folder by its name, a server by `GET /asterisk/info`.
    source: String,
    /// The release, if the source does not state it
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
    let (declarations, from_source) = if server::is_url(&command.source) {
        server::fetch(&command.source, &command.credentials)?
    } else {
        from_folder(Path::new(&command.source))?
    };
    let release = release(command.release, from_source, &command.source)?;
    let availability = recorded(&into, release, &declarations)?;
    let files = if command.record_only { Vec::new() } else { canonical_files(&declarations)? };
    let history = history(&into, release, &availability, &files)?;
    let path = into.join(release.to_string());
    let count = files.len();
    let folder = Folder { path: &path, files, is_ours: |path| path.extension().is_some_and(|found| found == "json") };
    let mut staged = Staged::default();
    let written = if command.record_only { 0 } else { folder.stage(&mut staged)? };
    let is_news = staged.add(&into.join(declarations::AVAILABILITY), &availability.text())?;
    staged.add(&history::page(&into), &history)?;
    staged.commit()?;
    let news = if is_news { "availability recorded" } else { "availability known" };
    if command.record_only {
        println!("Asterisk {release}: {news}");
        return Ok(());
    }
    println!("Asterisk {release}: {count} files in {}, {written} written; {news}", shown(&path));
    Ok(())
}

/// Reads a folder, and its release where the folder states it.
pub(crate) fn from_folder(source: &Path) -> Result<(Declarations, Option<Release>)> {
    let inner = source.join("rest-api");
    let folder = if inner.join("resources.json").exists() { inner } else { source.to_owned() };
    let from_source = [folder.join(".version"), folder.join("../.version")].iter().find_map(|file| {
        let version = read(file).ok()?;
        Release::of_server(version.trim())
    });
    let named = || source.file_name()?.to_str()?.parse().ok();
    let from_source = from_source.or_else(named);
    Ok((declarations::from_folder(&folder)?, from_source))
}

/// The record with what the release declares.
fn recorded(into: &Path, release: Release, declarations: &Declarations) -> Result<Availability> {
    let source = ReleaseSource { release, resources: declarations.resources.clone() };
    let mut availability = declarations::availability(into)?;
    availability.record(release, &ari_codegen::read(&source)?);
    for claim in wrong_since_claims(&resources(declarations)?, &availability) {
        println!("note: {claim}");
    }
    let written = Source { file: declarations::AVAILABILITY.to_owned(), text: availability.text() };
    if Availability::parse(&written)? != availability {
        bail!("the record of Asterisk {release} does not read back: its names cannot be written one a line");
    }
    Ok(availability)
}

/// The page of history with the release's new files in place of those that are kept.
fn history(into: &Path, release: Release, record: &Availability, files: &[(String, String)]) -> Result<String> {
    let mut kept = if into.exists() { declarations::folders(into)? } else { Vec::new() };
    kept.retain(|kept| files.is_empty() || *kept != release);
    let mut declared = declarations::sources(into, &kept)?;
    let resources = files.iter().filter_map(|(file, text)| {
        let name = file.strip_suffix(".json").filter(|name| *name != "resources")?;
        Some((name.to_owned(), Source { file: format!("{release}/{file}"), text: text.clone() }))
    });
    if !files.is_empty() {
        declared.push(ReleaseSource { release, resources: resources.collect() });
    }
    declared.sort_by_key(|source| source.release);
    Ok(ari_codegen::history(record, &declared)?)
}

/// The release that the source states counts; one from the command line has to agree with it.
fn release(said: Option<Release>, from_source: Option<Release>, source: &str) -> Result<Release> {
    match (said, from_source) {
        (Some(said), Some(from_source)) if said != from_source => {
            Err(anyhow!("{source} is Asterisk {from_source}, not {said}: leave --release out"))
        }
        (_, Some(release)) | (Some(release), None) => Ok(release),
        (None, None) => Err(anyhow!("{source} does not report its release: add --release, such as --release 22.10.1")),
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
    fn release_comes_from_the_source() {
        let [old, new] = ["20.20.1", "22.10.1"].map(|text| text.parse::<Release>().unwrap());
        assert_eq!(release(None, Some(new), "x").unwrap(), new);
        assert_eq!(release(Some(new), None, "x").unwrap(), new);
        assert!(
            release(Some(old), Some(new), "x").unwrap_err().to_string().contains("is Asterisk 22.10.1, not 20.20.1")
        );
        assert!(release(None, None, "x").unwrap_err().to_string().contains("--release"));
    }

    /// Declarations of one resource `lamps` with an operation of this name, in a fresh folder.
    fn sources(test: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-import-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("sources")).unwrap();
        declare(&path, r#"[{"path": "/api-docs/lamps.{format}"}]"#, "list");
        path
    }

    fn declare(path: &Path, listed: &str, operation: &str) {
        let listing = format!(r#"{{"swaggerVersion": "1.1", "apiVersion": "1", "apis": {listed}}}"#);
        let resource = format!(
            r#"{{"swaggerVersion": "1.1", "apiVersion": "1", "resourcePath": "/api-docs/lamps.{{format}}", "apis":
            [{{"path": "/lamps", "operations": [{{"httpMethod": "GET", "nickname": "{operation}",
            "responseClass": "void"}}]}}], "models": {{}}}}"#
        );
        std::fs::write(path.join("sources/resources.json"), listing).unwrap();
        std::fs::write(path.join("sources/lamps.json"), resource).unwrap();
    }

    fn import(path: &Path) -> Result<(), String> {
        let command = Import {
            source: path.join("sources").display().to_string(),
            release: Some("22.0.0".parse().unwrap()),
            into: Some(path.join("into")),
            record_only: false,
            credentials: Credentials::default(),
        };
        run(&command).map_err(|failure| format!("{failure:#}"))
    }

    /// The files of the folder imported into, with their texts.
    fn imported(path: &Path) -> Vec<(PathBuf, String)> {
        let mut files = Vec::new();
        for folder in [path.join("into"), path.join("into/22.0.0")] {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            files.extend(paths.map(|path| (path.clone(), read(&path).unwrap())));
        }
        files.sort();
        files
    }

    #[test]
    fn import_again_replaces_record() {
        let path = sources("again");
        import(&path).unwrap();
        declare(&path, r#"[{"path": "/api-docs/lamps.{format}"}]"#, "show");
        import(&path).unwrap();
        let record = read(&path.join("into/availability.txt")).unwrap();
        assert!(record.contains("operation lamps.show") && !record.contains("lamps.list"), "{record}");
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn import_refuses_unusable_declarations_and_keeps_files() {
        let path = sources("refused");
        import(&path).unwrap();
        let before = imported(&path);
        assert_eq!(before.len(), 4, "{before:?}");
        let lamps = r#"[{"path": "/api-docs/lamps.{format}"}]"#;
        for (listed, operation, expected) in [
            ("[]", "list", "resources.json:1:1: $: the listing has no resources"),
            (r#"[{"path": "/api-docs/.."}]"#, "list", "`/api-docs/..` names no resource"),
            (lamps, r"a\nb", "\"a\\nb\" has the control character U+000A"),
        ] {
            declare(&path, listed, operation);
            let refused = import(&path).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
            assert_eq!(imported(&path), before, "{expected}");
        }
        std::fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn import_writes_nothing_when_one_file_cannot_be_written() {
        let path = sources("all-or-nothing");
        std::fs::create_dir_all(path.join("into/HISTORY.md")).unwrap();
        assert!(import(&path).is_err());
        assert_eq!(imported(&path), []);
        assert!(!path.join("into/22.0.0").exists(), "an empty folder of a release");
        std::fs::remove_dir_all(path).unwrap();
    }
}
