//! Modules of Asterisk that operations need.

use std::collections::BTreeSet;

use ari_bindings::{Client, Release};
use serde::Deserialize;

use super::check::Check;
use super::get;
use crate::failure::Failure;

/// A module that ARI uses.
#[derive(Debug, Deserialize)]
struct Module {
    #[serde(rename = "module")]
    name: String,
    level: Need,
    purpose: String,
    /// The first releases that have it, one a branch; all if there are none.
    #[serde(default)]
    since: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Need {
    Needed,
    Usual,
    Optional,
}

fn modules() -> Vec<Module> {
    serde_json::from_str(include_str!("../../../data/modules.json")).unwrap_or_default()
}

pub(super) async fn check(client: &Client, release: Option<Release>, checks: &mut Vec<Check>) {
    let listed = match get(client, "/asterisk/modules").await {
        Ok(listed) => listed,
        Err(error) => {
            let found = format!("the modules cannot be listed: {}", Failure::from(error));
            checks.push(Check::error("modules", found, loading("res_ari_asterisk")));
            return;
        }
    };
    let running = listed.as_array().into_iter().flatten().filter(|module| module["status"] == "Running");
    let names = running.filter_map(|module| module["name"].as_str());
    let running: BTreeSet<&str> = names.map(|name| name.strip_suffix(".so").unwrap_or(name)).collect();
    let table = modules();
    let missing = |need: Need| {
        let of_need = table.iter().filter(move |module| module.level == need && module.is_in(release));
        of_need.filter(|module| !running.contains(module.name.as_str())).collect::<Vec<_>>()
    };
    let (needed, usual, optional) = (missing(Need::Needed), missing(Need::Usual), missing(Need::Optional));
    if !needed.is_empty() {
        checks.push(Check::error("modules", absent(&needed), remedy(&needed)));
    }
    if !usual.is_empty() {
        checks.push(Check::warning("modules", absent(&usual), remedy(&usual)));
    }
    if needed.is_empty() && usual.is_empty() {
        checks.push(Check::ok("modules", "all that ARI usually needs are running"));
    }
    if !optional.is_empty() {
        checks.push(Check::ok("modules", format!("not loaded, and rarely needed: {}", listed_with_purpose(&optional))));
    }
}

impl Module {
    fn is_in(&self, release: Option<Release>) -> bool {
        let Some(release) = release else { return self.since.is_empty() };
        let mut since = self.since.iter().filter_map(|text| text.parse::<Release>().ok()).peekable();
        if since.peek().is_none() {
            return true;
        }
        let since: Vec<Release> = since.collect();
        match since.iter().find(|first| first.major == release.major) {
            Some(first) => release >= *first,
            None => since.iter().all(|first| first.major < release.major),
        }
    }
}

fn absent(modules: &[&Module]) -> String {
    format!("not running: {}", listed_with_purpose(modules))
}

fn listed_with_purpose(modules: &[&Module]) -> String {
    let listed: Vec<String> = modules.iter().map(|module| format!("{} ({})", module.name, module.purpose)).collect();
    listed.join(", ")
}

fn remedy(modules: &[&Module]) -> String {
    let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    loading(&names.join(", "))
}

fn loading(names: &str) -> String {
    format!(
        "load {names} by `asterisk -rx \"module load NAME\"`, and see that modules.conf has no `noload` for it; \
         distributions may have it in another package"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::RESOURCES;

    #[test]
    fn every_module_that_the_declarations_name_is_in_the_table() {
        let table = modules();
        for module in RESOURCES.iter().flat_map(|resource| resource.modules) {
            assert!(table.iter().any(|known| known.name == *module), "{module}");
        }
    }

    #[test]
    fn a_module_is_expected_from_its_first_release_on() {
        let table = modules();
        let websocket = table.iter().find(|module| module.name == "chan_websocket").unwrap();
        let is_in = |text: &str| websocket.is_in(Some(text.parse().unwrap()));
        assert!(!is_in("16.28.0") && !is_in("22.5.0") && is_in("22.6.0") && is_in("24.0.0"));
    }
}
