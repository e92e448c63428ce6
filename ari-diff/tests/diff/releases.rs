//! Pairs of real releases: the exact reports, and what is known of the history of the API.

use std::path::Path;

use ari_codegen::api::Api;
use ari_codegen::read;
use ari_diff::report::{Paint, text};
use ari_diff::{Audience, Level, diff};

use crate::support::{api_docs, assert_golden, files, folder, golden, release, releases, supported};

const PAIRS: [(&str, &str); 3] = [("20.20.1", "21.12.3"), ("16.30.1", "18.26.4"), ("22.10.1", "23.4.1")];

#[test]
fn real_pairs_give_the_reports_beside_them() {
    let mut differences = Vec::new();
    for (old, new) in PAIRS {
        let path = folder().join("real").join(format!("{old}-{new}.txt"));
        golden(&path, &text(&supported(old, new), Paint::Plain), &mut differences);
    }
    assert_golden(&differences);
}

#[test]
fn a_release_does_not_differ_from_itself() {
    for number in releases(&api_docs()) {
        let declared = release(&api_docs(), &number.to_string());
        let report = diff(&declared, &declared);
        assert!(report.findings.is_empty());
        assert!(!report.reaches(Audience::Wire, Level::Note));
    }
}

#[test]
fn from_20_to_21_seven_operations_and_two_events_are_lost() {
    let report = supported("20.20.1", "21.12.3");
    let of = |rule: &str| report.findings.iter().filter(|finding| finding.rule.id == rule).count();
    assert_eq!((of("operation-removed"), of("event-removed"), of("operation-added")), (7, 2, 0));
    assert_eq!(report.count(Audience::Wire, Level::Break), 9);
}

/// Whatever one direction adds, the other removes.
#[test]
fn an_upgrade_turned_round_is_a_downgrade() {
    let (up, down) = (supported("21.12.3", "22.10.1"), supported("22.10.1", "21.12.3"));
    for (added, removed) in [
        ("operation-added", "operation-removed"),
        ("event-added", "event-removed"),
        ("param-added-optional", "param-removed"),
        ("property-added-optional", "property-removed-optional"),
    ] {
        let subjects = |report: &ari_diff::Report, rule: &str| -> Vec<String> {
            let found = report.findings.iter().filter(|finding| finding.rule.id == rule);
            let mut found: Vec<String> = found.map(|finding| finding.change.subject.clone()).collect();
            found.sort();
            found
        };
        assert_eq!(subjects(&up, added), subjects(&down, removed));
        assert!(!subjects(&up, added).is_empty(), "{added}");
    }
}

/// Between a release and the next, as many items come and go as the numbers of items differ.
fn check_accounts(folder: &Path) {
    let numbers = releases(folder);
    for pair in numbers.windows(2) {
        let [old, new] = [pair[0], pair[1]].map(|number| release(folder, &number.to_string()));
        let [before, after] = [pair[0], pair[1]].map(|number| {
            let source = files(&folder.join(number.to_string()), "release").source(number);
            read(&source).unwrap()
        });
        let report = diff(&old, &new);
        let of = |rule: &str| report.findings.iter().filter(|finding| finding.rule.id == rule).count();
        let events = |api: &Api| api.events().len();
        let models = |api: &Api| api.models.len() - events(api);
        for (what, before, after) in [
            ("operation", before.operations().count(), after.operations().count()),
            ("event", events(&before), events(&after)),
            ("model", models(&before), models(&after)),
        ] {
            let (come, gone) = (of(&format!("{what}-added")), of(&format!("{what}-removed")));
            assert_eq!(before + come, after + gone, "{} -> {}: {what}", pair[0], pair[1]);
        }
    }
}

#[test]
fn history_steps_add_up() {
    check_accounts(&api_docs());
}

#[cfg(feature = "sources")]
#[test]
fn history_steps_of_all_releases_add_up() {
    check_accounts(&crate::support::sources());
}

/// The steps of the folder `ARI_SWAGGER_DIR` of which something is known; it need not have them all.
#[cfg(feature = "sources")]
#[test]
fn known_steps_of_the_history_are_found() {
    let folder = crate::support::sources();
    let has = |number: &str| releases(&folder).contains(&crate::support::number(number));
    let step = |old: &str, new: &str| diff(&release(&folder, old), &release(&folder, new));
    let known = [
        ("16.2.0", "16.3.0", "property-became-required", "Event.timestamp"),
        ("16.6.0", "16.7.0", "response-type-changed", "channels.externalMedia"),
        ("16.7.0", "16.9.0", "property-type-changed", "TextMessage.variables"),
        ("16.11.0", "16.20.0", "property-values-widened", "Playback.state"),
        ("16.20.0", "16.27.0", "property-added-required", "Channel.protocol_id"),
        ("22.5.0", "22.6.0", "param-became-optional", "channels.externalMedia.external_host"),
        ("22.8.0", "22.10.0", "event-added", "CallBroadcast"),
    ];
    for (old, new, rule, subject) in known.into_iter().filter(|(old, new, ..)| has(old) && has(new)) {
        let report = step(old, new);
        let has = report.findings.iter().any(|found| found.rule.id == rule && found.change.subject == subject);
        assert!(has, "{old} -> {new}: {rule} {subject}");
    }
}
