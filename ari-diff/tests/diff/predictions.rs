//! What the rules say of the bindings is held against what regeneration does to their public API.
//!
//! Regenerated without fixups: a fixup that begins between two releases changes the bindings (`RTPstat` gains fields in
//! 18.26.4), and that is no change of the releases. The list of the committed code's public items shows both. The
//! bindings made from one release alone are compared with those made from the other alone.

use std::collections::BTreeSet;
use std::path::Path;

use ari_codegen::fixups::{Fix, Fixup, Releases};
use ari_codegen::public_api::public_api;
use ari_codegen::{Diagnostics, Names, Record, Release, ReleaseSource, generate};
use ari_diff::{Level, Report, diff, rules};

use crate::pairs;
use crate::support::{Files, api_docs, files, number, releases, side};

/// Bodies of models cannot be declared: this is how the table says what they are.
const BODIES: &[Fixup] = &[Fixup {
    name: "a body that holds a list of a model",
    evidence: "the pairs of these tests",
    releases: Releases::since(&[(1, 0, 0)]),
    fixes: &[Fix::SetTuples("things.send.items", "Item")],
}];

type Api = BTreeSet<String>;

/// The public items, with the names that were recorded before and those that are recorded then.
fn api(sources: &[ReleaseSource], table: &[Fixup], names: &Names) -> Result<(Api, Names), Diagnostics> {
    let generated = generate(sources, table, &Record { names: names.clone(), ..Record::default() })?;
    let text = public_api(&generated.files)?;
    Ok((text.lines().skip(1).map(str::to_owned).collect(), generated.names))
}

/// The effect on users of the old API. All generated types can grow without breaking their users.
fn effect(old: &Api, new: &Api) -> Level {
    if !old.is_subset(new) {
        Level::Break
    } else if old == new {
        Level::Note
    } else {
        Level::Add
    }
}

fn predicted(report: &Report) -> Level {
    report.findings.iter().map(|finding| finding.rust).max().unwrap_or(Level::Note)
}

/// A risk may come true or not; everything else has to.
fn agree(predicted: Level, actual: Level) -> bool {
    predicted == actual || predicted == Level::Risk
}

#[test]
fn rule_pairs_match_their_predictions() {
    for rule in rules::all() {
        let table = if rule.id.starts_with("request-property-") { BODIES } else { &[] };
        let [old, new] =
            [("old", "1.0.0"), ("new", "2.0.0")].map(|(name, release)| side(rule.id, name).source(number(release)));
        let old = api(&[old], table, &Names::default());
        let (old, names) = old.unwrap_or_else(|diagnostics| panic!("{}:\n{diagnostics}", rule.id));
        let new = api(&[new], table, &names).map(|(new, _)| new);
        // Bindings that cannot be made break their users.
        let actual = new.as_ref().map_or(Level::Break, |new| effect(&old, new));
        let predicted = predicted(&pairs::report(rule.id));
        let difference = new.as_ref().map(|new| old.symmetric_difference(new).collect::<Vec<_>>());
        assert!(agree(predicted, actual), "{}: {predicted} predicted, {actual} seen: {difference:#?}", rule.id);
    }
}

/// Holds the predictions for each release and the next, both ways, against what regeneration does.
fn check_steps(folder: &Path) {
    let numbers = releases(folder);
    let sides: Vec<Files> = numbers.iter().map(|number| files(&folder.join(number.to_string()), "release")).collect();
    let mut wrong = Vec::new();
    for (index, pair) in sides.windows(2).enumerate() {
        let (older, newer) = ((numbers[index], &pair[0]), (numbers[index + 1], &pair[1]));
        wrong.extend(disagreements(older, newer));
        wrong.extend(disagreements(newer, older));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every item that is lost is one that a prediction names, and every prediction comes true.
fn disagreements(old: (Release, &Files), new: (Release, &Files)) -> Vec<String> {
    let step = format!("{} -> {}", old.0, new.0);
    let sources = [old, new].map(|(release, files)| files.source(release));
    let (before, names) = api(&sources[..1], &[], &Names::default()).unwrap();
    let (after, _) = api(&sources[1..], &[], &names).unwrap();
    let report = diff(&old.1.declared("old", old.0), &new.1.declared("new", new.0));
    let (predicted, actual) = (predicted(&report), effect(&before, &after));
    let mut wrong = Vec::new();
    if !agree(predicted, actual) {
        wrong.push(format!("{step}: {predicted} predicted, {actual} seen"));
    }
    let lost = before.difference(&after).filter(|line| !explained(line, &report));
    wrong.extend(lost.map(|line| format!("{step}: nothing predicts the loss of {line}")));
    // Keeping the old release next to the new one never has a worse effect.
    let kept = effect(&before, &api(&sources, &[], &names).unwrap().0);
    if kept > predicted {
        wrong.push(format!("{step}: {predicted} predicted, {kept} seen with both releases"));
    }
    wrong
}

/// Whether a change that is said to break the bindings names what a line is about.
fn explained(line: &str, report: &Report) -> bool {
    let plain = |text: &str| text.replace(['_', '#'], "").to_lowercase();
    let line = plain(line);
    let breaking = report.findings.iter().filter(|finding| finding.rust >= Level::Risk);
    breaking.into_iter().any(|finding| {
        // Models are tied to ids and handles by what GET answers.
        if finding.rule.id == "operation-method-changed" && (line.contains("ids::") || line.contains("::handle:")) {
            return true;
        }
        let last = finding.change.subject.rsplit('.').next().unwrap_or_default();
        let parts: Vec<String> = finding.change.subject.split('.').map(plain).collect();
        line.contains(&plain(last)) || parts.iter().skip(1).any(|part| line.contains(part.as_str()))
    })
}

/// A release with one text of a file replaced, once.
fn mutated(files: &Files, resource: &str, from: &str, to: &str) -> Files {
    let mut files = files.clone();
    let (_, source) = files.resources.iter_mut().find(|(name, _)| name == resource).unwrap();
    assert!(source.text.contains(from), "{resource} has no {from}");
    source.text = source.text.replacen(from, to, 1);
    files
}

#[test]
fn mutated_release_matches_prediction() {
    let release = number("22.10.1");
    let files = files(&api_docs().join("22.10.1"), "release");
    let spy = r#""values": ["none", "both", "out", "in"]"#;
    let get = r#""httpMethod": "GET",
          "nickname": "get""#;
    let mut wrong = Vec::new();
    for (resource, from, to) in [
        ("deviceStates", get, get.replace("GET", "POST")),
        ("channels", get, get.replace("GET", "PUT")),
        ("channels", spy, spy.replace("\"in\"", "\"in\", \"mixed\"")),
        ("channels", r#"{ "name": "snoopId", "#, r#"{ "name": "snoopName", "#.to_owned()),
        (
            "events",
            r#""replace_channel": { "type": "Channel" }"#,
            r#""replace_channel": { "type": "string" }"#.to_owned(),
        ),
        ("events", r#""args": { "type": "List[string]""#, r#""args": { "type": "string""#.to_owned()),
        // `Event::bridge` must stay for the events whose bridge is an object.
        (
            "events",
            r#""args": { "type": "List[string]""#,
            r#""bridge": { "type": "string" }, "args": { "type": "List[string]""#.to_owned(),
        ),
    ] {
        let changed = mutated(&files, resource, from, &to);
        let found = disagreements((release, &files), (number("22.99.0"), &changed));
        wrong.extend(found.into_iter().map(|text| format!("{resource}: {to}: {text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn consecutive_supported_releases_match_predictions() {
    check_steps(&api_docs());
}

#[cfg(feature = "sources")]
#[test]
fn consecutive_releases_match_predictions() {
    check_steps(&crate::support::sources());
}
