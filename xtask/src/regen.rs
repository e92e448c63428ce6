//! `cargo xtask regen`: the generated code of the bindings, the fake server and the command line from the declarations.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, anyhow};
use ari_codegen::emit::File;
use ari_codegen::fixups::FIXUPS;
use ari_codegen::{Generated, Release, generate, public_api};

use crate::declarations;
use crate::files::{Folder, Staged, file_drift};
use crate::workspace;

/// Regenerate the bindings, and the tables of the fake server and the command line, from the API declarations
#[derive(Debug, clap::Args)]
pub(crate) struct Regen {
    /// Folder with one folder of declarations a release
    #[arg(long, value_name = "DIR")]
    api_docs: Option<PathBuf>,
    /// Releases to generate from [default: all that the folder has]
    #[arg(long, value_name = "R,R…", value_delimiter = ',')]
    releases: Vec<Release>,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File that lists the code's public API [default: the workspace's, for code in its place]
    #[arg(long, value_name = "FILE")]
    public_api: Option<PathBuf>,
    /// List the items that have no text in `prose/`
    #[arg(long)]
    undocumented: bool,
    /// Write nothing; exit with 1 if the code is out of date
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(command: &Regen) -> Result<()> {
    let started = Instant::now();
    let api_docs = command.api_docs.clone().unwrap_or_else(workspace::api_docs);
    let out = command.out.clone().unwrap_or_else(workspace::generated);
    let mut releases = match command.releases.as_slice() {
        [] => declarations::releases(&api_docs)?,
        chosen => chosen.to_vec(),
    };
    releases.sort();
    releases.dedup();
    let sources = declarations::sources(&api_docs, &releases)?;
    let generated = generate(&sources, FIXUPS, &declarations::knowledge(&api_docs)?)?;
    let (surface, reference) = (workspace::generated_surface(), workspace::generated_reference());
    let mut folders = vec![folder(&out, &generated.files)];
    // Elsewhere, there is no crate that the tables belong to.
    if command.out.is_none() {
        folders.push(folder(&surface, &generated.surface));
        folders.push(folder(&reference, &generated.reference));
    }
    let public_api = command.public_api.clone().or_else(|| command.out.is_none().then(workspace::public_api));
    let mut beside = Vec::new();
    // Elsewhere, or from some releases alone, names are tried out and not assigned.
    if command.out.is_none() && command.releases.is_empty() {
        beside.push((api_docs.join(declarations::NAMES), generated.names.text()));
        beside.push((workspace::bundle(), declarations::bundled(&api_docs, &releases)?));
    }
    if let Some(path) = public_api {
        beside.push((path, public_api::public_api(&generated.files)?));
    }
    for note in &generated.notes {
        println!("note: {note}");
    }
    if command.check {
        return check(&folders, &beside, command);
    }
    let mut staged = Staged::default();
    let mut written = 0;
    for folder in &folders {
        written += folder.stage(&mut staged)?;
    }
    for (path, text) in &beside {
        written += usize::from(staged.add(path, text)?);
    }
    staged.commit()?;
    print_summary(&releases, &generated, written, started);
    if command.undocumented {
        println!("{}", generated.undocumented.join("\n"));
    }
    Ok(())
}

fn folder<'a>(path: &'a Path, files: &[File]) -> Folder<'a> {
    let files = files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    Folder { path, files, is_ours: is_generated }
}

fn check(folders: &[Folder<'_>], beside: &[(PathBuf, String)], command: &Regen) -> Result<()> {
    let mut drift = None;
    for folder in folders {
        if drift.is_none() {
            drift = folder.drift()?;
        }
    }
    for (path, text) in beside {
        if drift.is_none() {
            drift = file_drift(path, text)?;
        }
    }
    match drift {
        None => Ok(()),
        Some(drift) => {
            let releases: Vec<String> = command.releases.iter().map(ToString::to_string).collect();
            let flags = [
                command.api_docs.as_ref().map(|path| format!(" --api-docs {}", path.display())),
                (!releases.is_empty()).then(|| format!(" --releases {}", releases.join(","))),
                command.out.as_ref().map(|path| format!(" --out {}", path.display())),
                command.public_api.as_ref().map(|path| format!(" --public-api {}", path.display())),
            ];
            let flags: String = flags.into_iter().flatten().collect();
            Err(anyhow!("{drift}\nthe generated code has drifted; `cargo xtask regen{flags}` repairs it"))
        }
    }
}

/// What regeneration made, and may remove.
fn is_generated(path: &Path) -> bool {
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    is_rust && std::fs::read_to_string(path).is_ok_and(|text| text.starts_with("// Generated by `cargo xtask regen`"))
}

fn print_summary(releases: &[Release], generated: &Generated, written: usize, started: Instant) {
    let releases: Vec<String> = releases.iter().map(ToString::to_string).collect();
    let summary = &generated.summary;
    println!(
        "Asterisk {}: {} operations, {} parameters, {} models, {} properties, {} events, {} value types, \
         {} items without a text",
        releases.join(", "),
        summary.operations,
        summary.parameters,
        summary.models,
        summary.properties,
        summary.events,
        summary.values,
        generated.undocumented.len(),
    );
    let (files, time) =
        (generated.files.len() + generated.surface.len() + generated.reference.len(), started.elapsed().as_millis());
    println!("{files} files, {written} written, {time} ms");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regen_into_another_folder_assigns_no_names() {
        let path = std::env::temp_dir().join(format!("xtask-regen-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let (from, api_docs) = (workspace::api_docs().join("16.30.1"), path.join("api-docs"));
        std::fs::create_dir_all(api_docs.join("16.30.1")).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), api_docs.join("16.30.1").join(entry.file_name())).unwrap();
        }
        let command = Regen {
            api_docs: Some(api_docs.clone()),
            releases: Vec::new(),
            out: Some(path.join("out")),
            public_api: None,
            undocumented: false,
            check: false,
        };
        run(&command).unwrap();
        assert!(path.join("out/events.rs").exists());
        assert!(!api_docs.join(declarations::NAMES).exists());
        std::fs::remove_dir_all(path).unwrap();
    }
}
