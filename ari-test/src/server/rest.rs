//! Requests and replies as messages of an event connection.

use ari_bindings::Release;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::page::phrase;
use crate::exchange::{Body, RawRequest, Reply};
use crate::surface;

/// Whether a release takes requests over the event connection. Others ignore what comes over it.
pub(super) fn is_in(release: Release) -> bool {
    surface::has("event RESTResponse", release)
}

/// What a reply repeats of its request.
#[derive(Debug, Default)]
pub(super) struct Asked {
    transaction_id: String,
    request_id: String,
    /// Without the query.
    uri: String,
}

/// Reads a message from the client. What is no request has a refusal.
pub(super) fn read(text: &str) -> (Asked, Result<RawRequest, Reply>) {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        let reason = Some("Failed to parse request message JSON");
        return (Asked::default(), Err(Reply { reason, ..Reply::empty(400) }));
    };
    let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut asked =
        Asked { transaction_id: text("transaction_id"), request_id: text("request_id"), uri: String::new() };
    match text("type").as_str() {
        "RESTRequest" => {}
        "" => return (asked, bad_request("No 'type' property.")),
        _ => return (asked, bad_request("Unknown request type.")),
    }
    let whole = text("uri");
    let (uri, query) = match whole.split_once('?') {
        Some((uri, query)) => (uri, Some(query.to_owned())),
        None => (&*whole, None),
    };
    if uri.is_empty() {
        return (asked, bad_request("Empty or missing 'uri' property."));
    }
    uri.clone_into(&mut asked.uri);
    let request = request(&message, uri, query);
    (asked, request)
}

fn request(message: &Value, uri: &str, query: Option<String>) -> Result<RawRequest, Reply> {
    let method = match message["method"].as_str().unwrap_or_default() {
        method @ ("GET" | "POST" | "PUT" | "DELETE" | "OPTIONS") => Method::from_bytes(method.as_bytes()).ok(),
        _ => None,
    };
    let Some(method) = method else { return bad_request("Unknown or missing 'method' property.") };
    if method == Method::GET && uri == "events" {
        return bad_request("Can't upgrade to websocket from a websocket");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = message["query_strings"].as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let pairs = pairs.map(|pair| format!("{}={}", encode(&text(&pair["name"])), encode(&text(&pair["value"]))));
    let query: Vec<String> = query.into_iter().chain(pairs).collect();
    Ok(RawRequest {
        method,
        path: format!("/{uri}"),
        query: (!query.is_empty()).then(|| query.join("&")),
        content_type: message["content_type"].as_str().map(str::to_owned),
        body: text(&message["message_body"]).into(),
    })
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn bad_request(message: &str) -> Result<RawRequest, Reply> {
    Err(Reply { reason: Some("Bad request"), ..Reply::message(400, message) })
}

/// The members of the event that carries a reply.
pub(super) fn members(asked: &Asked, mut reply: Reply) -> Map<String, Value> {
    if let Body::File { content_type, .. } = reply.body {
        if content_type != "text/html" {
            reply = Reply { reason: Some("Not Acceptable.  Use HTTP GET"), ..Reply::empty(406) };
        }
    }
    let mut members = Map::from_iter([
        ("transaction_id".to_owned(), asked.transaction_id.as_str().into()),
        ("request_id".to_owned(), asked.request_id.as_str().into()),
        ("status_code".to_owned(), reply.status.into()),
        ("reason_phrase".to_owned(), reply.reason.unwrap_or(phrase(reply.status)).into()),
        ("uri".to_owned(), asked.uri.as_str().into()),
    ]);
    let body = match reply.body {
        Body::Empty => None,
        Body::Json(text) => Some(("application/json", text)),
        Body::File { content_type, bytes } => Some((content_type, String::from_utf8_lossy(&bytes).into_owned())),
    };
    if let Some((content_type, text)) = body {
        members.insert("content_type".to_owned(), content_type.into());
        members.insert("message_body".to_owned(), text.into());
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(message: &Value) -> (String, u16, String) {
        let (asked, request) = read(&message.to_string());
        let reply = request.unwrap_err();
        let Body::Json(body) = reply.body else { panic!("no body") };
        (asked.uri, reply.status, body)
    }

    #[test]
    fn read_takes_query_and_body_apart() {
        let message = json!({
            "type": "RESTRequest", "request_id": "7", "method": "POST", "uri": "channels/a%2Fb/play?lang=en",
            "query_strings": [{ "name": "media", "value": "sound:a&b" }],
            "content_type": "application/json", "message_body": "{}",
        });
        let (asked, request) = read(&message.to_string());
        let request = request.unwrap();
        assert_eq!((asked.request_id.as_str(), asked.uri.as_str()), ("7", "channels/a%2Fb/play"));
        assert_eq!((request.method, request.path.as_str()), (Method::POST, "/channels/a%2Fb/play"));
        assert_eq!(request.query.as_deref(), Some("lang=en&media=sound%3Aa%26b"));
        assert_eq!((request.content_type.as_deref(), &*request.body), (Some("application/json"), &b"{}"[..]));
    }

    #[test]
    fn faulty_messages_are_refused_as_asterisk_does() {
        let (asked, request) = read("{");
        let reply = request.unwrap_err();
        assert_eq!((reply.status, reply.reason), (400, Some("Failed to parse request message JSON")));
        assert!(asked.uri.is_empty() && reply.body == Body::Empty);
        for (message, uri, text) in [
            (json!([]), "", "No 'type' property."),
            (json!({ "method": "GET", "uri": "x" }), "", "No 'type' property."),
            (json!({ "type": "Other", "uri": "x" }), "", "Unknown request type."),
            (json!({ "type": "RESTRequest", "method": "GET" }), "", "Empty or missing 'uri' property."),
            (json!({ "type": "RESTRequest", "uri": "x?y" }), "x", "Unknown or missing 'method' property."),
            (
                json!({ "type": "RESTRequest", "method": "get", "uri": "x" }),
                "x",
                "Unknown or missing 'method' property.",
            ),
            (
                json!({ "type": "RESTRequest", "method": "GET", "uri": "events" }),
                "events",
                "Can't upgrade to websocket from a websocket",
            ),
        ] {
            assert_eq!(refused(&message), (uri.to_owned(), 400, json!({ "message": text }).to_string()));
        }
    }

    #[test]
    fn body_that_is_no_text_is_none() {
        let message = json!({ "type": "RESTRequest", "method": "POST", "uri": "bridges", "message_body": { "a": 1 } });
        assert!(read(&message.to_string()).1.unwrap().body.is_empty());
    }

    #[test]
    fn files_are_not_acceptable() {
        let body = Body::File { content_type: "audio/wav", bytes: "RIFF".into() };
        let members = members(&Asked::default(), Reply { body, ..Reply::empty(200) });
        assert_eq!((&members["status_code"], members.get("message_body")), (&json!(406), None));
        assert_eq!(members["reason_phrase"], "Not Acceptable.  Use HTTP GET");
    }

    #[test]
    fn releases_take_requests_since_20_14() {
        for (release, expected) in [("16.30.1", false), ("18.26.4", false), ("20.13.0", false), ("22.10.1", true)] {
            assert_eq!(is_in(release.parse().unwrap()), expected, "{release}");
        }
    }
}
