//! `cargo xtask features`: the bindings with each set of features, and how many crates that takes.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};

use crate::tools::cargo;

/// Lint the bindings with each set of features, and check that none takes more crates than it may
#[derive(Debug, clap::Args)]
pub(crate) struct Features {
    /// Only count the crates, which compiles nothing
    #[arg(long)]
    count: bool,
}

/// A combination of features.
struct Set {
    features: &'static str,
    /// The maximum number of crates, including this project's; raising it is a deliberate decision.
    most: Option<usize>,
}

const fn set(features: &'static str) -> Set {
    Set { features, most: None }
}

const fn bounded(features: &'static str, most: usize) -> Set {
    Set { features, most: Some(most) }
}

/// Each feature alone, and what makes sense together.
const SETS: &[Set] = &[
    bounded("", 16),
    bounded("http", 79),
    bounded("websocket", 98),
    bounded("outbound", 98),
    set("signal"),
    set("metrics"),
    set("tls"),
    set("http,metrics"),
    bounded("http,tls", 95),
    set("http,tls-no-provider"),
    set("outbound,tls"),
    set("websocket,tls-no-provider"),
    bounded("default", 113),
    bounded("default,outbound", 113),
    bounded("default,metrics,outbound,signal", 118),
];

/// Crates with two versions in the tree of all features, each with the reason.
const TWICE: &[(&str, &str)] = &[("getrandom", "ring 0.17, and rand of tungstenite a newer one")];

/// The target for which crates are counted, on any host.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn run(command: &Features) -> Result<()> {
    let mut failures = Vec::new();
    for Set { features, most } in SETS {
        let count = crates(features)?.len();
        println!("{count:>4} crates: {}", if features.is_empty() { "no feature" } else { features });
        if most.is_some_and(|most| count > most) {
            failures.push(format!(
                "the features {features:?} take {count} crates, more than the {} of `xtask/src/features.rs`: \
                 `cargo tree --package ari-bindings --no-default-features --features {features:?}` shows them",
                most.unwrap_or_default()
            ));
        }
        if !command.count {
            failures.extend(lint(features)?);
        }
    }
    failures.extend(duplicates()?);
    if failures.is_empty() { Ok(()) } else { Err(anyhow!(failures.join("\n"))) }
}

/// The crates that a user compiles, build scripts' and procedural macros' included, as `name version`.
fn crates(features: &str) -> Result<BTreeSet<String>> {
    let tree = tree(&["--edges", "normal,build", "--no-default-features", "--features", features])?;
    Ok(tree.lines().filter_map(|line| line.split(" (").next()).map(str::to_owned).collect())
}

/// Says which crate is there in two versions, or is said to be and is not.
fn duplicates() -> Result<Vec<String>> {
    let tree = tree(&["--edges", "normal", "--all-features"])?;
    let versions: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    let names: Vec<&str> = versions.iter().filter_map(|version| version.split(' ').next()).collect();
    let twice: BTreeSet<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    let known: BTreeSet<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    let new = twice.difference(&known).map(|name| {
        format!("{name} is there in two versions: `cargo tree --package ari-bindings --all-features -d` shows why")
    });
    let gone = known.difference(&twice).map(|name| format!("{name} is not there twice: take it out of `TWICE`"));
    Ok(new.chain(gone).collect())
}

fn tree(arguments: &[&str]) -> Result<String> {
    let output = cargo()
        .args(["tree", "--locked", "--package", "ari-bindings", "--target", TARGET])
        .args(["--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(anyhow!(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn lint(features: &str) -> Result<Option<String>> {
    let status = cargo()
        .args(["clippy", "--quiet", "--package", "ari-bindings", "--no-default-features", "--features", features])
        .args(["--", "-D", "warnings"])
        .status()?;
    Ok((!status.success()).then(|| format!("the features {features:?} do not pass the lints: {status}")))
}
