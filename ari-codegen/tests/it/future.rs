//! A release that does not exist yet: what ARI may grow by has to generate without a change of the generator.

use std::collections::BTreeSet;

use ari_codegen::fixups::FIXUPS;
use ari_codegen::{Generated, Record, Release, ReleaseSource, Source, generate};
use quote::ToTokens as _;
use serde_json::{Value, json};

use crate::inventory::{self, declared, difference};
use crate::support::supported;

const NEWEST: Release = Release { major: 23, minor: 4, patch: 1 };
const FUTURE: Release = Release { major: 24, minor: 0, patch: 0 };

/// The supported releases together with the future one.
pub(crate) fn generated() -> Generated {
    generate(&sources(), FIXUPS, &Record::default()).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn sources() -> Vec<ReleaseSource> {
    let mut sources = supported();
    sources.push(future(&sources));
    sources
}

/// The newest release with everything added to it that may come.
fn future(sources: &[ReleaseSource]) -> ReleaseSource {
    let newest = sources.iter().find(|source| source.release == NEWEST).unwrap();
    let mut resources: Vec<(String, Value)> = newest
        .resources
        .iter()
        .map(|(name, source)| (name.clone(), serde_json::from_str(&source.text).unwrap()))
        .collect();
    for (name, file) in &mut resources {
        match name.as_str() {
            "channels" => extend_channels(file),
            "events" => extend_events(file),
            "playbacks" => extend_playbacks(file),
            _ => {}
        }
    }
    resources.push(("transcripts".to_owned(), transcripts()));
    let resources = resources.into_iter().map(|(name, file)| {
        let source = Source { file: format!("{FUTURE}/{name}.json"), text: file.to_string() };
        (name, source)
    });
    ReleaseSource { release: FUTURE, resources: resources.collect() }
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

fn channel_id() -> Value {
    json!({ "name": "channelId", "paramType": "path", "dataType": "string", "required": true })
}

/// New operations with names that are keywords, a new parameter with values of its own, a new value of a known one.
fn extend_channels(file: &mut Value) {
    let loudness = json!({
        "name": "type", "paramType": "query", "dataType": "string", "required": true,
        "allowableValues": { "valueType": "LIST", "values": ["other", "+3 dB", "*", ""] }
    });
    push(
        &mut file["apis"],
        json!({ "path": "/channels/{channelId}/await", "operations": [
            { "httpMethod": "POST", "nickname": "await", "responseClass": "List[Transcript]",
              "parameters": [channel_id(), loudness,
                  { "name": "crate", "paramType": "query", "dataType": "int", "allowMultiple": true },
                  { "name": "new", "paramType": "query", "dataType": "boolean" },
                  { "name": "attributes", "paramType": "body", "dataType": "object" }] },
            { "httpMethod": "GET", "nickname": "self", "responseClass": "binary", "parameters": [channel_id()] }
        ] }),
    );
    let state = &mut file["models"]["Channel"]["properties"]["state"];
    push(&mut state["allowableValues"]["values"], json!("On Fire"));
    file["models"]["Channel"]["properties"]["move"] = json!({ "type": "Transcript", "required": true });
}

/// New events, one of them with a name that the bindings use themselves, and what they carry.
fn extend_events(file: &mut Value) {
    let models = file["models"].as_object_mut().unwrap();
    for name in ["ChannelTranscribed", "Unknown"] {
        push(&mut models["Event"]["subTypes"], json!(name));
    }
    models.insert(
        "ChannelTranscribed".to_owned(),
        json!({ "id": "ChannelTranscribed", "properties": {
            "channel": { "type": "Channel", "required": true },
            "transcript": { "type": "Transcript" },
            "impl": { "type": "List[Date]" },
            "confidence": { "type": "double", "required": true }
        } }),
    );
    models.insert("Unknown".to_owned(), json!({ "id": "Unknown", "properties": {} }));
}

/// What was always there may be missing, and a number may become text.
fn extend_playbacks(file: &mut Value) {
    let properties = file["models"]["Playback"]["properties"].as_object_mut().unwrap();
    properties.remove("target_uri");
    properties["id"] = json!({ "type": "string" });
    properties["language"] = json!({ "type": "List[string]" });
}

/// A new resource, with a model that contains itself.
fn transcripts() -> Value {
    let id = json!({ "name": "transcriptId", "paramType": "path", "dataType": "string", "required": true });
    json!({
        "swaggerVersion": "1.1", "apiVersion": "2.0.0", "resourcePath": "/api-docs/transcripts.{format}",
        "since": ["24.0.0"], "requiresModules": ["res_ari_transcripts"],
        "apis": [{ "path": "/transcripts/{transcriptId}", "operations": [
            { "httpMethod": "GET", "nickname": "get", "responseClass": "Transcript", "parameters": [id] },
            { "httpMethod": "DELETE", "nickname": "delete", "responseClass": "void", "parameters": [id],
              "errorResponses": [{ "code": 404 }] }
        ] }],
        "models": { "Transcript": { "id": "Transcript", "properties": {
            "id": { "type": "string", "required": true },
            "previous": { "type": "Transcript" },
            "channel": { "type": "Channel" },
            "parts": { "type": "List[Transcript]", "required": true },
            "match": { "type": "object" },
            "state": { "type": "string", "allowableValues": { "valueType": "LIST", "values": ["final", "3rd try"] } }
        } } }
    })
}

#[test]
fn future_release_adds_its_items() {
    let generated = generated();
    let text = |path: &str| &generated.files.iter().find(|file| file.path == path).unwrap().text;
    let has = |path: &str, expected: &str| {
        assert!(text(path).contains(expected), "{path} lacks `{expected}`:\n{}", text(path));
    };
    has("mod.rs", "\"24.0.0\"");
    has("operations/channels.rs", "pub fn r#await(");
    has("operations/channels.rs", "pub fn self_(&self, channel_id: impl Into<ChannelId>) -> SelfRequest");
    has("operations/channels.rs", "Since Asterisk 24.0.");
    has("operations/transcripts.rs", "pub struct Transcripts");
    has("handles.rs", "pub fn transcript(");
    has("ids.rs", "id!(TranscriptId, \"The id of a transcript.\");");
    has("events.rs", "UnknownMessage(Box<UnknownMessage>)");
    has("events.rs", "pub transcript: Option<Transcript>");
    has("models.rs", "pub previous: Option<Box<crate::models::Transcript>>");
    has("models.rs", "pub r#move: Option<Box<crate::models::Transcript>>");
    has("models.rs", "pub target_uri: Option<String>");
    has("values.rs", "pub enum TranscriptState");
    has("values.rs", "\"On Fire\"");
    let older = ["16.30.1", "18.26.4", "20.20.1", "21.12.3", "22.10.1", "23.4.1"];
    let contradiction = |release| format!("Playback.language: string in {release}, List[string] later: any JSON");
    assert!(generated.notes.contains(&contradiction("23.4.1")), "{:?}", generated.notes);
    assert_eq!(generated.notes.len(), older.len(), "{:?}", generated.notes);
}

#[test]
fn future_release_loses_nothing() {
    let difference = difference(&declared(&sources(), FIXUPS), &inventory::generated(&generated()));
    assert!(difference.is_empty(), "{difference}");
}

/// The types that generated code imports from elsewhere than its own modules.
fn imports(generated: &Generated) -> BTreeSet<String> {
    let own = ["crate::ids", "crate::models", "crate::values", "crate::events", "crate::operations"];
    let mut names = BTreeSet::new();
    for file in &generated.files {
        let items = syn::parse_file(&file.text).unwrap().items.into_iter();
        let uses = items.filter(|item| matches!(item, syn::Item::Use(_)));
        let paths = uses.map(|item| item.into_token_stream().to_string().replace(' ', ""));
        for path in paths.filter(|path| !own.iter().any(|own| path.contains(own))) {
            let words = path.split(|c: char| !c.is_alphanumeric()).filter(|word| word.starts_with(char::is_uppercase));
            names.extend(words.map(str::to_owned));
        }
    }
    names
}

#[test]
fn events_and_models_never_have_names_that_generated_code_imports() {
    let imported = imports(&generated());
    assert!(imported.contains("Resync") && imported.contains("Call"), "{imported:?}");
    for parent in ["Event", "Message"] {
        let mut sources = sources();
        let future = sources.last_mut().unwrap();
        let (_, source) = future.resources.iter_mut().find(|(name, _)| name == "events").unwrap();
        let mut file: Value = serde_json::from_str(&source.text).unwrap();
        let models = file["models"].as_object_mut().unwrap();
        for name in imported.iter().filter(|name| *name != "Event") {
            if parent == "Event" {
                push(&mut models["Event"]["subTypes"], json!(name));
            }
            models.entry(name).or_insert(json!({ "id": name, "properties": {} }));
        }
        source.text = file.to_string();
        let generated = generate(&sources, FIXUPS, &Record::default()).unwrap_or_else(|faults| panic!("{faults}"));
        for name in &imported {
            let declared = format!("pub struct {name} {{");
            let file = generated.files.iter().find(|file| file.text.contains(&declared));
            assert!(file.is_none(), "{}: {declared}", file.unwrap().path);
        }
    }
}
