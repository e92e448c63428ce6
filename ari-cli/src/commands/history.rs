//! `ari history`: what came at which release.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ari_codegen::record::steps::{Group, Step, counted, grouped};
use ari_codegen::{Availability, Release};
use serde::Serialize;

use crate::context::Context;
use crate::embedded;
use crate::failure::{Failure, Kind};
use crate::output::{self, HEADING, Table};
use crate::similar;

const EXAMPLES: &str = "\
Examples:
  ari history                       every step, newest first
  ari history 22.8                  what came with Asterisk 22.8
  ari history channels.create       since when an operation and its parameters are there, branch by branch
  ari history Channel.tenantid      the same for a property, model or event";

/// Show what each release of Asterisk added, or since when each branch has an item
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A release, branch, operation, parameter, model, event or property; all steps without it
    #[arg(value_name = "RELEASE|ITEM")]
    of: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let record = embedded::availability()?;
    match args.of.as_deref() {
        Some(of) if embedded::is_number(of) => {
            let steps = record.steps().into_iter().filter(|step| step.releases.iter().any(|r| embedded::is_of(*r, of)));
            let steps: Vec<Step<'_>> = steps.collect();
            if steps.is_empty() {
                return Err(nothing_in(of, &record));
            }
            print_steps(&steps, context)
        }
        Some(of) => print_items(&items(of, &record)?, &record, context),
        None => print_steps(&record.steps(), context),
    }
}

fn nothing_in(number: &str, record: &Availability) -> Failure {
    let known: Vec<Release> = record.releases().filter(|release| embedded::is_of(*release, number)).collect();
    if known.is_empty() {
        return Failure::usage(format!("nothing is recorded of Asterisk {number}"))
            .with_remedy("`ari history` lists the steps; releases between two of them have what the earlier one has");
    }
    Failure::new(Kind::NotFound, format!("Asterisk {number} added nothing to what the releases before it have"))
}

/// The item of a name and those that belong to it.
fn items<'a>(name: &str, record: &'a Availability) -> Result<Vec<&'a str>, Failure> {
    let name = name.trim_start_matches("ari ").replace(' ', ".");
    let belongs = |item: &&str| item.split(' ').nth(1).is_some_and(|own| is_within(own, &name));
    let items: Vec<&str> = record.items().filter(belongs).collect();
    if !items.is_empty() {
        return Ok(items);
    }
    let names = record.items().filter(|item| !item.starts_with("value ")).filter_map(|item| item.split(' ').nth(1));
    let failure = Failure::new(Kind::NotFound, format!("ARI has no `{name}`"));
    Err(match similar::question(&similar::similar(&name, names)) {
        Some(question) => failure.with_remedy(question),
        None => {
            failure.with_remedy("names are those of the declarations: channels.originate, Channel.state, StasisStart")
        }
    })
}

fn is_within(own: &str, name: &str) -> bool {
    own.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[derive(Serialize)]
struct StepOutput<'a> {
    releases: Vec<String>,
    came: Vec<&'a str>,
    gone: Vec<&'a str>,
}

impl<'a> StepOutput<'a> {
    fn of(step: &Step<'a>) -> Self {
        let [came, gone] = [&step.came, &step.gone].map(|items| items.iter().copied().collect());
        Self { releases: names(&step.releases), came, gone }
    }
}

fn print_steps(steps: &[Step<'_>], context: &Context) -> Result<(), Failure> {
    if context.output.is_chosen() {
        let all = steps.iter().map(StepOutput::of).collect::<Vec<_>>();
        return context.output.print_value(&all);
    }
    let mut text = String::new();
    for step in steps {
        let heading = output::styled(&format!("Asterisk {}", names(&step.releases).join(" = ")), HEADING);
        let _ = writeln!(text, "{heading}");
        for (prefix, items) in [("", &step.came), ("gone: ", &step.gone)] {
            if !items.is_empty() {
                let _ = writeln!(text, "  {prefix}{}", counted(items));
                text.extend(grouped(items).iter().map(|group| format!("    {prefix}{}\n", line(group))));
            }
        }
        text.push('\n');
    }
    output::raw(text.trim_end().as_bytes())?;
    output::raw(b"\n")
}

/// An item with what belongs to it, on one line.
fn line(group: &Group<'_>) -> String {
    let Group { kind, name, .. } = group;
    let of = if *kind == "value" { "value of" } else { kind };
    let part = |(name, values): &(&str, Vec<&str>)| match values.as_slice() {
        [] => (*name).to_owned(),
        values => format!("{name} ({})", values.join(", ")),
    };
    let parts = group.parts.iter().map(part).chain(group.values.iter().map(|value| (*value).to_owned()));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { format!("{of} {name}") } else { format!("{of} {name}: {}", parts.join(", ")) }
}

#[derive(Serialize)]
struct ItemOutput<'a> {
    item: &'a str,
    /// By branch; those that never had it are left out.
    since: BTreeMap<String, String>,
}

fn print_items(items: &[&str], record: &Availability, context: &Context) -> Result<(), Failure> {
    if context.output.is_chosen() {
        let all: Vec<ItemOutput<'_>> =
            items.iter().map(|item| ItemOutput { item, since: by_branch(item, record) }).collect();
        return context.output.print_value(&all);
    }
    let branches: Vec<u32> = record.newest().iter().map(|release| release.major).collect();
    let mut table = Table::new(["ITEM".to_owned()].into_iter().chain(branches.iter().map(ToString::to_string)));
    for item in items {
        let since = by_branch(item, record);
        let cells = branches.iter().map(|branch| since.get(&branch.to_string()).map_or("–", String::as_str));
        table.row([*item].into_iter().chain(cells));
    }
    output::raw(table.text().as_bytes())
}

/// The first release of each branch with an item, and the last where it went again.
fn by_branch(item: &str, record: &Availability) -> BTreeMap<String, String> {
    let mut since: BTreeMap<String, String> = BTreeMap::new();
    for run in record.spans(item) {
        let entry = since.entry(run.first.major.to_string()).or_default();
        let gap = if entry.is_empty() { "" } else { " " };
        let _ = write!(entry, "{gap}{run}");
    }
    since
}

fn names(releases: &[Release]) -> Vec<String> {
    releases.iter().map(ToString::to_string).collect()
}
