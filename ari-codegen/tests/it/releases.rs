//! The declarations of real releases: all that they have is generated, and nothing else, whichever are taken together.

use std::sync::LazyLock;

use ari_codegen::fixups::FIXUPS;
use ari_codegen::{Generated, Record, ReleaseSource, generate};

use crate::inventory::{declared, difference, generated};
use crate::support::supported;

static SUPPORTED: LazyLock<Vec<ReleaseSource>> = LazyLock::new(supported);

fn names(sources: &[ReleaseSource]) -> String {
    let names: Vec<String> = sources.iter().map(|source| source.release.to_string()).collect();
    names.join(", ")
}

/// Generates, and holds what came out against the declarations.
fn checked(sources: &[ReleaseSource]) -> Generated {
    let result = generate(sources, FIXUPS, &Record::default())
        .unwrap_or_else(|diagnostics| panic!("{}:\n{diagnostics}", names(sources)));
    let difference = difference(&declared(sources, FIXUPS), &generated(&result));
    assert!(difference.is_empty(), "{}:\n{difference}", names(sources));
    result
}

#[test]
fn the_supported_releases_together_give_all_that_they_declare() {
    let result = checked(&SUPPORTED);
    let lines = generated(&result);
    let count = |kind: &str| lines.iter().filter(|line| line.starts_with(kind)).count();
    let summary = result.summary;
    assert_eq!(count("operation "), summary.operations);
    assert_eq!(count("parameter "), summary.parameters);
    assert_eq!(count("model "), summary.models);
    assert_eq!(count("event "), summary.events);
    assert_eq!(count("property "), summary.properties);
    assert!(result.notes.is_empty(), "the supported releases contradict each other: {:?}", result.notes);
}

#[test]
fn each_supported_release_alone_gives_all_that_it_declares() {
    for source in SUPPORTED.iter() {
        checked(std::slice::from_ref(source));
    }
}

#[test]
fn every_pair_of_supported_releases_gives_all_that_they_declare() {
    for (index, older) in SUPPORTED.iter().enumerate() {
        for newer in &SUPPORTED[index + 1..] {
            checked(&[older.clone(), newer.clone()]);
        }
    }
}

/// What the tests above hold against each other differs as soon as one fact does.
#[test]
fn one_lost_fact_is_noticed() {
    let edits = [
        ("playbacks", "\"reverse\", ", "", "not generated: value playbacks.control.operation `reverse`\n"),
        (
            "playbacks",
            "\"target_uri\": { \"type\": \"string\", \"required\": true }",
            "\"target_uri\": { \"type\": \"int\" }",
            "not generated: property Playback.target_uri text, required\n\
             not declared: property Playback.target_uri i64, optional\n",
        ),
        (
            "mailboxes",
            "\"nickname\": \"list\"",
            "\"nickname\": \"all\"",
            "not generated: operation mailboxes.list GET /mailboxes -> json Vec<crate::models::Mailbox>\n\
             not declared: operation mailboxes.all GET /mailboxes -> json Vec<crate::models::Mailbox>\n",
        ),
        ("events", "\"StasisEnd\",\n", "\n", "not generated: event StasisEnd\n"),
    ];
    let newest = std::slice::from_ref(SUPPORTED.last().unwrap());
    let declared = declared(newest, FIXUPS);
    for (resource, from, to, expected) in edits {
        let mut edited = newest.to_vec();
        let file = edited[0].resources.iter_mut().find(|(name, _)| name == resource).unwrap();
        assert!(file.1.text.contains(from), "{resource} has no `{from}`");
        file.1.text = file.1.text.replace(from, to);
        let found = difference(&declared, &generated(&generate(&edited, FIXUPS, &Record::default()).unwrap()));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn the_order_of_releases_and_files_does_not_matter() {
    let files = generate(&SUPPORTED, FIXUPS, &Record::default()).unwrap().files;
    assert_eq!(files, generate(&SUPPORTED, FIXUPS, &Record::default()).unwrap().files, "the same twice");
    let mut sources = SUPPORTED.clone();
    for _ in 0..sources.len() {
        sources.rotate_left(1);
        for source in &mut sources {
            source.resources.rotate_left(1);
        }
        assert_eq!(files, generate(&sources, FIXUPS, &Record::default()).unwrap().files, "{}", names(&sources));
    }
    sources.reverse();
    for source in &mut sources {
        source.resources.reverse();
    }
    assert_eq!(files, generate(&sources, FIXUPS, &Record::default()).unwrap().files, "{}", names(&sources));
}

/// Each release of the folder `ARI_SWAGGER_DIR` alone, each with the next, all together.
#[cfg(feature = "sources")]
#[test]
fn all_releases_and_their_neighbours_give_all_that_they_declare() {
    let sources = crate::support::sources();
    for source in &sources {
        checked(std::slice::from_ref(source));
    }
    for pair in sources.windows(2) {
        checked(pair);
    }
    let together = checked(&sources);
    println!("{} releases: {:?}\n{:#?}", sources.len(), together.summary, together.notes);
}
