//! Whether the server's release is supported, and which advisories concern it.

use std::time::SystemTime;

use ari_bindings::{Client, Release, ServerVersion};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::check::Check;
use crate::embedded;
use crate::failure::Failure;

#[derive(Debug, Deserialize)]
struct Branches {
    source: String,
    branches: Vec<Branch>,
}

/// The days, as `2027-10-19`, at which a branch stops getting fixes.
#[derive(Debug, Deserialize)]
struct Branch {
    #[serde(rename = "branch")]
    major: u32,
    security_only: String,
    end_of_life: String,
}

/// A published fault that concerns ARI.
#[derive(Debug, Deserialize)]
struct Advisory {
    id: String,
    source: String,
    text: String,
    /// The first releases that have it, one a branch; later branches have it from their beginning.
    since: Vec<String>,
    /// The first releases without it, one a branch; later branches never had it.
    fixed: Vec<String>,
}

fn branches() -> Option<Branches> {
    serde_json::from_str(include_str!("../../../data/branches.json")).ok()
}

fn advisories() -> Vec<Advisory> {
    serde_json::from_str(include_str!("../../../data/advisories.json")).unwrap_or_default()
}

/// Checks the release and returns it, if the server says it.
pub(super) async fn check(client: &Client, checks: &mut Vec<Check>) -> Option<Release> {
    let version = match client.server_version().await {
        Ok(version) => version,
        Err(error) => {
            checks.push(Check::skipped("release", Failure::from(error).to_string()));
            return None;
        }
    };
    checks.push(support(version, &today()));
    let release = version.release();
    checks.push(match release {
        Some(release) => known_faults(release),
        None => Check::skipped("advisories", format!("{version} has no number of a release")),
    });
    release
}

fn support(version: &ServerVersion, today: &str) -> Check {
    let table = branches();
    let branch = version.branch();
    let known = table
        .as_ref()
        .zip(branch)
        .and_then(|(table, branch)| Some((table, table.branches.iter().find(|known| known.major == branch)?)));
    let Some((table, known)) = known else {
        return Check::skipped("release", format!("{version}: until when it is supported is not known here"));
    };
    if known.end_of_life.as_str() <= today {
        let found = format!("{version} gets no fixes since {}, not even for security", known.end_of_life);
        let newest =
            table.branches.iter().filter(|other| other.security_only.as_str() > today).map(|other| other.major);
        let newest: Vec<String> = newest.map(|branch| branch.to_string()).collect();
        return Check::warning(
            "release",
            found,
            format!("move to Asterisk {} ({})", newest.join(" or "), table.source),
        );
    }
    let newest = embedded::release(&known.major.to_string())
        .map(|newest| Release::new(newest.major, newest.minor, newest.patch));
    let newer = newest.filter(|newest| version.release().is_some_and(|release| release < *newest));
    let newer = newer.map(|newest| format!("; {newest} is newer")).unwrap_or_default();
    let until = if known.security_only.as_str() <= today { "gets security fixes" } else { "is supported" };
    Check::ok("release", format!("{version} {until} until {}{newer}", known.end_of_life))
}

fn known_faults(release: Release) -> Check {
    let concerned: Vec<Advisory> = advisories().into_iter().filter(|advisory| advisory.concerns(release)).collect();
    if concerned.is_empty() {
        return Check::ok("advisories", format!("no advisory about ARI that is known here concerns {release}"));
    }
    let found: Vec<String> = concerned.iter().map(|advisory| format!("{}: {}", advisory.id, advisory.text)).collect();
    let fixed = concerned.iter().flat_map(|advisory| releases(&advisory.fixed));
    let remedy = match fixed.filter(|fixed| fixed.major == release.major).max() {
        Some(fixed) => format!("update to {fixed} or later"),
        None => format!("branch {} got no fix: move to a supported one", release.major),
    };
    let sources: Vec<&str> = concerned.iter().map(|advisory| advisory.source.as_str()).collect();
    Check::warning("advisories", found.join(" "), format!("{remedy}; {}", sources.join(" ")))
}

impl Advisory {
    fn concerns(&self, release: Release) -> bool {
        let of_branch = |list| releases(list).find(|other| other.major == release.major);
        let has_begun = match of_branch(&self.since) {
            Some(first) => release >= first,
            None => releases(&self.since).all(|first| first.major < release.major),
        };
        let is_over = match of_branch(&self.fixed) {
            Some(fixed) => release >= fixed,
            None => releases(&self.fixed).all(|fixed| fixed.major < release.major),
        };
        has_begun && !is_over
    }
}

fn releases(texts: &[String]) -> impl Iterator<Item = Release> {
    texts.iter().filter_map(|text| text.parse().ok())
}

/// Today, as `2026-11-28`.
fn today() -> String {
    DateTime::<Utc>::from(SystemTime::now()).format("%F").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_readable_and_cover_the_supported_releases() {
        let table = branches().unwrap();
        for release in embedded::releases() {
            assert!(table.branches.iter().any(|branch| branch.major == release.major), "{release}");
        }
        for advisory in advisories() {
            assert!(
                releases(&advisory.since).count() == advisory.since.len() && advisory.source.starts_with("https://")
            );
            assert!(releases(&advisory.fixed).count() == advisory.fixed.len() && !advisory.text.is_empty());
        }
        assert_eq!(advisories().len(), 3);
    }

    #[test]
    fn an_advisory_concerns_releases_from_its_beginning_to_its_fix() {
        let read_only = advisories().into_iter().find(|advisory| advisory.id == "GHSA-wcvv-g26m-wx5c").unwrap();
        let concerns = |text: &str| read_only.concerns(text.parse().unwrap());
        assert!(!concerns("16.28.0") && !concerns("18.26.4") && !concerns("22.3.0") && !concerns("20.13.0"));
        assert!(concerns("22.4.0") && concerns("22.10.0") && concerns("21.12.2"));
        assert!(!concerns("22.10.1") && !concerns("20.20.1") && !concerns("24.0.0"));
        let variables = advisories().into_iter().find(|advisory| advisory.id == "GHSA-vrfp-mg3q-3959").unwrap();
        let concerns = |text: &str| variables.concerns(text.parse().unwrap());
        assert!(concerns("16.28.0") && concerns("18.26.4") && concerns("22.10.0") && !concerns("22.10.1"));
    }

    #[test]
    fn support_ends_at_its_day() {
        let check = |version: &str, today: &str| {
            let check = support(&ServerVersion::new(version), today);
            serde_json::to_value(check).unwrap()
        };
        assert_eq!(check("16.28.0~dfsg-0+deb11u7", "2026-11-28")["level"], "warning");
        assert!(check("16.28.0", "2026-11-28")["remedy"].as_str().unwrap().starts_with("move to Asterisk 22 ("));
        assert_eq!(check("22.10.1", "2026-11-28")["level"], "ok");
        assert!(
            check("20.20.1", "2026-11-28")["found"].as_str().unwrap().contains("gets security fixes until 2027-10-19")
        );
        assert!(check("22.5.0", "2026-11-28")["found"].as_str().unwrap().ends_with("; 22.10.1 is newer"));
        assert_eq!(check("GIT-master-abc", "2026-11-28")["level"], "skipped");
    }
}
