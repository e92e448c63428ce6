//! Any text as a file of Asterisk's declarations: it is read, or every fault is told with its place.
#![no_main]

use ari_codegen::swagger::{read_listing, read_resource};
use ari_codegen::{Problems, Release, ReleaseSource, Source, canonical};
use libfuzzer_sys::fuzz_target;

const FILE: &str = "fuzzed.json";

fuzz_target!(|text: &str| {
    let source = source(text);
    if let Err(problems) = read_listing(&source) {
        check_places(&problems, text);
    }
    let Ok(resource) = read_resource(&source).map_err(|problems| check_places(&problems, text)) else { return };

    // What `api-docs/` keeps of it says the same.
    let kept = canonical::resource_text(&resource);
    let again = read_resource(&self::source(&kept)).unwrap_or_else(|problems| panic!("{problems}\n{kept}"));
    assert_eq!(canonical::resource_text(&again), kept);

    let release = Release { major: 22, minor: 0, patch: 0 };
    let release = ReleaseSource { release, resources: vec![("fuzzed".to_owned(), source)] };
    if let Err(problems) = ari_codegen::read(&release) {
        check_places(&problems, text);
    }
});

fn source(text: &str) -> Source {
    Source { file: FILE.to_owned(), text: text.to_owned() }
}

/// Faults have a place in the file, and there is at least one.
fn check_places(problems: &Problems, text: &str) {
    assert!(problems.iter().next().is_some(), "refused without a word");
    for problem in problems.iter() {
        let place = problem.place.as_ref().unwrap_or_else(|| panic!("no place: {problem}"));
        assert_eq!(&*place.file, FILE);
        let line = place.line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
        let line = line.unwrap_or_else(|| panic!("no such line: {problem}"));
        assert!((1..=line.len() + 1).contains(&place.column), "no such column: {problem}");
    }
}
