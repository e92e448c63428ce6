//! `cargo xtask licenses`: the licences of all dependencies against the list of `deny.toml`.
//!
//! cargo-deny checks the same and more, but takes minutes to install; its workflow runs it.

use anyhow::{Context as _, Result, bail};
use spdx::{Expression, LicenseReq, Licensee};

use crate::files::read;
use crate::tools::metadata;
use crate::workspace::root;

/// Check that every dependency has a licence that deny.toml allows
#[derive(Debug, clap::Args)]
pub(crate) struct Licenses {}

pub(crate) fn run(_: &Licenses) -> Result<()> {
    let allowed = allowed(&read(&root().join("deny.toml"))?)?;
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let faults: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let license = package["license"].as_str().unwrap_or_default();
            let fault = fault(license, &allowed)?;
            Some(format!("{} {}: {fault}", package["name"], package["version"]))
        })
        .collect();
    if !faults.is_empty() {
        bail!("deny.toml does not allow these licences:\n  {}", faults.join("\n  "));
    }
    println!("{} packages have licences that deny.toml allows; advisories are checked by the workflow", packages.len());
    Ok(())
}

/// The list `allow` of the section `licenses`.
fn allowed(deny: &str) -> Result<Vec<Licensee>> {
    let section = deny.split("[licenses]").nth(1).context("deny.toml has no section `licenses`")?;
    let list = section.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.context("deny.toml: [licenses] has no list `allow`")?;
    let names = list.lines().map(|line| line.trim().trim_end_matches(',').trim_matches('"'));
    names
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(|name| Licensee::parse(name).with_context(|| format!("deny.toml: {name}")))
        .collect()
}

/// What is wrong with a package's licence.
fn fault(license: &str, allowed: &[Licensee]) -> Option<String> {
    // Some manifests still write `MIT/Apache-2.0`.
    let license = license.replace('/', " OR ");
    let expression = match Expression::parse(&license) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("`{license}`: {}", error.reason)),
    };
    let is_allowed = |requirement: &LicenseReq| allowed.iter().any(|licensee| licensee.satisfies(requirement));
    (!expression.evaluate(is_allowed)).then_some(license)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_evaluates_the_expression() {
        let allowed = allowed("[licenses]\nallow = [\n    \"MIT\",\n    \"Apache-2.0\",\n]\n").unwrap();
        for license in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT AND Apache-2.0)"] {
            assert_eq!(fault(license, &allowed), None, "{license}");
        }
        for license in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "", "no license"] {
            assert!(fault(license, &allowed).is_some(), "{license}");
        }
    }

    #[test]
    fn the_list_of_the_project_can_be_read() {
        assert!(allowed(&read(&root().join("deny.toml")).unwrap()).unwrap().len() > 5);
    }
}
