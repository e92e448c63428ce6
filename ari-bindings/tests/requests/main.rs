//! The encoding of every operation with all of its parameters. Nothing is sent.
//!
//! The table is written by hand. That it is complete is checked against `api-docs/`, read without the generator.

mod applications;
mod asterisk;
#[allow(clippy::too_many_lines, reason = "it is a table")]
mod bridges;
#[allow(clippy::too_many_lines, reason = "it is a table")]
mod channels;
mod declared;
mod device_states;
mod endpoints;
mod events;
mod handles;
mod lists;
mod mailboxes;
mod playbacks;
mod recordings;
mod sounds;

use std::collections::{BTreeMap, BTreeSet};

use ari_bindings::operations::OPERATIONS;
use ari_bindings::{Client, Error, Request};
use declared::declared_operations;
use serde_json::Value;

/// A request and its expected encoding: `METHOD path`, `?name=value`, `&name=value`, ` body`, each percent-encoded.
struct Row {
    request: Request,
    expected: String,
}

fn row(request: Result<Request, Error>, expected: &[&str]) -> Row {
    let expected = expected.concat();
    let request = request.unwrap_or_else(|error| panic!("{expected}: {error}"));
    Row { request, expected }
}

/// Every operation with all of its parameters.
fn rows() -> Vec<Row> {
    let ari = &Client::builder("http://localhost:8088/ari").build().unwrap();
    let resources = [
        applications::rows,
        asterisk::rows,
        bridges::rows,
        channels::rows,
        device_states::rows,
        endpoints::rows,
        events::rows,
        mailboxes::rows,
        playbacks::rows,
        recordings::rows,
        sounds::rows,
    ];
    resources.iter().flat_map(|rows| rows(ari)).collect()
}

#[test]
fn every_request_is_as_expected() {
    for Row { request, expected } in rows() {
        let body = request.body().map(|body| format!(" {body}")).unwrap_or_default();
        assert_eq!(format!("{} {}{body}", request.method(), request.uri()), expected);
    }
}

#[test]
fn every_declared_operation_is_in_the_table_once() {
    let mut declared: BTreeSet<_> = declared_operations().into_keys().collect();
    // `Client::events` makes this request.
    assert!(declared.remove(&("events".to_owned(), "eventWebsocket".to_owned())));

    let rows = rows();
    let table: BTreeSet<_> = rows.iter().map(|row| name(&row.request)).collect();
    assert_eq!(table, declared);
    assert_eq!(rows.len(), table.len());

    let bindings: BTreeSet<_> = OPERATIONS.iter().map(|it| (it.resource.to_owned(), it.name.to_owned())).collect();
    assert_eq!(bindings, declared);
    assert_eq!(OPERATIONS.len(), declared.len());
}

#[test]
fn every_declared_parameter_is_set_and_no_other() {
    let declared = declared_operations();
    for Row { request, .. } in rows() {
        let operation = request.operation().unwrap();
        let declared = &declared[&name(&request)];
        assert_eq!((operation.method.as_str(), operation.path), (declared.method.as_str(), declared.path.as_str()));
        assert!(!request.path().contains(['{', '}']), "{operation}: {}", request.path());
        let in_path: BTreeSet<_> = operation.path.split('/').filter_map(parameter_of_segment).collect();
        assert_eq!(in_path, declared.in_path, "{operation}: parameters of the path");
        assert_eq!(query_names(&request), declared.in_query, "{operation}: parameters of the query");
        assert_eq!(!declared.in_body.is_empty(), request.body().is_some(), "{operation}: its body");
        if let (Some(body), Some(parameter)) = (request.body(), declared.in_body.first()) {
            let whole = WITHOUT_A_NAME.contains(&(operation.resource, operation.name));
            assert_eq!(whole, body.get(parameter).is_none(), "{operation}: {body}");
        }
    }
}

/// The operations whose body is the parameter, rather than an object with the parameter as a member.
const WITHOUT_A_NAME: [(&str, &str); 2] = [("applications", "filter"), ("bridges", "create")];

fn name(request: &Request) -> (String, String) {
    let operation = request.operation().unwrap();
    (operation.resource.to_owned(), operation.name.to_owned())
}

fn parameter_of_segment(segment: &str) -> Option<String> {
    segment.strip_prefix('{')?.strip_suffix('}').map(str::to_owned)
}

fn query_names(request: &Request) -> BTreeSet<String> {
    let query = request.query().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap().0.to_owned()).collect()
}

#[test]
fn list_is_one_parameter_that_setters_extend() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    let request = ari.asterisk().get_info().only(["build"]).only(["system", "x y"]).into_request().unwrap();
    assert_eq!(request.uri(), "asterisk/info?only=build%2Csystem%2Cx%20y");
    // Setting any other parameter again replaces it.
    let request = ari.sounds().list().lang("en").lang("de").into_request().unwrap();
    assert_eq!(request.uri(), "sounds?lang=de");
}

#[test]
fn too_long_query_moves_to_the_body() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    let long = "é,\"+".repeat(1000);
    let request = ari
        .channels()
        .originate("Local/echo@default")
        .app("a")
        .app_args(&long)
        .timeout(5)
        .variables([("A", "1")])
        .into_request()
        .unwrap();
    assert_eq!((request.uri().as_str(), request.query()), ("channels", None));
    let expected: BTreeMap<&str, Value> = BTreeMap::from([
        ("endpoint", "Local/echo@default".into()),
        ("app", "a".into()),
        ("appArgs", long.into()),
        ("timeout", 5.into()),
        ("variables", serde_json::json!({ "A": "1" })),
    ]);
    assert_eq!(request.body(), Some(&serde_json::to_value(expected).unwrap()));

    // In JSON, a list is an array, without any escapes.
    let media: Vec<_> = (0..120).map(|n| format!("sound:{n},{}", "x".repeat(40))).collect();
    let request = ari.channel("c").play(&media).into_request().unwrap();
    assert_eq!(request.body().unwrap()["media"], serde_json::json!(media));
}

#[test]
fn misreadable_parameters_are_refused() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    let refused = [
        (ari.channel("").hangup().into_request(), "channelId"),
        (ari.bridge("").start_moh().into_request(), "bridgeId"),
        (ari.playback("..").stop().into_request(), "playbackId"),
        (ari.endpoints().get("PJSIP", "").into_request(), "resource"),
        (ari.channel("c").play(vec!["x"; 128]).into_request(), "media"),
        (ari.channel("c\0d").answer().into_request(), "channelId"),
        (ari.channel("c".repeat(5000)).answer().into_request(), ""),
    ];
    for (request, at_fault) in refused {
        match request {
            Err(Error::InvalidRequest { parameter, .. }) => assert_eq!(parameter, at_fault),
            other => panic!("{at_fault}: {other:?}"),
        }
    }
}
