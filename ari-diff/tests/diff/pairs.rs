//! A pair of declarations for each rule: `RULE/{old,new}`, and the exact report of what is between them.

use std::collections::BTreeSet;

use ari_diff::report::{Paint, text};
use ari_diff::{Report, diff, rules};

use crate::support::{assert_golden, folder, golden, number, side};

/// What the pair of a rule gives.
pub(crate) fn report(rule: &str) -> Report {
    diff(&side(rule, "old").declared("old", number("1.0.0")), &side(rule, "new").declared("new", number("2.0.0")))
}

#[test]
fn every_rule_has_a_pair_that_shows_it_and_little_else() {
    // A resource is added or removed together with its operations, and lists are shared with new operations.
    let accompanied = ["resource-added", "resource-removed", "param-values-regrouped"];
    for rule in rules::all() {
        let report = report(rule.id);
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
        assert!(found.contains(&rule.id), "the pair of {} gives {found:?}", rule.id);
        let alone = found.iter().all(|found| *found == rule.id);
        assert!(alone || accompanied.contains(&rule.id), "the pair of {} gives {found:?}", rule.id);
    }
}

#[test]
fn every_pair_is_of_a_rule() {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let folders = names.filter(|path| path.is_dir() && !path.ends_with("real"));
    let pairs: BTreeSet<String> =
        folders.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let rules: BTreeSet<String> = rules::all().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(pairs, rules);
}

#[test]
fn rule_pairs_match_their_reports() {
    let mut differences = Vec::new();
    for rule in rules::all() {
        golden(&folder().join(rule.id).join("report.txt"), &text(&report(rule.id), Paint::Plain), &mut differences);
    }
    assert_golden(&differences);
}

#[test]
fn reversed_pair_differs_and_sides_equal_themselves() {
    for rule in rules::all() {
        let [old, new] = ["old", "new"].map(|name| side(rule.id, name).declared(name, number("1.0.0")));
        assert!(!diff(&new, &old).findings.is_empty(), "{}", rule.id);
        for declared in [&old, &new] {
            assert!(diff(declared, declared).findings.is_empty(), "{}", rule.id);
        }
    }
}
