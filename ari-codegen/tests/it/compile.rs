//! The generated code compiles with the runtime of the bindings, whatever the API.
//!
//! Each golden case, an early release and one of the future take the place of the generated code in a copy of
//! `ari-bindings`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{entries, files, read, texts, write};
use crate::{early, future, golden};

type Files = BTreeMap<String, String>;

#[test]
fn generated_code_compiles_without_warnings() {
    let mut crates: BTreeMap<String, Files> =
        golden::cases().into_iter().map(|case| (format!("golden-{case}"), golden::generated(&case))).collect();
    for (name, generated) in [("early", early::generated()), ("future", future::generated())] {
        crates.insert(name.to_owned(), texts(&generated).into_iter().collect());
    }
    let workspace = workspace(&crates);
    for features in ["", "http"] {
        check(&workspace, &["--workspace", "--no-default-features", "--features", features]);
    }
    // The event connection needs channels, bridges and applications, which the golden cases do not have.
    check(&workspace, &["-p", "early", "-p", "future"]);
}

fn check(workspace: &Path, selection: &[&str]) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--offline", "--keep-going"])
        .args(selection)
        .args(["--message-format", "short", "--color", "never", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .current_dir(workspace)
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = messages.lines().filter(|line| !line.contains("warning: ")).collect();
    assert!(
        output.status.success(),
        "cargo check in {} with {selection:?}:\n{}",
        workspace.display(),
        errors.join("\n")
    );
    let generated = Path::new("src").join("generated").display().to_string();
    let warnings = messages.lines().filter(|line| line.contains(&generated) && line.contains("warning: "));
    // A small case does not use all that a file of a whole API uses.
    let expected =
        |line: &&str| line.starts_with("golden-") && ["unused", "unreachable"].iter().any(|w| line.contains(w));
    let warnings: Vec<&str> = warnings.filter(|line| !expected(line)).collect();
    assert!(warnings.is_empty(), "with {selection:?}:\n{}", warnings.join("\n"));
}

/// A workspace of copies of the bindings, each with other generated code. Files that are as they should be stay
/// untouched, so that a second run has nothing to compile.
fn workspace(crates: &BTreeMap<String, Files>) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile");
    let bindings = root.join("ari-bindings");
    let manifest = read(&bindings.join("Cargo.toml"));
    let runtime: Vec<(String, String)> = files(&bindings.join("src"))
        .into_iter()
        .filter(|(path, _)| !path.starts_with("generated/"))
        .map(|(path, file)| (path, read(&file)))
        .collect();
    for (name, generated) in crates {
        let package = folder.join(name);
        write(&package.join("Cargo.toml"), &package_manifest(&manifest, name));
        let generated = generated.iter().map(|(path, text)| (format!("generated/{path}"), text));
        let wanted: BTreeMap<String, &String> =
            runtime.iter().map(|(path, text)| (path.clone(), text)).chain(generated).collect();
        for (path, file) in files(&package.join("src")) {
            if !wanted.contains_key(&path) {
                std::fs::remove_file(file).unwrap();
            }
        }
        for (path, text) in wanted {
            write(&package.join("src").join(path), text);
        }
    }
    let names: BTreeSet<&str> = crates.keys().map(String::as_str).collect();
    for path in entries(&folder) {
        if path.is_dir() && !names.contains(path.file_name().unwrap().to_str().unwrap()) {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    write(&folder.join("Cargo.toml"), &workspace_manifest(&read(&root.join("Cargo.toml")), &names));
    if !folder.join("Cargo.lock").exists() {
        write(&folder.join("Cargo.lock"), &read(&root.join("Cargo.lock")));
    }
    folder
}

/// The workspace's own manifest with other members.
fn workspace_manifest(manifest: &str, members: &BTreeSet<&str>) -> String {
    let member = |line: &str| line.starts_with("members") || line.starts_with("ari-");
    let rest: Vec<&str> = manifest.lines().filter(|line| !member(line)).collect();
    let members: Vec<&str> = members.iter().copied().collect();
    rest.join("\n").replacen("[workspace]", &format!("[workspace]\nmembers = {members:?}"), 1)
}

/// The bindings' manifest under another name, without what only their tests need.
fn package_manifest(manifest: &str, name: &str) -> String {
    let mut skipping = false;
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            skipping = line == "[dev-dependencies]" || line.starts_with("[[");
        }
        if !skipping {
            lines.push(line);
        }
    }
    lines.join("\n").replacen("name = \"ari-bindings\"", &format!("name = \"{name}\"\npublish = false"), 1)
}
