//! `cargo xtask release`: what has to be in order before the packages are published.

pub(crate) mod licenses;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::files::{ensure as write, read};
use crate::workspace::root;

/// Check that the packages can be published, or set the address of the public repository
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Release {
    /// Fail with everything that is missing
    #[arg(long)]
    check: bool,
    /// The repository's address, which is written wherever the old one is
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
}

/// The host of the placeholder: `.invalid` never resolves.
const PLACEHOLDER: &str = "repository.invalid";

/// The published packages, each after those that it depends on.
pub(crate) const PUBLISHED: [&str; 8] =
    ["ari-bindings", "ari-media", "ari-app", "ari-test", "ari-codegen", "ari-diff", "ari-fleet", "ari-cli"];

/// Those that programs of others are compiled with, but for `ari-fleet`: async-nats needs newer versions of what they share
/// than the others do, and one workspace has one version of each.
pub(crate) const LIBRARIES: &[&str] = PUBLISHED.split_at(6).0;

const LICENSES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(crate) fn run(command: &Release) -> Result<()> {
    match &command.repository {
        Some(url) => set_repository(url.trim_end_matches('/')),
        None => check(),
    }
}

/// Replaces the address in the manifest and in every file that derives from it.
fn set_repository(new: &str) -> Result<()> {
    ensure!(new.starts_with("https://") && !new.contains(char::is_whitespace), "{new} is not an https address");
    let old = repository(&read(&root().join("Cargo.toml"))?)?;
    let mut changed = 0;
    for path in texts()? {
        let text = read(&path)?;
        changed += usize::from(write(&path, &text.replace(&old, new))?);
    }
    println!("{changed} files changed from {old} to {new}");
    Ok(())
}

fn check() -> Result<()> {
    let mut faults = Vec::new();
    let manifest = read(&root().join("Cargo.toml"))?;
    let address = repository(&manifest)?;
    faults.extend(address_fault(&address));
    for path in texts()? {
        if !address.contains(PLACEHOLDER) && read(&path)?.contains(&format!("https://{PLACEHOLDER}")) {
            faults.push(format!("{}: still has the placeholder of the repository", path.display()));
        }
    }
    let version = value(&manifest, "version").context("the workspace has no version")?;
    if !read(&root().join("CHANGELOG.md"))?.contains(&format!("## {version}")) {
        faults.push(format!("CHANGELOG.md has no section `## {version}`"));
    }
    for package in PUBLISHED {
        faults.extend(package_faults(package)?);
    }
    if !faults.is_empty() {
        bail!("not ready to publish:\n  {}", faults.join("\n  "));
    }
    println!("{} can be published: `cargo publish` in this order", PUBLISHED.join(", "));
    Ok(())
}

fn address_fault(address: &str) -> Option<String> {
    let fault = "the repository is a placeholder: `cargo xtask release --repository URL` sets it";
    address.contains(PLACEHOLDER).then(|| fault.to_owned())
}

/// What a package lacks.
fn package_faults(package: &str) -> Result<Vec<String>> {
    let folder = root().join(package);
    let mut faults = Vec::new();
    for name in LICENSES {
        // Cargo packs what a link leads to.
        if fs::read_to_string(folder.join(name)).ok() != fs::read_to_string(root().join(name)).ok() {
            faults.push(format!("{package}: {name} is missing or is not that of the workspace"));
        }
    }
    let manifest = read(&folder.join("Cargo.toml"))?;
    for key in ["description", "license.workspace", "repository.workspace", "rust-version"] {
        // A crate may need a newer compiler than the others.
        let is_there = |line: &str| {
            line.starts_with(&format!("{key} = "))
                || key == "rust-version" && line.starts_with("rust-version.workspace = ")
        };
        if !manifest.lines().any(is_there) {
            faults.push(format!("{package}: its manifest has no {key}"));
        }
    }
    if let Some(readme) = value(&manifest, "readme") {
        // The registry resolves links from the package's folder in the repository.
        ensure!(!readme.contains(".."), "{package}: links of a README outside of the package break on the registry");
        for link in broken_links(&folder, &read(&folder.join(&readme))?) {
            faults.push(format!("{package}: {readme} links to {link}, which does not exist"));
        }
    }
    Ok(faults)
}

/// Relative links that lead to no file.
fn broken_links(folder: &std::path::Path, text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let files = links.filter(|link| !link.contains(':')).filter_map(|link| link.split('#').next());
    files.filter(|file| !file.is_empty() && !folder.join(file).exists()).map(str::to_owned).collect()
}

fn repository(manifest: &str) -> Result<String> {
    value(manifest, "repository").context("Cargo.toml: [workspace.package] has no repository")
}

/// The text of the first `KEY = "TEXT"`.
fn value(manifest: &str, key: &str) -> Option<String> {
    let line = manifest.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
    Some(line.trim().trim_matches('"').to_owned())
}

/// The files under version control that may name the repository.
fn texts() -> Result<Vec<PathBuf>> {
    let patterns = ["*.md", "*.toml", "*.yml", "ari-bindings/src/lib.rs"];
    let mut git = Command::new("git");
    git.args(["ls-files", "--"]).args(patterns).current_dir(root());
    let output = git.output().context("cannot run `git`")?;
    ensure!(output.status.success(), "git ls-files: {}", output.status);
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().map(|name| root().join(name)).filter(|path| path.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_reads_the_key_alone() {
        let manifest = "[package]\nversion = \"1.2.3\"\nrust-version = \"1.85\"\nrepository.workspace = true\n";
        assert_eq!(value(manifest, "version").as_deref(), Some("1.2.3"));
        assert_eq!(value(manifest, "repository"), None);
    }

    #[test]
    fn packaging_covers_every_published_package() {
        let all = PUBLISHED.map(|package| format!("--package {package}")).join(" ");
        assert!(read(&root().join(".ci/run")).unwrap().contains(&all), "{all}");
        for file in [".github/workflows/ci.yml", "CONTRIBUTING.md"] {
            let text = read(&root().join(file)).unwrap();
            for package in PUBLISHED {
                assert!(text.contains(package), "{file}: {package}");
            }
        }
    }

    #[test]
    fn packages_have_licenses_keys_and_working_links() {
        for package in PUBLISHED {
            assert_eq!(package_faults(package).unwrap(), Vec::<String>::new());
        }
    }

    #[test]
    fn broken_links_ignores_other_hosts_and_places() {
        let text = "[a](https://x.y/z) [b](#here) [c](Cargo.toml#x) [d](gone.md)";
        assert_eq!(broken_links(root(), text), ["gone.md"]);
    }

    #[test]
    fn address_fault_refuses_the_placeholder_alone() {
        let fault = |address: &str| {
            let manifest = format!("[workspace.package]\nrepository = \"https://{address}/ari-bindings\"\n");
            address_fault(&repository(&manifest).unwrap())
        };
        assert!(fault("repository.invalid").unwrap().contains("the repository is a placeholder"));
        assert_eq!(fault("repository.example"), None);
    }
}
