//! Pictures of the guide, which tests compare, and rewrite with `UPDATE_PICTURES=1` (`cargo xtask pictures`).

use std::path::Path;

/// The path of a recording of a real server.
pub(crate) fn recording(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Compares a picture with that of the guide, or replaces that.
pub(crate) fn check(name: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/images").join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(&path, picture).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(current == picture, "{name} is not current; `cargo xtask pictures` makes it anew");
}
