//! How requests and replies are written over a WebSocket.

use serde::{Deserialize, Serialize};

use crate::reply::{Head, Reply};
use crate::value::Text;
use crate::{Error, Operation, Request};

/// The largest message that Asterisk takes; it ends the connection over a larger one.
const LARGEST_REQUEST: usize = 65_535;

/// A request as Asterisk wants it.
#[derive(Serialize)]
struct RestRequest<'a> {
    r#type: &'static str,
    transaction_id: &'a str,
    request_id: &'a str,
    method: &'static str,
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_body: Option<String>,
}

/// The part of a reply that is needed.
#[derive(Deserialize)]
struct RestResponse<'a> {
    status_code: u16,
    #[serde(borrow, default)]
    reason_phrase: Option<Text<'a>>,
    #[serde(borrow, default)]
    content_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    message_body: Option<Text<'a>>,
}

/// The part of a reply that tells whose it is.
#[derive(Deserialize)]
struct RequestId<'a> {
    #[serde(borrow, default)]
    request_id: Option<Text<'a>>,
}

/// Whose reply a text is, if it says so as requests of ours do.
pub(super) fn request_id(text: &str) -> Option<u64> {
    let RequestId { request_id: Some(Text(id)) } = serde_json::from_str(text).ok()? else { return None };
    id.parse().ok()
}

/// A request as text.
pub(super) fn write(id: u64, request: &Request) -> Result<String, Error> {
    let invalid =
        |reason: &str| Error::InvalidRequest { operation: request.operation(), parameter: "", reason: reason.into() };
    let id = id.to_string();
    let body = request.body().map(ToString::to_string);
    let message = RestRequest {
        r#type: "RESTRequest",
        transaction_id: &id,
        request_id: &id,
        method: request.method().as_str(),
        uri: &request.uri(),
        content_type: body.is_some().then_some("application/json"),
        message_body: body,
    };
    let text = serde_json::to_string(&message).map_err(|error| invalid(&error.to_string()))?;
    if text.len() > LARGEST_REQUEST {
        return Err(invalid("it is longer than the 65535 bytes that Asterisk takes over a WebSocket"));
    }
    Ok(text)
}

/// A reply to it.
pub(super) fn read(
    operation: &'static Operation,
    base_url: &str,
    request: &Request,
    text: &str,
) -> Result<Reply, Error> {
    let response: RestResponse<'_> = serde_json::from_str(text).map_err(|error| Error::Decode {
        operation,
        reason: format!("no RESTResponse: {error}").into(),
        body: text.into(),
    })?;
    let words = |text: Option<Text<'_>>| text.map(|Text(text)| text.into_owned()).unwrap_or_default();
    let head = Head::of(response.status_code, &words(response.content_type));
    let body = words(response.message_body);
    if head.is_success() {
        return Ok(Reply::Text { operation, status: response.status_code, text: body.into_bytes() });
    }
    // What ARI itself finds wrong with a request it says in the reason alone.
    let reason = words(response.reason_phrase);
    let body = if body.is_empty() { serde_json::json!({ "message": reason }).to_string() } else { body };
    let url = format!("{base_url}{}", request.path());
    Err(head.into_error(operation, &url, &body))
}
