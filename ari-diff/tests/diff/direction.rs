//! The way in which a model travels decides what a change of its properties means.

use ari_codegen::Source;
use ari_diff::direction::of_models;
use ari_diff::{Finding, Level, Report, diff};

use crate::support::{Files, api_docs, number, release, release_of_things, releases};

/// An API with these operations and models as JSON; the models as `"Name": {…}`.
fn api(operations: &str, models: &str) -> Files {
    release_of_things(Source {
        file: "things.json".to_owned(),
        text: format!(
            r#"{{"swaggerVersion": "1.1", "apiVersion": "2.0.0", "resourcePath": "/api-docs/things.{{format}}",
            "apis": [{{"path": "/things", "operations": [{operations}]}}], "models": {{{models}}}}}"#
        ),
    })
}

fn report(old: (&str, &str), new: (&str, &str)) -> Report {
    let [old, new] = [old, new].map(|(operations, models)| api(operations, models).declared("x", number("1.0.0")));
    diff(&old, &new)
}

/// The only change between APIs of the same operations.
fn only(operations: &str, old: &str, new: &str) -> Finding {
    let mut report = report((operations, old), (operations, new));
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    report.findings.remove(0)
}

const REPLY: &str = r#"{"httpMethod": "GET", "nickname": "get", "responseClass": "List[Thing]"}"#;
const BODY: &str = r#"{"httpMethod": "PUT", "nickname": "put", "responseClass": "void",
    "parameters": [{"name": "thing", "paramType": "body", "dataType": "Thing"}]}"#;
const BARE: &str = r#""Thing": {"id": "Thing", "properties": {"name": {"type": "string"}}}"#;
const MORE: &str = r#""Thing": {"id": "Thing", "properties": {"name": {"type": "string"},
    "size": {"type": "int", "required": true}}}"#;

#[test]
fn received_and_sent_models_have_separate_rules() {
    let received = only(REPLY, BARE, MORE);
    assert_eq!((received.rule.id, received.wire), ("property-added-required", Level::Add));
    assert_eq!(received.change.uses.names(), ["reply"]);
    let sent = only(BODY, BARE, MORE);
    assert_eq!((sent.rule.id, sent.wire), ("request-property-added-required", Level::Break));
}

#[test]
fn models_used_both_ways_take_the_graver_rule() {
    let both = format!("{REPLY}, {BODY}");
    let grown = only(&both, BARE, MORE);
    assert_eq!((grown.rule.id, grown.wire), ("request-property-added-required", Level::Break));
    assert_eq!(grown.change.uses.names(), ["request", "reply"]);
    let shrunk = only(&both, MORE, BARE);
    assert_eq!((shrunk.rule.id, shrunk.wire), ("property-removed-required", Level::Break));
}

#[test]
fn unused_models_have_no_direction() {
    let unused = r#"{"httpMethod": "GET", "nickname": "get", "responseClass": "void"}"#;
    let finding = only(unused, MORE, BARE);
    assert_eq!((finding.wire, finding.rust), (Level::Note, Level::Break));
    assert!(finding.change.uses.names().is_empty());
}

/// By a property of a model that is received, through a list, and by inheritance.
#[test]
fn a_use_reaches_what_a_model_holds_and_inherits() {
    let around = |model: &str| {
        format!(
            r#"{model}, "Box": {{"id": "Box", "properties": {{"things": {{"type": "List[Thing]"}}}}}},
            "Base": {{"id": "Base", "subTypes": ["Box"], "properties": {{}}}}"#
        )
    };
    let operation = REPLY.replace("List[Thing]", "Box");
    let finding = only(&operation, &around(BARE), &around(MORE));
    assert_eq!(finding.change.uses.names(), ["reply"]);
}

#[test]
fn change_of_a_base_counts_its_heirs() {
    let tree = |properties: &str| {
        format!(
            r#""Message": {{"id": "Message", "discriminator": "type", "subTypes": ["Event"],
                "properties": {{"type": {{"type": "string", "required": true}}}}}},
            "Event": {{"id": "Event", "subTypes": ["Opened", "Closed"], "properties": {{{properties}}}}},
            "Opened": {{"id": "Opened", "properties": {{}}}}, "Closed": {{"id": "Closed", "properties": {{}}}}"#
        )
    };
    let operation = r#"{"httpMethod": "GET", "nickname": "feed", "responseClass": "Message", "upgrade": "websocket"}"#;
    let finding = only(operation, &tree(""), &tree(r#""timestamp": {"type": "Date", "required": true}"#));
    assert_eq!(finding.change.subject, "Event.timestamp");
    assert_eq!(finding.change.inherited_by, 2);
    assert_eq!(finding.change.uses.names(), ["event"]);
}

/// A model that is merely called otherwise changes no reply; two that could be meant are no guess.
#[test]
fn a_renamed_model_is_guessed_only_where_the_guess_is_the_only_one() {
    let item = BARE.replace("Thing", "Item");
    let operations = REPLY.replace("Thing", "Item");
    let renamed = report((REPLY, BARE), (&operations, &item));
    let ids: Vec<&str> = renamed.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["model-renamed"]);
    let two = format!("{item}, {}", BARE.replace("Thing", "Other"));
    let unclear = report((REPLY, BARE), (&operations, &two));
    let ids: Vec<&str> = unclear.findings.iter().map(|finding| finding.rule.id).collect();
    assert_eq!(ids, ["response-type-changed", "model-removed", "model-added", "model-added"]);
}

/// The declarations say `containers`; what a body really holds is known from the fixups.
#[test]
fn bodies_that_are_known_only_from_fixups_count() {
    for number in releases(&api_docs()) {
        let uses = of_models(&release(&api_docs(), &number.to_string()));
        assert_eq!(uses["ConfigTuple"].names(), ["request", "reply"], "{number}");
        assert_eq!(uses["Channel"].names(), ["reply", "event"], "{number}");
        assert_eq!(uses["Event"].names(), ["event"], "{number}");
    }
}

#[test]
fn diff_of_api_with_two_routes_of_one_shape_and_itself_is_empty() {
    let get = |name: &str, class: &str| {
        format!(
            r#"{{"path": "/things/{{{name}}}", "operations": [{{"httpMethod": "GET", "nickname": "{name}",
            "responseClass": "{class}", "parameters": [{{"name": "{name}", "paramType": "path", "dataType": "string"}}]}}]}}"#
        )
    };
    let files = release_of_things(Source {
        file: "things.json".to_owned(),
        text: format!(
            r#"{{"swaggerVersion": "1.1", "apiVersion": "2.0.0", "resourcePath": "/api-docs/things.{{format}}",
            "apis": [{}, {}], "models": {{{BARE}}}}}"#,
            get("id", "Thing"),
            get("name", "void"),
        ),
    });
    let [old, new] = ["old", "new"].map(|name| files.declared(name, number("1.0.0")));
    let report = diff(&old, &new);
    assert_eq!(report.findings.len(), 0, "{:#?}", report.findings);
}
