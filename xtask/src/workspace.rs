//! Where things are in the workspace.

use std::path::{Path, PathBuf};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The declarations of the supported releases.
pub(crate) fn api_docs() -> PathBuf {
    root().join("api-docs")
}

/// The generated code of the bindings.
pub(crate) fn generated() -> PathBuf {
    root().join("ari-bindings/src/generated")
}

/// The generated code of the fake server.
pub(crate) fn generated_surface() -> PathBuf {
    root().join("ari-test/src/generated")
}

/// The generated code of the command line.
pub(crate) fn generated_reference() -> PathBuf {
    root().join("ari-cli/src/generated")
}

/// The declarations that the command line carries along.
pub(crate) fn bundle() -> PathBuf {
    generated_reference().join("declarations.txt")
}

/// The list of the generated code's public items.
pub(crate) fn public_api() -> PathBuf {
    root().join("ari-bindings/generated-api.txt")
}

/// A path as messages show it: from the current folder, where it lies under it.
pub(crate) fn shown(path: &Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&current).unwrap_or(path).display().to_string()
}
