//! The printers: each is held to what its readers rely on.

use std::collections::BTreeMap;

use ari_diff::report::{self, Paint};
use ari_diff::{Audience, Level, rules};
use serde_json::Value;

use crate::pairs;
use crate::support::{assert_golden, folder, golden, supported};

#[test]
fn each_format_of_a_real_pair_is_as_it_was() {
    let report = supported("20.20.1", "21.12.3");
    let formats = [
        ("json", report::json(&report)),
        ("md", report::markdown(&report)),
        ("github", report::github(&report, Audience::Wire)),
    ];
    let mut differences = Vec::new();
    for (extension, text) in formats {
        golden(&folder().join("real").join(format!("20.20.1-21.12.3.{extension}")), &text, &mut differences);
    }
    assert_golden(&differences);
}

#[test]
fn json_counts_what_it_lists() {
    let value: Value = serde_json::from_str(&report::json(&supported("16.30.1", "23.4.1"))).unwrap();
    assert_eq!(value["schema"], report::SCHEMA);
    let changes = value["changes"].as_array().unwrap();
    assert_eq!(value["summary"]["changes"], changes.len());
    for audience in ["wire", "rust"] {
        let mut counts: BTreeMap<&str, u64> = Level::ALL.iter().map(|level| (level.name(), 0)).collect();
        for change in changes {
            *counts.get_mut(change[audience].as_str().unwrap()).unwrap() += 1;
        }
        for (level, count) in counts {
            assert_eq!(value["summary"][audience][level], count, "{audience} {level}");
        }
    }
    for change in changes {
        let sides = [&change["old"], &change["new"]].into_iter().filter(|side| !side.is_null());
        for side in sides {
            assert!(side["file"].is_string() && side["line"].as_u64() > Some(0), "{change}");
        }
    }
}

#[test]
fn annotations_keep_to_their_syntax() {
    for rule in rules::all() {
        for line in report::github(&pairs::report(rule.id), Audience::Rust).lines() {
            let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (kind, properties) = command.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&kind), "{line}");
            assert!(properties.split(',').all(|property| property.split('=').count() == 2), "{line}");
            assert!(!message.is_empty());
        }
    }
}

#[test]
fn colours_leave_the_text_as_it_is() {
    let report = supported("16.30.1", "18.26.4");
    let (plain, coloured) = (report::text(&report, Paint::Plain), report::text(&report, Paint::Ansi));
    let mut stripped = String::new();
    for (index, part) in coloured.split('\x1b').enumerate() {
        let after_code = part.split_once('m').map_or("", |(_, rest)| rest);
        stripped.push_str(if index == 0 { part } else { after_code });
    }
    assert_eq!(stripped, plain);
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[33m"));
}

/// What stands in the declarations may hold any signs.
#[test]
fn signs_of_a_format_stay_signs() {
    let mut report = pairs::report("param-default-changed");
    let signs = "<b>|`a`*\n%,:";
    report.findings[0].change.new.as_mut().unwrap().value = signs.to_owned();
    assert!(report::markdown(&report).contains(r"&lt;b&gt;\|\`a\`\* %,:"));
    assert!(report::github(&report, Audience::Wire).contains("<b>|`a`*%0A%25,:"));
    let value: Value = serde_json::from_str(&report::json(&report)).unwrap();
    assert_eq!(value["changes"][0]["new"]["value"], signs);
}

#[test]
fn every_rule_can_be_explained() {
    let list = report::list();
    for rule in rules::all() {
        let text = report::explain(rule);
        assert!(text.starts_with(rule.id) && text.contains(rule.advice));
        assert!(list.lines().any(|line| line.split_whitespace().next() == Some(rule.id)));
    }
}
