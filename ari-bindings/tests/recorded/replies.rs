//! The responses to executed requests.

use std::collections::BTreeSet;

use ari_bindings::Operation;
use ari_bindings::operations::OPERATIONS;
use serde_json::Value;

use crate::models::{Answer, answer};
use crate::{Recorded, read};

#[test]
fn every_operation_has_a_kind_of_answer() {
    for operation in OPERATIONS {
        answer(operation);
    }
}

#[test]
fn every_reply_is_what_its_operation_answers() {
    let mut seen = BTreeSet::new();
    let mut replies = 0;
    for reply in Recorded::all().iter().filter(|reply| reply.is_success()) {
        let Some(operation) = operation(reply) else { continue };
        replies += 1;
        seen.insert((operation.resource, operation.name));
        let context = format!("{} {}: {operation}", reply.method, reply.path);
        match answer(operation) {
            Answer::Nothing => assert_eq!((reply.body.as_str(), reply.is_json()), ("", false), "{context}"),
            Answer::File => assert!(reply.headers["content-type"].starts_with("audio/"), "{context}"),
            Answer::Json(round_trip) => {
                assert!(reply.is_json(), "{context}");
                let sent: Value = serde_json::from_str(&reply.body).unwrap();
                let back = round_trip(&reply.body).unwrap_or_else(|error| panic!("{context}: {error}: {sent}"));
                assert_eq!(back, sent, "{context}");
            }
        }
    }
    println!("{replies} replies of {} operations", seen.len());
    assert_eq!((replies, seen.len()), (REPLIES, SEEN), "the recorded numbers: {seen:?}");
}

#[test]
fn recorded_replies_round_trip() {
    let mut seen = BTreeSet::new();
    for release in ["22.10.1", "16.28.0"] {
        for line in read(&format!("{release}/replies.jsonl")).lines() {
            let reply: Value = serde_json::from_str(line).unwrap();
            let (resource, name) = reply["operation"].as_str().unwrap().split_once('.').unwrap();
            let operation = OPERATIONS.iter().find(|it| (it.resource, it.name) == (resource, name)).unwrap();
            let Answer::Json(round_trip) = answer(operation) else { panic!("{operation} answers JSON") };
            let back = round_trip(&reply["body"].to_string()).unwrap_or_else(|error| panic!("{operation}: {error}"));
            assert_eq!(by_value(back), by_value(reply["body"].clone()), "{release}: {operation}");
            let members = reply["body"].as_object().into_iter().flatten();
            seen.extend(members.map(|(member, value)| format!("{release} {operation}: {member} {value}")));
        }
    }
    // Missing in the declarations, and added by fixups.
    let evidence = |release: &str, operation: &str, member: &str| {
        let start = format!("{release} {operation}");
        assert!(seen.iter().any(|it| it.starts_with(&start) && it.contains(member)), "{release} {operation} {member}");
    };
    for release in ["22.10.1", "16.28.0"] {
        evidence(release, "playbacks.get ", r#": state "paused""#);
    }
    for member in ["txmes", "rxmes", "remote_maxmes", "remote_minmes", "remote_normdevmes", "remote_stdevmes"] {
        evidence("22.10.1", "channels.rtpstatistics ", &format!(": {member} "));
    }
    for member in ["local_maxmes", "local_minmes", "local_normdevmes", "local_stdevmes"] {
        evidence("22.10.1", "channels.rtpstatistics ", &format!(": {member} "));
    }
}

/// Asterisk omits a fraction of zero: 0 for 0.0.
fn by_value(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.into_iter().map(by_value).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, by_value(value))).collect(),
        other => other,
    }
}

/// The number of recorded replies, and the number of operations they belong to.
const REPLIES: usize = 350;
const SEEN: usize = 97;

/// The requested operation; `None` for `OPTIONS` and for undeclared paths.
pub(crate) fn operation(reply: &Recorded) -> Option<&'static Operation> {
    let path = reply.path.split('?').next()?.strip_prefix("/ari")?;
    // Asterisk reads a path up to its first empty segment.
    let path = path.split("//").next()?;
    let of_method = OPERATIONS.iter().filter(|operation| operation.method.as_str() == reply.method);
    let matching = of_method.filter(|operation| matches(operation.path, path));
    // A literal segment takes precedence over a parameter, as in Asterisk.
    matching.min_by_key(|operation| operation.path.matches('{').count())
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(template, segment): (&&str, &&str)| template == segment || template.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}
