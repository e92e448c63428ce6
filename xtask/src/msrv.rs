//! `cargo xtask msrv`: holds the manifest's claim of the oldest compiler against every dependency.

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

use crate::release::PUBLISHED;
use crate::tools::metadata;

/// Check that no dependency of the published crates needs a newer compiler than they claim
#[derive(Debug, clap::Args)]
pub(crate) struct Msrv {}

pub(crate) fn run(_: &Msrv) -> Result<()> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut too_new = Vec::new();
    let mut checked = 0;
    for name in PUBLISHED {
        let root = packages.iter().find(|package| package["name"] == name);
        let root = root.with_context(|| format!("the workspace has no package `{name}`"))?;
        let claim = version(&root["rust_version"]).with_context(|| format!("`{name}` claims no rust-version"))?;
        for id in dependencies(&metadata, root) {
            let Some(package) = packages.iter().find(|package| package["id"] == *id) else { continue };
            checked += 1;
            if version(&package["rust_version"]).is_some_and(|needed| needed > claim) {
                let (dependency, needs) = (&package["name"], &package["rust_version"]);
                too_new.push(format!("{name} claims {}, but {dependency} needs {needs}", root["rust_version"]));
            }
        }
    }
    if too_new.is_empty() {
        println!("{checked} dependencies need no newer compiler than the manifests claim");
        return Ok(());
    }
    Err(anyhow!(too_new.join("\n")))
}

/// Ids of everything that a package's users compile, save for its optional dependencies on other packages of the
/// workspace: their claims hold for the feature.
fn dependencies<'a>(metadata: &'a Value, root: &'a Value) -> Vec<&'a Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found: Vec<&Value> = Vec::new();
    let mut open = vec![&root["id"]];
    let declared = root["dependencies"].as_array().into_iter().flatten();
    let own_options: Vec<&str> = declared
        .filter(|dependency| dependency["optional"] == true && dependency["path"].is_string())
        .filter_map(|dependency| dependency["name"].as_str())
        .collect();
    let is_own_option = |dependency: &Value| {
        let name = dependency["name"].as_str().unwrap_or_default().replace('_', "-");
        own_options.contains(&&*name)
    };
    while let Some(id) = open.pop() {
        let Some(node) = nodes.iter().find(|node| node["id"] == *id) else { continue };
        let deps = node["deps"].as_array().into_iter().flatten();
        for dependency in deps.filter(|dependency| is_compiled_by_users(dependency)) {
            if !found.contains(&&dependency["pkg"]) && !is_own_option(dependency) {
                found.push(&dependency["pkg"]);
                open.push(&dependency["pkg"]);
            }
        }
    }
    found
}

fn is_compiled_by_users(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
    kinds.into_iter().any(|kind| kind["kind"] != "dev")
}

fn version(value: &Value) -> Option<Vec<u32>> {
    let mut parts: Vec<u32> = value.as_str()?.split('.').map_while(|part| part.parse().ok()).collect();
    parts.resize(3, 0);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_leave_out_own_options_and_what_only_tests_use() {
        let dependency = |name: &str, kind: Value| json!({"name": name, "pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({"resolve": {"nodes": [
            {"id": "app", "deps": [
                dependency("bindings", Value::Null),
                dependency("own_option", Value::Null),
                dependency("foreign", Value::Null),
                dependency("tester", "dev".into()),
            ]},
            {"id": "own_option", "deps": [dependency("newer", Value::Null)]},
            {"id": "foreign", "deps": [dependency("shared", "build".into())]},
            {"id": "bindings", "deps": [dependency("shared", Value::Null)]},
        ]}});
        let root = json!({"id": "app", "dependencies": [
            {"name": "bindings", "optional": false, "path": "/bindings"},
            {"name": "own-option", "optional": true, "path": "/own-option"},
            // An option of others: its compiler is that of this package's users, too.
            {"name": "foreign", "optional": true},
        ]});
        let mut found: Vec<_> = dependencies(&metadata, &root).into_iter().filter_map(Value::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, ["bindings", "foreign", "shared"]);
    }

    #[test]
    fn version_compares_by_number() {
        assert!(version(&json!("1.100")) > version(&json!("1.85.1")));
        assert_eq!(version(&json!("1.85")), version(&json!("1.85.0")));
        assert_eq!(version(&Value::Null), None);
    }
}
