//! Accepted changes: they stay visible, count no more, and the file may not say more than it has to.

use ari_codegen::{Diagnostics, Source};
use ari_diff::accepted::accept;
use ari_diff::report::{Paint, text};
use ari_diff::{Audience, Level, Report};

use crate::pairs;

fn accepting(rule: &str, lines: &str) -> Result<Report, Diagnostics> {
    accept(pairs::report(rule), &Source { file: "accepted.txt".to_owned(), text: lines.to_owned() })
}

#[test]
fn an_accepted_change_no_longer_counts() {
    let report = pairs::report("operation-removed");
    assert!(report.reaches(Audience::Wire, Level::Break));
    let lines = "# what we know\n\n  operation-removed things.create # nobody makes things\n";
    let report = accepting("operation-removed", lines).unwrap();
    assert!(!report.reaches(Audience::Wire, Level::Note));
    assert_eq!(report.count(Audience::Wire, Level::Break), 0);
    let text = text(&report, Paint::Plain);
    assert!(text.contains("accepted: nobody makes things"), "{text}");
    assert!(text.ends_with("\nno changes · 1 accepted\n"), "{text}");
}

#[test]
fn names_file_errors_have_lines() {
    let cases = [
        (
            "operation-removed things.list # why",
            "accepted.txt:1:1: operation-removed things.list # why: `operation-removed things.list` fits no change between old (1.0.0) and new (2.0.0): remove the entry",
        ),
        (
            "\noperation-removed things.create",
            "accepted.txt:2:1: operation-removed things.create: no reason: expected `RULE SUBJECT # REASON`",
        ),
        (
            "operation-lost things.create # why",
            "accepted.txt:1:1: operation-lost things.create # why: there is no rule `operation-lost`: `cargo xtask diff --explain` lists them",
        ),
        ("operation-removed # why", "accepted.txt:1:1: operation-removed # why: expected `RULE SUBJECT # REASON`"),
    ];
    for (lines, expected) in cases {
        assert_eq!(accepting("operation-removed", lines).unwrap_err().to_string(), expected);
    }
}
