//! Cases of one feature each: `golden/FEATURE/in/RELEASE/*.json` gives `golden/FEATURE/out/*`, byte for byte.
//!
//! The table of the fake server is `server/surface.rs`, those of the command line are in `command/`. A file that is the same as in the case `empty` is left out of `out/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ari_codegen::api::BodyForm;
use ari_codegen::fixups::{Fix, Fixup, Releases};
use ari_codegen::{Record, generate};

use crate::support::{entries, files, read, releases, texts, write};

const REPAIR: &str = "UPDATE_GOLDEN=1 cargo test -p ari-codegen golden";

/// Where the releases contradict each other; beside the generated files where there is anything.
const NOTES: &str = "notes.txt";

/// The case that needs a table: the forms of a body cannot be declared.
const MENDED: (&str, &[Fixup]) = (
    "bodies_mended",
    &[Fixup {
        name: "the forms of a body",
        evidence: "this test",
        releases: Releases::since(&[(22, 0, 0)]),
        fixes: &[
            Fix::SetBody("notes.create.variables", BodyForm::BareVariables),
            Fix::SetBody("notes.replace.filter", BodyForm::BareFilter),
            Fix::SetTuples("notes.remove.fields", "Pair"),
            Fix::SetBody("notes.find.members", BodyForm::Members),
        ],
    }],
);

/// The folder of the cases.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names of the cases.
pub(crate) fn cases() -> Vec<String> {
    let names = entries(&folder()).into_iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.collect()
}

/// The table of a case.
pub(crate) fn table(case: &str) -> &'static [Fixup] {
    if case == MENDED.0 { MENDED.1 } else { &[] }
}

/// What a case's input gives, by path.
pub(crate) fn generated(case: &str) -> BTreeMap<String, String> {
    let generated = generate(&releases(&folder().join(case).join("in")), table(case), &Record::default())
        .unwrap_or_else(|diagnostics| panic!("case {case} gives no code:\n{diagnostics}"));
    let mut texts: BTreeMap<String, String> = texts(&generated).into_iter().collect();
    texts.extend(generated.surface.iter().map(|file| (format!("server/{}", file.path), file.text.clone())));
    texts.extend(generated.reference.iter().map(|file| (format!("command/{}", file.path), file.text.clone())));
    if !generated.notes.is_empty() {
        let notes: Vec<String> = generated.notes.iter().map(|note| format!("{note}\n")).collect();
        texts.insert(NOTES.to_owned(), notes.concat());
    }
    texts
}

#[test]
fn golden_cases_match() {
    let empty = generated("empty");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut differences = Vec::new();
    for case in cases() {
        let mut actual = generated(&case);
        actual.retain(|path, text| case == "empty" || empty.get(path) != Some(text));
        let out = folder().join(&case).join("out");
        let expected: BTreeMap<String, String> =
            files(&out).into_iter().map(|(path, file)| (path, read(&file))).collect();
        if update {
            for path in expected.keys().filter(|path| !actual.contains_key(*path)) {
                std::fs::remove_file(out.join(path)).unwrap();
            }
            for (path, text) in &actual {
                write(&out.join(path), text);
            }
        } else {
            differences.extend(compare(&expected, &actual).into_iter().map(|line| format!("{case}/out/{line}")));
        }
    }
    assert!(differences.is_empty(), "{}\nif this is as it should be: {REPAIR}", differences.join("\n"));
}

fn compare(expected: &BTreeMap<String, String>, actual: &BTreeMap<String, String>) -> Vec<String> {
    let missing = expected.keys().filter(|path| !actual.contains_key(*path));
    let mut differences: Vec<String> = missing.map(|path| format!("{path}: expected, but not generated")).collect();
    for (path, text) in actual {
        match expected.get(path) {
            None => differences.push(format!("{path}: generated, but not expected")),
            Some(expected) if expected != text => differences.push(format!("{path}:{}", first_line(expected, text))),
            Some(_) => {}
        }
    }
    differences
}

fn first_line(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let line = |lines: &[&str], index| (*lines.get(index).unwrap_or(&"<end>")).to_owned();
    let differing = (0..expected.len().max(actual.len())).find(|&index| line(&expected, index) != line(&actual, index));
    differing.map_or_else(
        || " the line ends differ".to_owned(),
        |index| {
            let (expected, actual) = (line(&expected, index), line(&actual, index));
            format!("{}:\n    expected {expected}\n    found    {actual}", index + 1)
        },
    )
}
