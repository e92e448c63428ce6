//! Since when items are there, in words.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ari_bindings::{Release, availability};

/// `Since Asterisk 20.16, 21.11, 22.6.`; `None` for what every release has.
pub(crate) fn since(item: &str) -> Option<String> {
    let first = availability::find(item)?.since();
    (!is_everywhere(first)).then(|| format!("Since Asterisk {}.", listed(first)))
}

/// The same where it differs from that of what contains the item.
pub(crate) fn since_beside(item: &str, owner: &str) -> Option<String> {
    let of_owner = availability::find(owner).map(availability::Item::since);
    let is_newer = availability::find(item).map(availability::Item::since) != of_owner;
    if is_newer { since(item) } else { None }
}

/// The first release of each branch, without the branches that have it from their start after the first of those.
fn listed(first: &[Release]) -> String {
    let starts = starts();
    let from_start = |release: &&Release| starts.get(&release.major) == Some(*release);
    let always = first.iter().rev().take_while(from_start).count();
    let shown = &first[..first.len() - always.saturating_sub(1)];
    let shown: Vec<String> = shown.iter().map(short).collect();
    shown.join(", ")
}

fn short(release: &Release) -> String {
    if release.patch == 0 { format!("{}.{}", release.major, release.minor) } else { release.to_string() }
}

fn is_everywhere(first: &[Release]) -> bool {
    first.iter().copied().eq(starts().values().copied())
}

/// The first known release of each branch.
fn starts() -> &'static BTreeMap<u32, Release> {
    static STARTS: OnceLock<BTreeMap<u32, Release>> = OnceLock::new();
    STARTS.get_or_init(|| {
        let mut starts = BTreeMap::new();
        for release in availability::items().flat_map(availability::Item::since) {
            let start = starts.entry(release.major).or_insert(*release);
            *start = (*start).min(*release);
        }
        starts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_lists_the_branches_that_have_it_later() {
        assert_eq!(since("operation channels.list"), None);
        assert_eq!(since("operation channels.progress").as_deref(), Some("Since Asterisk 20.16, 21.11, 22.6, 23.0."));
        assert_eq!(since_beside("parameter channels.progress.channelId", "operation channels.progress"), None);
    }
}
