//! Declarations from folders, and the files that reports are held against.

use std::path::{Path, PathBuf};

use ari_codegen::{Release, ReleaseSource, Source, swagger};
use ari_diff::{Declared, Report, diff};

/// What the single file of a pair's side stands for.
const LISTING: &str =
    r#"{"swaggerVersion": "1.1", "apiVersion": "1.0.0", "apis": [{"path": "/api-docs/things.{format}"}]}"#;

/// The folder of these tests: a folder for each rule is in it.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff")
}

/// The declarations of the supported releases.
pub(crate) fn api_docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs")
}

/// Asterisk's own declarations, one folder a release.
#[cfg(feature = "sources")]
pub(crate) fn sources() -> PathBuf {
    std::env::var_os("ARI_SWAGGER_DIR").expect("ARI_SWAGGER_DIR names a folder of declarations").into()
}

/// The listing and the resource files of one side.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) listing: Source,
    pub(crate) resources: Vec<(String, Source)>,
}

impl Files {
    pub(crate) fn declared(&self, name: &str, release: Release) -> Declared {
        Declared::read(name, Some(release), &self.listing, &self.resources)
            .unwrap_or_else(|diagnostics| panic!("{name}:\n{diagnostics}"))
    }

    pub(crate) fn source(&self, release: Release) -> ReleaseSource {
        ReleaseSource { release, resources: self.resources.clone() }
    }
}

/// One side of a rule's pair: `old.json`, the file of a resource `things`, or the folder `old` with several.
pub(crate) fn side(rule: &str, side: &str) -> Files {
    let folder = folder().join(rule).join(side);
    if folder.exists() {
        return files(&folder, side);
    }
    let file = format!("{side}.json");
    let text = read(&folder.with_file_name(&file));
    release_of_things(Source { file, text })
}

/// A release that has nothing but a resource `things`.
pub(crate) fn release_of_things(things: Source) -> Files {
    Files {
        listing: Source { file: "resources.json".to_owned(), text: LISTING.to_owned() },
        resources: vec![("things".to_owned(), things)],
    }
}

/// A folder's listing and the files that it lists, which reports call `NAME/FILE`.
pub(crate) fn files(folder: &Path, name: &str) -> Files {
    let source = |file: &str| {
        let under = folder.join("api-docs").join(file);
        let path = if under.exists() { under } else { folder.join(file) };
        Source { file: format!("{name}/{file}"), text: read(&path) }
    };
    let listing = source("resources.json");
    let listed = swagger::read_listing(&listing).unwrap();
    let names = listed.resources.iter().map(|entry| entry.name().to_owned());
    let resources = names.map(|name| (name.clone(), source(&format!("{name}.json")))).collect();
    Files { listing, resources }
}

/// The declarations of a release below a folder.
pub(crate) fn release(folder: &Path, release: &str) -> Declared {
    files(&folder.join(release), release).declared(release, number(release))
}

pub(crate) fn number(release: &str) -> Release {
    release.parse().unwrap()
}

/// The releases below a folder, oldest first.
pub(crate) fn releases(folder: &Path) -> Vec<Release> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut found: Vec<Release> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    found.sort();
    found
}

/// What changed between two supported releases.
pub(crate) fn supported(old: &str, new: &str) -> Report {
    diff(&release(&api_docs(), old), &release(&api_docs(), new))
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).replace("\r\n", "\n")
}

/// Holds a text against a file; writes the file instead where that is asked for.
pub(crate) fn golden(path: &Path, actual: &str, differences: &mut Vec<String>) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, actual).unwrap();
    } else if !path.exists() {
        differences.push(format!("{}: missing", path.display()));
    } else if read(path) != actual {
        differences.push(format!("{}: expected\n{}\nactual\n{actual}", path.display(), read(path)));
    }
}

pub(crate) fn assert_golden(differences: &[String]) {
    let repair = "UPDATE_GOLDEN=1 cargo test -p ari-diff";
    assert!(differences.is_empty(), "{}\nif this is as it should be: {repair}", differences.join("\n"));
}
