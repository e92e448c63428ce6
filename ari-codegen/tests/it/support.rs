//! Declarations from folders.

use std::path::{Path, PathBuf};

use ari_codegen::{Generated, ReleaseSource, Source, swagger};

/// The declarations of the supported releases, oldest first.
pub(crate) fn supported() -> Vec<ReleaseSource> {
    releases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs"))
}

/// Asterisk's own declarations, one folder a release, in the folder `ARI_SWAGGER_DIR`, oldest first.
#[cfg(feature = "sources")]
pub(crate) fn sources() -> Vec<ReleaseSource> {
    releases(&sources_folder())
}

#[cfg(feature = "sources")]
pub(crate) fn sources_folder() -> PathBuf {
    std::env::var_os("ARI_SWAGGER_DIR").expect("ARI_SWAGGER_DIR names a folder of declarations").into()
}

/// The declarations in the folders that are named for a release, oldest first.
pub(crate) fn releases(folder: &Path) -> Vec<ReleaseSource> {
    let names = entries(folder).into_iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok());
    let mut releases: Vec<ReleaseSource> = names
        .map(|release: ari_codegen::Release| ReleaseSource {
            release,
            resources: resources(&folder.join(release.to_string())),
        })
        .collect();
    releases.sort_by_key(|source| source.release);
    assert!(!releases.is_empty(), "{} has no releases", folder.display());
    releases
}

/// The listed files of one release: beside the listing, or as Asterisk ships them under `api-docs/`.
fn resources(folder: &Path) -> Vec<(String, Source)> {
    let listing = swagger::read_listing(&source(&folder.join("resources.json"))).unwrap();
    let names = listing.resources.iter().map(|entry| entry.name().to_owned());
    let file = |name: &str| {
        let file = format!("{name}.json");
        let under = folder.join("api-docs").join(&file);
        if under.exists() { under } else { folder.join(file) }
    };
    names.map(|name| (name.clone(), source(&file(&name)))).collect()
}

/// A file, named by its last two components so that messages are the same everywhere.
pub(crate) fn source(path: &Path) -> Source {
    let components: Vec<_> = path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    let file = components.iter().rev().map(AsRef::as_ref).collect::<Vec<_>>().join("/");
    Source { file, text: read(path) }
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a folder has, sorted; nothing if there is none.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// All files below a folder by their path in it, with `/`.
pub(crate) fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for path in entries(folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, path)| (format!("{name}/{below}"), path)));
        } else {
            found.push((name, path));
        }
    }
    found
}

/// Writes a file unless it has that text.
pub(crate) fn write(path: &Path, text: &str) {
    if std::fs::read_to_string(path).is_ok_and(|present| present == text) {
        return;
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub(crate) fn texts(generated: &Generated) -> Vec<(String, String)> {
    generated.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}
