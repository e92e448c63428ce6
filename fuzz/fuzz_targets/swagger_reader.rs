//! Reads any text as a file of Asterisk's declarations: it is read, or every fault is reported with its location.
#![no_main]

use ari_codegen::swagger::{read_listing, read_resource};
use ari_codegen::{Diagnostics, Release, ReleaseSource, Source, canonical};
use libfuzzer_sys::fuzz_target;

const FILE: &str = "fuzzed.json";

fuzz_target!(|text: &str| {
    let source = source(text);
    if let Err(diagnostics) = read_listing(&source) {
        check_places(&diagnostics, text);
    }
    let Ok(resource) = read_resource(&source).map_err(|diagnostics| check_places(&diagnostics, text)) else { return };

    // The canonical form, which `api-docs/` stores, is equivalent.
    let kept = canonical::resource_text(&resource);
    let again = read_resource(&self::source(&kept)).unwrap_or_else(|diagnostics| panic!("{diagnostics}\n{kept}"));
    assert_eq!(canonical::resource_text(&again), kept);

    let release = Release { major: 22, minor: 0, patch: 0 };
    let release = ReleaseSource { release, resources: vec![("fuzzed".to_owned(), source)] };
    if let Err(diagnostics) = ari_codegen::read(&release) {
        check_places(&diagnostics, text);
    }
});

fn source(text: &str) -> Source {
    Source { file: FILE.to_owned(), text: text.to_owned() }
}

/// There is at least one fault, and every fault has a location in the file.
fn check_places(diagnostics: &Diagnostics, text: &str) {
    assert!(diagnostics.iter().next().is_some(), "refused without a diagnostic");
    for diagnostic in diagnostics.iter() {
        let place = diagnostic.span.as_ref().unwrap_or_else(|| panic!("no place: {diagnostic}"));
        assert_eq!(&*place.file, FILE);
        let line = place.line.checked_sub(1).and_then(|line| text.split('\n').nth(line));
        let line = line.unwrap_or_else(|| panic!("no such line: {diagnostic}"));
        assert!((1..=line.len() + 1).contains(&place.column), "no such column: {diagnostic}");
    }
}
