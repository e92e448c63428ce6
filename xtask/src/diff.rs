//! `cargo xtask diff`: what changed between two releases, and whom it breaks.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use ari_codegen::{Release, Source};
use ari_diff::report::{self, Paint};
use ari_diff::{Audience, Declared, Level, Report, accepted, counterpart, diff, rules};

use crate::declarations::{self, Declarations};
use crate::files::read;
use crate::import::from_folder;
use crate::import::server::{self, Credentials};
use crate::workspace::{self, shown};

/// Show what changed between two releases, and whom it breaks
///
/// OLD and NEW are each a release that `api-docs` has, a folder of declarations, or the URL of a running server's
/// /ari. Exits with 0 where nothing reaches the level of --fail-on, with 1 where something does, with 2 where the
/// comparison could not be made.
#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The release, folder or URL that clients and bindings were made for
    #[arg(required_unless_present_any = ["check", "explain"])]
    old: Option<String>,
    /// The release, folder or URL to compare it with
    #[arg(required_unless_present_any = ["check", "explain"])]
    new: Option<String>,
    /// Check that this server offers what the bindings were generated from; fails on a break by default
    #[arg(long, value_name = "URL", conflicts_with_all = ["old", "new"])]
    check: Option<String>,
    /// Explain a rule and its remedy, or list all rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["old", "new", "check"])]
    explain: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit with 1 where a change reaches this level [default: never; break with --check]
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    /// The audience of --fail-on and of annotations: clients in any language, or users of the bindings
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
    let mut out = Vec::new();
    let outcome = outcome(command, &mut out);
    match outcome.and_then(|found| print(&out).map(|()| found)) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::from(2)
        }
    }
}

/// Writes what was found; returns whether the command fails.
fn outcome(command: &Diff, out: &mut Vec<u8>) -> Result<bool> {
    if let Some(rule) = &command.explain {
        out.extend(explained(rule)?.bytes());
        return Ok(false);
    }
    let (old, new) = both(command)?;
    let mut report = diff(&old, &new);
    if let Some(path) = &command.accepted {
        report = accepted::accept(report, &Source { file: shown(path), text: read(path)? })?;
    }
    out.extend(printed(&report, command).bytes());
    let default = if command.check.is_some() { FailOn::Break } else { FailOn::Never };
    let level = match command.fail_on.unwrap_or(default) {
        FailOn::Break => Level::Break,
        FailOn::Risk => Level::Risk,
        FailOn::Add => Level::Add,
        FailOn::Never => return Ok(false),
    };
    Ok(report.reaches(command.audience.into(), level))
}

fn explained(rule: &str) -> Result<String> {
    if rule.is_empty() {
        return Ok(report::list());
    }
    let known = rules::by_id(rule);
    let known = known.with_context(|| format!("there is no rule `{rule}`: `cargo xtask diff --explain` lists them"))?;
    Ok(report::explain(known))
}

fn both(command: &Diff) -> Result<(Declared, Declared)> {
    let api_docs = command.api_docs.clone().unwrap_or_else(workspace::api_docs);
    if let Some(url) = &command.check {
        let server = declared(url, &api_docs, &command.credentials)?;
        let supported = declarations::releases(&api_docs)?;
        let release = server
            .release
            .with_context(|| format!("{url} does not report its release: name one instead: `diff RELEASE {url}`"))?;
        let release = counterpart(&supported, release).context("no release is supported")?;
        return Ok((declared(&release.to_string(), &api_docs, &command.credentials)?, server));
    }
    let [old, new] = [&command.old, &command.new].map(|side| side.as_deref().unwrap_or_default());
    Ok((declared(old, &api_docs, &command.credentials)?, declared(new, &api_docs, &command.credentials)?))
}

/// Reads a release, a folder or a server.
fn declared(source: &str, api_docs: &Path, credentials: &Credentials) -> Result<Declared> {
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
    }
}

/// The reader may stop reading.
fn print(text: &[u8]) -> Result<()> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(anyhow!("cannot print: {error}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        diff: Diff,
    }

    fn outcome_of(line: &str) -> Result<(bool, String), String> {
        let words = std::iter::once("diff").chain(line.split_whitespace());
        let command = Line::try_parse_from(words).map_err(|error| error.to_string())?.diff;
        let mut out = Vec::new();
        let found = outcome(&command, &mut out).map_err(|failure| format!("{failure:#}"))?;
        Ok((found, String::from_utf8(out).unwrap()))
    }

    fn fails(line: &str) -> bool {
        outcome_of(line).unwrap().0
    }

    /// A server that says it is of one release and serves the declarations of another; it ends with the tests.
    fn server(version: &'static str, folder: &'static str) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/ari", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = String::new();
                let mut reader = io::BufReader::new(connection.try_clone().unwrap());
                while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {}
                let path = request.split_whitespace().nth(1).unwrap();
                let body = match path.strip_prefix("/ari/api-docs/") {
                    Some(file) => read(&workspace::api_docs().join(folder).join(file)).unwrap(),
                    None => format!("{{\"system\": {{\"version\": \"{version}\"}}}}"),
                };
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                connection.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        url
    }

    #[test]
    fn a_server_is_held_against_the_release_of_its_branch() {
        let (found, text) = outcome_of(&format!("--check {}", server("22.4.0-rc1", "22.10.1"))).unwrap();
        assert!(!found && text.starts_with("Asterisk 22.10.1 → http://") && text.ends_with("no changes\n"), "{text}");
        let lacking = server("20.1.0", "21.12.3");
        let (found, text) = outcome_of(&format!("--check {lacking}")).unwrap();
        assert!(found && text.contains("operation-removed: channels.getChannelVars"), "{text}");
        assert!(!fails(&format!("--check {lacking} --fail-on never")));
    }

    #[test]
    fn unknown_server_release_can_be_named() {
        let url = server("GIT-master-abc", "22.10.1");
        assert!(outcome_of(&format!("--check {url}")).unwrap_err().contains("does not report its release"));
        assert!(!fails(&format!("22.10.1 {url} --fail-on add")));
    }

    #[test]
    fn level_and_audience_decide_failure() {
        assert!(!fails("20.20.1 21.12.3"));
        assert!(!fails("20.20.1 21.12.3 --fail-on never"));
        assert!(fails("20.20.1 21.12.3 --fail-on break"));
        assert!(!fails("16.30.1 18.26.4 --fail-on break"));
        assert!(fails("16.30.1 18.26.4 --fail-on risk"));
        assert!(!fails("16.30.1 18.26.4 --fail-on risk --audience rust"));
        assert!(fails("16.30.1 18.26.4 --fail-on add --audience rust"));
        assert!(!fails("22.10.1 23.4.1 --fail-on add"));
    }

    #[test]
    fn a_release_equals_itself_however_it_is_given() {
        let folder = workspace::api_docs().join("22.10.1");
        let line = format!("22.10.1 {} --fail-on add", folder.display());
        let (found, text) = outcome_of(&line).unwrap();
        assert!(!found && text.ends_with("no changes\n"), "{text}");
    }

    #[test]
    fn every_format_can_be_asked_for() {
        for (format, start) in [("text", "Asterisk"), ("json", "{"), ("markdown", "# "), ("github", "::")] {
            let (_, text) = outcome_of(&format!("20.20.1 21.12.3 --format {format}")).unwrap();
            assert!(text.starts_with(start), "{format}: {text}");
        }
    }

    #[test]
    fn incomparable_sources_are_errors() {
        for (line, expected) in [
            ("1.2.3 22.10.1", "has no declarations of 1.2.3, only of 16.30.1"),
            ("22.10.1 nowhere", "cannot read nowhere/resources.json"),
            ("22.10.1 http://me:secret@127.0.0.1:1/ari", "the URL holds a user"),
            ("22.10.1 http://127.0.0.1:1/ari", "GET http://127.0.0.1:1/ari/asterisk/info"),
            ("--explain nothing", "there is no rule `nothing`"),
            ("20.20.1", "<NEW>"),
            ("--check http://127.0.0.1:1/ari 22.10.1", "cannot be used with"),
        ] {
            let error = outcome_of(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn rules_are_listed_and_explained() {
        assert!(outcome_of("--explain").unwrap().1.contains("param-moved"));
        assert!(outcome_of("--explain param-moved").unwrap().1.starts_with("param-moved: "));
    }
}
