//! The site made of `api-docs/`, as far as a browser is not needed to see what is wrong; `cargo xtask atlas --check` uses one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ari_atlas::{Input, Observed, Samples, atlas, programs};
use ari_codegen::api::{Api, Response};
use ari_codegen::emit::File;
use ari_codegen::fixups::FIXUPS;
use ari_codegen::merge::merge;
use ari_codegen::{Diagnostics, Names, Prose, Record, Release, ReleaseSource, Source, corrected};
use ari_diff::Declared;

fn api_docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs")
}

fn source(path: &Path) -> Source {
    Source { file: path.display().to_string(), text: std::fs::read_to_string(path).unwrap() }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The folders of the releases.
fn releases() -> Vec<(Release, PathBuf)> {
    let named = |path: PathBuf| Some((path.file_name()?.to_str()?.parse().ok()?, path));
    entries(&api_docs()).into_iter().filter_map(named).collect()
}

fn resources(folder: &Path) -> Vec<(String, Source)> {
    let files = entries(folder).into_iter().filter(|path| name(path) != "resources");
    files.map(|path| (name(&path), source(&path))).collect()
}

fn sources() -> Vec<ReleaseSource> {
    releases().into_iter().map(|(release, folder)| ReleaseSource { release, resources: resources(&folder) }).collect()
}

fn record() -> Record {
    let prose: Vec<Source> = entries(&api_docs().join("prose")).iter().map(|path| source(path)).collect();
    Record {
        availability: ari_codegen::Availability::parse(&source(&api_docs().join("availability.txt"))).unwrap(),
        prose: Prose::parse(&prose).unwrap(),
        names: Names::parse(&source(&api_docs().join("names.toml"))).unwrap(),
    }
}

fn samples() -> Samples {
    Samples::parse(&source(&api_docs().join("samples.toml")).text).unwrap()
}

/// What `make` gives, by path.
fn made(make: fn(&Input<'_>) -> Result<Vec<File>, Diagnostics>) -> BTreeMap<String, String> {
    let of_release = |(release, folder): (Release, PathBuf)| {
        let listing = source(&folder.join("resources.json"));
        Declared::read(release.to_string(), Some(release), &listing, &resources(&folder)).unwrap()
    };
    let declared: Vec<Declared> = releases().into_iter().map(of_release).collect();
    let input = Input {
        sources: &sources(),
        declared: &declared,
        fixups: FIXUPS,
        record: &record(),
        samples: &samples(),
        observed: &Observed::default(),
    };
    make(&input).unwrap().into_iter().map(|file| (file.path, file.text)).collect()
}

fn site() -> BTreeMap<String, String> {
    made(atlas)
}

/// Made once for all tests.
static SITE: LazyLock<BTreeMap<String, String>> = LazyLock::new(site);

fn api() -> Api {
    let record = record();
    let (apis, _) = corrected(&sources(), FIXUPS, &record).unwrap();
    merge(apis, &record.names).unwrap().0
}

#[test]
fn everything_has_a_page() {
    let api = api();
    for operation in api.operations() {
        let path = format!("operations/{}.{}.html", operation.resource, operation.nickname);
        assert!(SITE.contains_key(&path), "{path}");
    }
    for model in api.models.values() {
        assert!(["events", "models"].iter().any(|kind| SITE.contains_key(&format!("{kind}/{}.html", model.name))));
    }
    let pairs = releases().len() * (releases().len() - 1);
    assert_eq!(SITE.keys().filter(|path| path.contains("...")).count(), pairs);
}

#[test]
fn same_input_gives_the_same_bytes() {
    assert!(*SITE == site());
}

#[test]
fn required_parameters_have_chosen_values() {
    let (api, samples) = (api(), samples());
    for operation in api.operations() {
        for parameter in operation.parameters.iter().filter(|parameter| parameter.required) {
            assert!(
                samples.has(operation, parameter),
                "{}.{}: {}",
                operation.resource,
                operation.nickname,
                parameter.name
            );
        }
    }
}

#[test]
fn values_of_samples_are_for_what_exists() {
    let api = api();
    let known: BTreeSet<String> = api
        .operations()
        .flat_map(|it| {
            it.parameters.iter().map(move |parameter| format!("{}.{}.{}", it.resource, it.nickname, parameter.name))
        })
        .collect();
    let samples = samples();
    let unknown: Vec<&str> = samples.items().filter(|item| !known.contains(*item)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn every_operation_has_an_example_for_each_tool() {
    for operation in api().operations() {
        let page = &SITE[&format!("operations/{}.{}.html", operation.resource, operation.nickname)];
        let is_request = operation.response != Response::WebSocket;
        for tool in ["curl", "Rust", "TypeScript", "Python"].into_iter().chain(is_request.then_some("ari")) {
            assert!(page.contains(&format!("data-title=\"{tool}\"")), "{}: {tool}", operation.nickname);
        }
        assert_eq!(page.contains("websocat"), !is_request, "{}", operation.nickname);
    }
}

/// Where the examples are compiled and run: the tests of the bindings and of the command line, and
/// `cargo xtask export --validate`.
const COMPILED: [(&str, &str); 4] = [
    ("examples.sh", "ari-cli/tests/it/atlas.sh"),
    ("examples.rs", "ari-bindings/tests/atlas.rs"),
    ("examples.ts", "e2e/clients/examples.ts"),
    ("examples.py", "e2e/clients/examples.py"),
];

#[test]
fn compiled_examples_are_those_of_the_site() {
    let programs = made(programs);
    for (name, path) in COMPILED {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            std::fs::write(&path, &programs[name]).unwrap();
        }
        let repair = "`UPDATE_EXAMPLES=1 cargo test --package ari-atlas compiled_examples` repairs it";
        assert!(
            std::fs::read_to_string(&path).is_ok_and(|text| text == programs[name]),
            "{}: {repair}",
            path.display()
        );
    }
}

/// The text of a page without its tags.
fn text(path: &str) -> String {
    let mut text = String::new();
    for part in SITE[path].split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    text.replace("&quot;", "\"").replace("&amp;", "&").replace("&gt;", ">").replace("&lt;", "<")
}

#[test]
fn examples_have_the_forms_that_servers_read() {
    let shown = |path: &str, code: &str| assert!(text(path).contains(code), "{path}: {code}\n{}", text(path));
    shown(
        "operations/channels.originate.html",
        "curl --user asterisk:asterisk \\\n  --request POST http://localhost:8088/ari/channels \\\n  \
         --url-query endpoint=PJSIP/alice \\\n  --url-query app=hello-world",
    );
    shown("operations/channels.originate.html", "ari channels originate --endpoint PJSIP/alice --app hello-world");
    shown("operations/bridges.setBridgeVars.html", "--json '{\"variables\":{\"CUSTOMER\":\"4711\"}}'");
    shown("operations/applications.filter.html", "--json '{\"disallowed\":[{\"type\":\"ChannelVarset\"}]}'");
    shown("operations/channels.getChannelVars.html", "--url-query 'variables=CUSTOMER,CALLERID(num)'");
    shown("operations/channels.getChannelVars.html", "query: { variables: [\"CUSTOMER\", \"CALLERID(num)\"] }");
    shown("operations/channels.getChannelVars.html", "variables=[\"CUSTOMER,CALLERID(num)\"]");
    shown("operations/recordings.copyStored.html", "destinationRecordingName=greetings/2026");
    shown("operations/channels.unmute.html", "ari.channel(\"1700000000.1\").unmute(\"both\").await?;");
    shown("operations/asterisk.updateObject.html", "[ConfigTuple::new(\"context\", \"stasis\")]");
    shown("operations/deviceStates.update.html", "ari device-states update Stasis:door --device-state INUSE");
}

#[test]
fn page_says_who_has_what_since_when() {
    let progress = &SITE["operations/channels.progress.html"];
    assert!(progress.contains("data-runs=\"20.16.0 21.11.0 22.6.0 23.0.0\""), "{progress}");
    assert!(text("operations/channels.progress.html").contains("Since Asterisk 20.16, 21.11, 22.6, 23.0."));
    assert!(!SITE["operations/channels.answer.html"].contains("class=\"absence\""));
    assert!(text("operations/channels.create.html").contains("required"));
}

#[test]
fn page_has_what_servers_do() {
    let mute = text("operations/channels.mute.html");
    assert!(
        mute.contains("Corrected here: the direction to mute") && mute.contains("channels.mute.direction: is required")
    );
    let play = text("operations/channels.play.html");
    assert!(play.contains("no PlaybackFinished comes"), "{play}");
    assert!(text("events/PlaybackFinished.html").contains("channels.play"), "its causes");
}

#[test]
fn comparison_links_what_changed() {
    let pages: Vec<&String> =
        SITE.keys().filter(|path| path.starts_with("compare/16.") && path.contains("...22.")).collect();
    let [path] = pages.as_slice() else { panic!("{pages:?}") };
    assert!(SITE[*path].contains("href=\"../events/CallBroadcast.html\""));
    assert!(text(path).contains("an event is new"));
}

#[test]
fn pages_load_nothing_from_elsewhere() {
    for (path, page) in SITE.iter().filter(|(_, text)| text.starts_with("<!DOCTYPE html>")) {
        for attribute in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
            assert!(!page.contains(attribute), "{path}: {attribute}");
        }
    }
}
