//! The documents of some golden cases: `golden/FEATURE/in/RELEASE/*.json` gives `golden/FEATURE/export/*`, byte for byte.

use std::collections::BTreeMap;

use ari_codegen::export::export;
use ari_codegen::{Availability, Names, Prose, Record};
use serde_json::Value;

use super::dangling;
use crate::golden::{folder, table};
use crate::support::{files, read, releases, write};

/// The features that documents have a form of their own for.
const CASES: [&str; 8] = [
    "binary",
    "bodies_mended",
    "comma_lists",
    "events_tree",
    "merge_conflicts",
    "merge_optional",
    "values",
    "websocket",
];

const REPAIR: &str = "UPDATE_GOLDEN=1 cargo test -p ari-codegen golden";

/// The documents of all releases together.
fn documents(case: &str) -> BTreeMap<String, String> {
    let record = Record { availability: Availability::default(), prose: Prose::default(), names: Names::default() };
    let files = export(&releases(&folder().join(case).join("in")), table(case), &record)
        .unwrap_or_else(|diagnostics| panic!("case {case} gives no documents:\n{diagnostics}"));
    let on_top =
        files.into_iter().filter(|file| ["openapi.json", "asyncapi.json", "schema.json"].contains(&file.path.as_str()));
    on_top.map(|file| (file.path, file.text)).collect()
}

#[test]
fn golden_references_resolve() {
    for case in CASES {
        for (path, text) in documents(case) {
            let document = serde_json::from_str(&text).unwrap();
            assert_eq!(dangling(&document), Vec::<String>::new(), "{case}: {path}");
        }
    }
}

#[test]
fn successes_of_all_releases_are_listed() {
    let document: Value = serde_json::from_str(&documents("merge_conflicts")["openapi.json"]).unwrap();
    let responses = &document["paths"]["/files/{fileName}"]["delete"]["responses"];
    assert!(responses["200"]["content"].is_object(), "of the older release: {responses}");
    assert!(responses["204"]["content"].is_null() && responses["204"].is_object(), "of the newer one: {responses}");
}

#[test]
fn websocket_without_declared_events_refers_to_none() {
    let mut sources = releases(&folder().join("websocket/in"));
    for (_, source) in sources.iter_mut().flat_map(|source| &mut source.resources) {
        source.text = source.text.replace("\"discriminator\": \"type\",", "");
    }
    for file in export(&sources, &[], &Record::default()).unwrap().iter().filter(|file| file.text.starts_with('{')) {
        let document = serde_json::from_str(&file.text).unwrap();
        assert_eq!(dangling(&document), Vec::<String>::new(), "{}", file.path);
    }
}

#[test]
fn golden_documents_match() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for case in CASES {
        let out = folder().join(case).join("export");
        let actual = documents(case);
        if update {
            for (path, text) in &actual {
                write(&out.join(path), text);
            }
        }
        let expected: BTreeMap<String, String> =
            files(&out).into_iter().map(|(path, file)| (path, read(&file))).collect();
        assert!(actual == expected, "{case}: the documents differ; review `git diff` after `{REPAIR}`");
    }
}
