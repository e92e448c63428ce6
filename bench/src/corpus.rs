//! The events that a real Asterisk was seen to send, in their natural mix.

use crate::Failure;

/// The channel id and the application of the event that ends a run: a text ends with [`END_OF_TEXT`] if it is that.
pub(crate) const END: &str = "bench-end";

/// How the text of the event that ends a run ends.
pub(crate) const END_OF_TEXT: &str = "\"bench-end\"}";

/// All recorded events.
pub(crate) fn events() -> Result<Vec<String>, Failure> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../ari-bindings/tests/recorded/data/events.jsonl");
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(text.lines().filter(|line| line.contains("\"type\":")).map(str::to_owned).collect())
}

/// Those that are about calls, not about the connection that they come over: a client may act upon the others.
pub(crate) fn events_of_calls() -> Result<Vec<String>, Failure> {
    let about_connection = |text: &String| {
        let kinds = ["RESTResponse", "ApplicationReplaced", "ApplicationRegistered"];
        kinds.iter().any(|kind| text.contains(&format!("\"type\":\"{kind}\"")))
    };
    let mut events = events()?;
    events.retain(|text| !about_connection(text));
    Ok(events)
}

/// The event that ends a run; every contender knows its type.
pub(crate) fn end() -> String {
    format!(
        r#"{{"type":"StasisEnd","timestamp":"2026-11-24T10:00:00.000+0000","channel":{},"asterisk_id":"02:00:00:00:00:01","application":"{END}"}}"#,
        channel(END, "")
    )
}

/// So many channels, as `GET /channels` lists them.
pub(crate) fn channels(count: usize) -> String {
    let variables = r#","channelvars":{"CALL_ID":"4c1f0f8e-7d1f-4b5e-9a57-1f6e0f6d3a52","CAMPAIGN":"autumn","SKILL":"sales-de","ATTEMPT":"2","RECORD":"yes"}"#;
    let channels: Vec<String> = (0..count).map(|index| channel(&format!("1795514400.{index}"), variables)).collect();
    format!("[{}]", channels.join(","))
}

/// A channel, with more members.
pub(crate) fn channel(id: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","name":"PJSIP/phone-a-00000003","state":"Up","protocol_id":"6a3c6f0e-2f0b-4f55-b36c-8d3c5f1a9c11","caller":{{"name":"Phone A","number":"1111"}},"connected":{{"name":"","number":""}},"accountcode":"","dialplan":{{"context":"default","exten":"1000","priority":2,"app_name":"Stasis","app_data":"hello-world"}},"creationtime":"2026-11-24T10:00:00.000+0000","language":"en"{more}}}"#
    )
}
