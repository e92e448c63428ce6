//! Our own words: about items that exist, whole sentences, and our own.

use std::collections::BTreeSet;
use std::path::Path;

use ari_codegen::fixups::FIXUPS;
use ari_codegen::{Generated, Prose, Record, Source, generate};

use crate::support::{self, source, supported};

/// A run of this many equal words is no coincidence.
const RUN: usize = 8;

fn files() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/prose");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| source(path)).collect()
}

fn texts() -> Vec<(String, String)> {
    let tables = files().into_iter().map(|file| toml::from_str::<toml::Table>(&file.text).unwrap());
    let entries = tables.flat_map(IntoIterator::into_iter);
    entries.map(|(item, text)| (item, text.as_str().unwrap().to_owned())).collect()
}

#[test]
fn items_and_texts_match() {
    let known = Record { prose: Prose::parse(&files()).unwrap(), ..Record::default() };
    let generated = generate(&supported(), FIXUPS, &known).unwrap();
    assert_eq!(generated.superfluous, Vec::<String>::new());
    assert_eq!(generated.undocumented, Vec::<String>::new());
}

/// The files that show this example, by name; one that shows it twice is there twice.
fn shown(generated: &Generated, code: &str) -> Vec<String> {
    let in_file = |(path, text): (String, String)| vec![path; text.matches(&format!("/// {code}\n")).count()];
    support::texts(generated).into_iter().flat_map(in_file).collect()
}

#[test]
fn example_appears_once_and_superfluous_ones_are_reported() {
    let text = "\"example channels.answer\" = 'let one = 1;'\n\"example channels.sing\" = 'let two = 2;'\n\
                \"example channels.list\" = 'let three = 3;'\n";
    let prose = Prose::parse(&[Source { file: "examples.toml".to_owned(), text: text.to_owned() }]).unwrap();
    let generated = generate(&supported(), FIXUPS, &Record { prose, ..Record::default() }).unwrap();
    assert_eq!(generated.superfluous, ["example channels.sing"]);
    assert_eq!(shown(&generated, "let one = 1;"), ["operations/channels.rs"]);
    assert_eq!(shown(&generated, "let three = 3;"), ["operations/channels.rs"]);
    let channels = generated.files.iter().find(|file| file.path == "operations/channels.rs").unwrap();
    let mut lines = channels.text.lines().map(|line| line.trim_start().trim_start_matches("/// "));
    assert!(lines.any(|line| line == "let one = 1;"));
    let rest = ["# Ok(())", "# }", "```", "#[derive("];
    assert!(rest.iter().all(|line| lines.next().is_some_and(|found| found.starts_with(line))));
}

#[test]
fn text_links_the_events_it_names() {
    let items = [
        "operation channels.answer",
        "parameter channels.ring.channelId",
        "property Channel.state",
        "error channels.answer 404",
        "event StasisEnd",
        "value Channel.state Up",
    ];
    let texts = items.map(|item| format!("\"{item}\" = 'See `StasisStart` or `Stasis`, {item}.'\n"));
    let prose = Prose::parse(&[Source { file: "texts.toml".to_owned(), text: texts.concat() }]).unwrap();
    let generated = generate(&supported(), FIXUPS, &Record { prose, ..Record::default() }).unwrap();
    let all: String = generated.files.iter().map(|file| file.text.as_str()).collect();
    assert!(!all.contains("See `StasisStart`"));
    for item in items {
        let linked = format!("See [`StasisStart`](crate::events::StasisStart) or `Stasis`, {item}.");
        assert!(all.contains(&linked), "{item}");
    }
}

#[test]
fn text_has_the_methods_of_the_operations_it_names() {
    let text = "\"operation channels.answer\" = 'Unlike `bridges.setVideoSource`, `channels.sing` or `stop.'\n";
    let prose = Prose::parse(&[Source { file: "texts.toml".to_owned(), text: text.to_owned() }]).unwrap();
    let generated = generate(&supported(), FIXUPS, &Record { prose, ..Record::default() }).unwrap();
    let all: String = generated.files.iter().map(|file| file.text.as_str()).collect();
    assert!(all.contains("Unlike `set_video_source`, `channels.sing` or `stop."));
    assert!(!all.contains("`bridges.setVideoSource`, `channels.sing`"));
}

#[test]
fn every_text_is_made_of_sentences() {
    for (item, text) in texts().into_iter().filter(|(item, _)| !item.starts_with("example ")) {
        let text = text.trim();
        assert!(text.ends_with(['.', '`', '|', ')']), "{item}: {text}");
        assert!(text.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit() || c == '`'), "{item}: {text}");
    }
}

#[test]
fn taken_finds_runs_of_eight_words() {
    let planted = "A sentence of eight words or some more, planted here.".to_owned();
    let copy = [("planted".to_owned(), "Indeed a SENTENCE of eight words, or some more!".to_owned())];
    assert_eq!(taken(&copy, &[planted]), ["planted: a sentence of eight words or some more"]);
}

/// Asterisk's descriptions are Asterisk's, and not kept here.
#[cfg(feature = "sources")]
#[test]
fn no_text_is_taken_from_asterisk() {
    let descriptions = descriptions();
    assert!(!descriptions.is_empty(), "the declarations have no descriptions: these are not Asterisk's own");
    let found = taken(&texts(), &descriptions);
    assert!(found.is_empty(), "{} texts have {RUN} words in a row of Asterisk's:\n{}", found.len(), found.join("\n"));
}

/// The texts that have a run of words in common with others, each with the first such run.
fn taken(texts: &[(String, String)], others: &[String]) -> Vec<String> {
    let theirs: BTreeSet<Vec<String>> = others.iter().flat_map(|text| runs(text)).collect();
    let first = |text: &str| runs(text).into_iter().find(|run| theirs.contains(run));
    texts.iter().filter_map(|(item, text)| Some(format!("{item}: {}", first(text)?.join(" ")))).collect()
}

#[cfg(feature = "sources")]
fn descriptions() -> Vec<String> {
    let mut open = vec![crate::support::sources_folder()];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            prose_of(&serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(), &mut found);
        }
    }
    found
}

#[cfg(feature = "sources")]
fn prose_of(value: &serde_json::Value, found: &mut Vec<String>) {
    const PROSE: [&str; 5] = ["description", "descriptioni", "summary", "notes", "reason"];
    match value {
        serde_json::Value::Array(elements) => elements.iter().for_each(|element| prose_of(element, found)),
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                match member.as_str() {
                    Some(text) if PROSE.contains(&key.as_str()) => found.push(text.to_owned()),
                    _ => prose_of(member, found),
                }
            }
        }
        _ => {}
    }
}

fn runs(text: &str) -> Vec<Vec<String>> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.windows(RUN).map(<[String]>::to_vec).collect()
}
