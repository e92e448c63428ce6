//! `ari diff`: what changed between two releases, and whom it breaks.

mod side;

use std::path::PathBuf;

use ari_codegen::Source;
use ari_diff::report::{self, Paint};
use ari_diff::{Audience, Declared, Level, Report, accepted, counterpart, rules};
use clap::ValueEnum;

use crate::context::Context;
use crate::embedded;
use crate::failure::{Failure, Kind};
use crate::output;

const EXAMPLES: &str = "\
OLD and NEW are each a release (22.10.1, or 22 for the newest here), a folder of Asterisk's sources, the URL of a \
server, `server:` for the server in use, or `server:NAME` for that of a profile. For a downgrade, OLD is the newer one: what is reported as removed is lost.

Examples:
  ari diff 20 22                          what changed
  ari diff 22 server:                     what this server has that 22 does not, and the reverse
  ari diff --check --fail-on risk         does this server offer what clients of its release expect?
  ari diff 20 22 --format markdown        for a pull request; `github` gives annotations

Exit status:
  0  nothing reaches the level of --fail-on
  1  something does
  others as in `ari --help`: there was no comparison";

/// Compare what two releases of Asterisk offer, and say whom each change breaks
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What clients were written for
    #[arg(required_unless_present_any = ["check", "explain"])]
    old: Option<String>,

    /// What they are to work with
    #[arg(required_unless_present_any = ["check", "explain"])]
    new: Option<String>,

    /// Compare the server in use with the newest release of its branch here; fails on a break by default
    #[arg(long, conflicts_with_all = ["old", "new"])]
    check: bool,

    /// Explain a rule and its remedy, or list all rules
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["old", "new", "check"])]
    explain: Option<String>,

    /// The form of the report, instead of that of -o
    #[arg(long, value_enum)]
    format: Option<Form>,

    /// Exit with 1 if a change reaches this level [default: never; break with --check]
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,

    /// Whom --fail-on and annotations concern: clients in any language, or users of the Rust bindings
    #[arg(long, value_enum, default_value_t = Concerns::Wire)]
    audience: Concerns,

    /// A file of accepted changes, `RULE SUBJECT # REASON` a line
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// For a pull request
    Markdown,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOn {
    Break,
    Risk,
    Add,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Concerns {
    Wire,
    Rust,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    if let Some(rule) = &args.explain {
        return output::raw(explained(rule)?.as_bytes());
    }
    let (old, new) = both(&args, context).await?;
    let report = reviewed(ari_diff::diff(&old, &new), &args)?;
    print(&report, &args, context)?;
    verdict(&report, &args)
}

fn explained(rule: &str) -> Result<String, Failure> {
    if rule.is_empty() {
        return Ok(report::list());
    }
    let known = rules::by_id(rule).ok_or_else(|| {
        Failure::usage(format!("there is no rule `{rule}`")).with_remedy("`ari diff --explain` lists them")
    })?;
    Ok(report::explain(known))
}

async fn both(args: &Args, context: &Context) -> Result<(Declared, Declared), Failure> {
    if args.check {
        let server = side::server(context).await?;
        let release =
            server.release.and_then(|release| counterpart(&embedded::releases(), release)).ok_or_else(|| {
                Failure::usage(format!("{} does not report its release", server.name))
                    .with_remedy("name one instead: `ari diff RELEASE server:`")
            })?;
        return Ok((side::read(&release.to_string(), context).await?, server));
    }
    let [old, new] = [&args.old, &args.new].map(|side| side.as_deref().unwrap_or_default());
    Ok((side::read(old, context).await?, side::read(new, context).await?))
}

/// The report with the changes marked that a file accepts.
fn reviewed(report: Report, args: &Args) -> Result<Report, Failure> {
    let Some(path) = &args.accepted else { return Ok(report) };
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
    accepted::accept(report, &Source { file, text }).map_err(|found| Failure::usage(found.to_string()))
}

fn print(report: &Report, args: &Args, context: &Context) -> Result<(), Failure> {
    let text = match args.format {
        Some(Form::Json) => report::json(report),
        Some(Form::Markdown) => report::markdown(report),
        Some(Form::Github) => report::github(report, args.audience.into()),
        None if context.output.is_chosen() => {
            return context.output.print(&output::parse(report::json(report).as_bytes())?);
        }
        Some(Form::Text) | None => report::text(report, if output::is_coloured() { Paint::Ansi } else { Paint::Plain }),
    };
    output::raw(text.as_bytes())
}

fn verdict(report: &Report, args: &Args) -> Result<(), Failure> {
    let default = if args.check { FailOn::Break } else { FailOn::Never };
    let level = match args.fail_on.unwrap_or(default) {
        FailOn::Break => Level::Break,
        FailOn::Risk => Level::Risk,
        FailOn::Add => Level::Add,
        FailOn::Never => return Ok(()),
    };
    if !report.reaches(args.audience.into(), level) {
        return Ok(());
    }
    let remedy = "`ari diff --explain RULE` says what a rule is about; --accepted takes a file of reviewed changes";
    Err(Failure::new(Kind::Other, format!("there are changes that reach the level `{level}`")).with_remedy(remedy))
}

impl From<Concerns> for Audience {
    fn from(concerns: Concerns) -> Self {
        match concerns {
            Concerns::Wire => Self::Wire,
            Concerns::Rust => Self::Rust,
        }
    }
}
