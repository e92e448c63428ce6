//! `cargo xtask export`: OpenAPI, AsyncAPI, JSON Schema and availability, for programs in other languages.

mod validate;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use ari_codegen::export::export;
use ari_codegen::fixups::FIXUPS;

use crate::declarations;
use crate::files::Folder;
use crate::workspace::{self, shown};

/// Write OpenAPI, AsyncAPI and JSON Schema documents of the API
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Folder with one folder of declarations a release
    #[arg(long, value_name = "DIR")]
    api_docs: Option<PathBuf>,
    /// Write nothing; exit with 1 if a document is out of date
    #[arg(long)]
    check: bool,
    /// Check the documents with tools of others, which are installed into `target/tools`; needs Node.js and Python
    #[arg(long)]
    validate: bool,
    /// Run programs on generated code against a real Asterisk of this release [default: that of `cargo xtask asterisk`]
    #[arg(long, value_name = "RELEASE")]
    #[expect(clippy::option_option, reason = "the flag may be there without a release")]
    live: Option<Option<String>>,
    /// Send the fake of `ari-test`, and the server of `--live`, thousands of requests that its document allows
    #[arg(long)]
    properties: bool,
}

pub(crate) fn run(command: &Export) -> Result<()> {
    let api_docs = command.api_docs.clone().unwrap_or_else(workspace::api_docs);
    let path = api_docs.join(declarations::EXPORT);
    let folder = Folder { path: &path, files: documents(&api_docs)?, is_ours: |_| true };
    if command.check {
        if let Some(drift) = folder.drift()? {
            let flag = command.api_docs.as_ref().map(|path| format!(" --api-docs {}", path.display()));
            let flag = flag.unwrap_or_default();
            return Err(anyhow!("{drift}\nthe documents have drifted; `cargo xtask export{flag}` repairs it"));
        }
    } else {
        let written = folder.write()?;
        let size: usize = folder.files.iter().map(|(_, text)| text.len()).sum();
        println!("{}: {} files, {} KiB, {written} written", shown(&path), folder.files.len(), size / 1024);
    }
    if command.validate {
        validate::documents(&path)?;
    }
    if command.properties {
        validate::fake(&path)?;
    }
    command.live.as_ref().map_or(Ok(()), |release| validate::live(&path, release.as_deref(), command.properties))
}

fn documents(api_docs: &Path) -> Result<Vec<(String, String)>> {
    let sources = declarations::sources(api_docs, &declarations::releases(api_docs)?)?;
    let files = export(&sources, FIXUPS, &declarations::knowledge(api_docs)?)?;
    Ok(files.into_iter().map(|file| (file.path, file.text)).collect())
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    #[test]
    fn live_takes_a_release_or_the_default_one() {
        let live = |line: &str| {
            let command = Export::augment_args(clap::Command::new("export"));
            Export::from_arg_matches(&command.try_get_matches_from(line.split(' ')).unwrap()).unwrap().live
        };
        assert_eq!(live("export"), None);
        assert_eq!(live("export --live --properties"), Some(None));
        assert_eq!(live("export --live 16"), Some(Some("16".to_owned())));
    }

    #[test]
    fn documents_are_written_once_and_checked() {
        let api_docs = std::env::temp_dir().join(format!("xtask-export-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&api_docs);
        let release = api_docs.join("16.30.1");
        std::fs::create_dir_all(&release).unwrap();
        for entry in std::fs::read_dir(workspace::api_docs().join("16.30.1")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), release.join(entry.file_name())).unwrap();
        }
        let command =
            |check| Export { api_docs: Some(api_docs.clone()), check, validate: false, live: None, properties: false };
        let error = run(&command(true)).unwrap_err().to_string();
        assert!(error.contains("openapi.json: missing\n") && error.contains("export --api-docs "), "{error}");
        run(&command(false)).unwrap();
        run(&command(true)).unwrap();
        let stale = api_docs.join("export/16.2.0/openapi.json");
        std::fs::create_dir_all(stale.parent().unwrap()).unwrap();
        std::fs::write(stale, "{}").unwrap();
        assert!(
            run(&command(true)).unwrap_err().to_string().contains("16.2.0/openapi.json: nothing generates this file")
        );
        std::fs::remove_dir_all(api_docs).unwrap();
    }
}
