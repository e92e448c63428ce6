//! `cargo xtask diff`: what changed between two releases, and whom it breaks.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ari_codegen::diff::report::{self, Paint};
use ari_codegen::diff::{Audience, Declared, Level, Report, accepted, counterpart, diff, rules};
use ari_codegen::{Release, Source};

use crate::Failure;
use crate::declarations::{self, Declarations};
use crate::files::read;
use crate::import::from_folder;
use crate::import::server::{self, Credentials};
use crate::workspace::{self, shown};

/// Tell what changed between two releases, and whom it breaks
///
/// OLD and NEW are each a release that `api-docs` has, a folder of declarations, or the URL of a running server's
/// /ari. Exits with 0 where nothing reaches the level of --fail-on, with 1 where something does, with 2 where the
/// comparison could not be made.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// What clients and bindings were made for
    #[arg(required_unless_present_any = ["check", "explain"])]
    old: Option<String>,
    /// What they shall work with
    #[arg(required_unless_present_any = ["check", "explain"])]
    new: Option<String>,
    /// Does this server offer what the bindings were generated from? Fails on a break unless told otherwise
    #[arg(long, value_name = "URL", conflicts_with_all = ["old", "new"])]
    check: Option<String>,
    /// Tell what a rule means and what to do, or list all rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["old", "new", "check"])]
    explain: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 1 where a change reaches this level [default: never; break with --check]
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    /// Whom the level of --fail-on and of annotations concerns: clients in any language, or users of the bindings
    #[arg(long, value_enum, default_value_t = Concerns::Wire)]
    audience: Concerns,
    /// File of accepted changes, `RULE SUBJECT # REASON` a line
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Folder with one folder of declarations a release
    #[arg(long, value_name = "DIR")]
    api_docs: Option<PathBuf>,
    #[command(flatten)]
    credentials: Credentials,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Github,
    Html,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FailOn {
    Break,
    Risk,
    Add,
    Never,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Concerns {
    Wire,
    Rust,
}

impl From<Concerns> for Audience {
    fn from(concerns: Concerns) -> Self {
        match concerns {
            Concerns::Wire => Self::Wire,
            Concerns::Rust => Self::Rust,
        }
    }
}

pub(crate) fn run(command: &Diff) -> ExitCode {
    match outcome(command) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

/// Whether something was found that shall fail.
fn outcome(command: &Diff) -> Result<bool, Failure> {
    if let Some(rule) = &command.explain {
        explain(rule)?;
        return Ok(false);
    }
    let (old, new) = both(command)?;
    let mut report = diff(&old, &new);
    if let Some(path) = &command.accepted {
        report = accepted::accept(report, &Source { file: shown(path), text: read(path)? })?;
    }
    print(&printed(&report, command))?;
    let default = if command.check.is_some() { FailOn::Break } else { FailOn::Never };
    let level = match command.fail_on.unwrap_or(default) {
        FailOn::Break => Level::Break,
        FailOn::Risk => Level::Risk,
        FailOn::Add => Level::Add,
        FailOn::Never => return Ok(false),
    };
    Ok(report.reaches(command.audience.into(), level))
}

fn explain(rule: &str) -> Result<(), Failure> {
    if rule.is_empty() {
        return print(&report::list());
    }
    let known = rules::by_id(rule);
    let known = known.ok_or_else(|| format!("there is no rule `{rule}`: `cargo xtask diff --explain` lists them"))?;
    print(&report::explain(known))
}

fn both(command: &Diff) -> Result<(Declared, Declared), Failure> {
    let api_docs = command.api_docs.clone().unwrap_or_else(workspace::api_docs);
    if let Some(url) = &command.check {
        let server = declared(url, &api_docs, &command.credentials)?;
        let supported = declarations::releases(&api_docs)?;
        let release = server
            .release
            .ok_or_else(|| format!("{url} does not tell its release: name one instead: `diff RELEASE {url}`"))?;
        let release = counterpart(&supported, release).ok_or("no release is supported")?;
        return Ok((declared(&release.to_string(), &api_docs, &command.credentials)?, server));
    }
    let [old, new] = [&command.old, &command.new].map(|side| side.as_deref().unwrap_or_default());
    Ok((declared(old, &api_docs, &command.credentials)?, declared(new, &api_docs, &command.credentials)?))
}

/// Reads a release, a folder or a server.
fn declared(source: &str, api_docs: &Path, credentials: &Credentials) -> Result<Declared, Failure> {
    let (Declarations { listing, resources }, release) = if server::is_url(source) {
        server::fetch(source, credentials)?
    } else if let Ok(release) = source.parse::<Release>() {
        (declarations::from_folder(&declarations::folder_of(api_docs, release)?)?, Some(release))
    } else {
        from_folder(Path::new(source))?
    };
    Ok(Declared::read(source.trim_end_matches('/'), release, &listing, &resources)?)
}

fn printed(report: &Report, command: &Diff) -> String {
    match command.format {
        Format::Text => {
            let coloured =
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty());
            report::text(report, if coloured { Paint::Ansi } else { Paint::Plain })
        }
        Format::Json => report::json(report),
        Format::Markdown => report::markdown(report),
        Format::Github => report::github(report, command.audience.into()),
        Format::Html => report::html(report),
    }
}

/// Whoever reads may stop reading.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot print: {error}").into()),
        _ => Ok(()),
    }
}
