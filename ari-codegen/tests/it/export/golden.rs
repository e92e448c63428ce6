//! The documents of some golden cases: `golden/FEATURE/in/RELEASE/*.json` gives `golden/FEATURE/export/*`, byte for byte.

use std::collections::BTreeMap;

use ari_codegen::export::export;
use ari_codegen::{Availability, Names, Prose, Record};

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
