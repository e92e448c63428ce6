//! `cargo xtask api`: the whole public API of the bindings, as rustdoc sees it.
//!
//! Any change of it shows up in review, where it is decided whether it breaks users. rustdoc's JSON is unstable, so this
//! works with one version of the compiler at a time: the one whose format `public-api` reads.

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::files::{ensure, file_drift, read};
use crate::tools::{cargo, succeed};
use crate::workspace::root;

/// List the public API of the bindings in ari-bindings/api.txt
#[derive(Debug, clap::Args)]
pub(crate) struct Api {
    /// Write nothing; fail where the list is not up to date
    #[arg(long)]
    check: bool,
}

/// The format of rustdoc that `public-api` reads, and the compiler that writes it.
const FORMAT: (u64, &str) = (57, "1.95");

pub(crate) fn run(command: &Api) -> Result<()> {
    let text = list()?;
    let path = root().join("ari-bindings/api.txt");
    if !command.check {
        let changed = ensure(&path, &text)?;
        println!("{} items, {}", text.lines().count(), if changed { "written" } else { "unchanged" });
        return Ok(());
    }
    match file_drift(&path, &text)? {
        None => Ok(()),
        Some(drift) => bail!("{drift}\nthe public API has changed; `cargo xtask api` lists it anew"),
    }
}

fn list() -> Result<String> {
    // Apart from other builds: the variable would make cargo compile everything anew.
    let target = root().join("target/api");
    let mut rustdoc: Command = cargo();
    rustdoc.args(["rustdoc", "--quiet", "--locked", "--package", "ari-bindings", "--lib", "--all-features"]);
    rustdoc.arg("--target-dir").arg(&target).args(["--", "-Z", "unstable-options", "--output-format", "json"]);
    succeed(rustdoc.env("RUSTC_BOOTSTRAP", "1").env("RUSTDOCFLAGS", "--cap-lints allow"))?;
    let json = target.join("doc/ari_bindings.json");
    let format = serde_json::from_str::<Value>(&read(&json)?)?["format_version"].as_u64();
    let (expected, compiler) = FORMAT;
    if format != Some(expected) {
        bail!("rustdoc of Rust {compiler} is needed, which writes format {expected}; this one writes {format:?}");
    }
    let api = public_api::Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .context("cannot read the JSON of rustdoc")?;
    Ok(format!("{api}"))
}
