//! How requests and replies are written over a WebSocket.

use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::unescape::unescape;
use crate::request::{Content, Head};
use crate::value::Text;
use crate::{Error, Request};

/// The largest message that Asterisk takes; it ends the connection over a larger one.
const LARGEST_REQUEST: usize = 65_535;

/// A request as Asterisk wants it, without its type and ids.
#[derive(Serialize)]
struct RestRequest<'a> {
    method: &'static str,
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_body: Option<String>,
}

/// The part of a reply that is needed, as it stands in the text.
#[derive(Deserialize)]
struct RestResponse<'a> {
    status_code: u16,
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
    #[serde(borrow)]
    reason_phrase: Option<Text<'a>>,
    #[serde(borrow)]
    content_type: Option<Text<'a>>,
    #[serde(borrow)]
    message_body: Option<Text<'a>>,
}

/// The part of a reply that identifies its request.
#[derive(Deserialize)]
struct RequestId<'a> {
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
}

/// A reply, out of its text.
pub(super) enum Answer {
    Read {
        status: u16,
        reason: String,
        content_type: String,
        body: String,
    },
    /// It identifies its request, but is malformed.
    Unreadable {
        error: serde_json::Error,
        text: Utf8Bytes,
    },
}

/// What stands before the body of a reply, as Asterisk writes it.
const BODY: &str = "\"message_body\":\"";

/// A placeholder for a body that is read separately. Never a body: those are empty or JSON.
const READ_SEPARATELY: &str = "-";

/// Reads a reply and the number of its request; `None` if the request is not one of ours.
pub(super) fn answer(text: &Utf8Bytes) -> Option<(u64, Answer)> {
    match with_body_apart(text).map_or_else(|| read(text), Ok) {
        Ok((id, answer)) => Some((id.parse().ok()?, answer)),
        Err(error) => {
            let RequestId { request_id } = serde_json::from_str(text).ok()?;
            let id = words(request_id).parse().ok()?;
            Some((id, Answer::Unreadable { error, text: text.clone() }))
        }
    }
}

fn read(text: &str) -> serde_json::Result<(String, Answer)> {
    let response: RestResponse<'_> = serde_json::from_str(text)?;
    let answer = Answer::Read {
        status: response.status_code,
        reason: words(response.reason_phrase),
        content_type: words(response.content_type),
        body: words(response.message_body),
    };
    Ok((words(response.request_id), answer))
}

/// Reads a reply whose body is unescaped separately, which is faster; `None` if it is not in Asterisk's form.
fn with_body_apart(text: &str) -> Option<(String, Answer)> {
    let start = text.find(BODY)? + BODY.len();
    let (unescaped, length) = unescape(&text[start..])?;
    let rest = format!("{}{READ_SEPARATELY}\"{}", &text[..start], &text[start + length..]);
    let (id, mut answer) = read(&rest).ok()?;
    match &mut answer {
        Answer::Read { body, .. } if body == READ_SEPARATELY => *body = unescaped,
        // It was in another place, and is none.
        _ => return None,
    }
    Some((id, answer))
}

fn words(text: Option<Text<'_>>) -> String {
    text.map(|Text(text)| text.into_owned()).unwrap_or_default()
}

/// A request as text that has no id yet: ids follow the order in which requests are sent.
pub(super) struct Unnumbered<'a> {
    request: &'a Request,
    text: String,
}

impl Unnumbered<'_> {
    /// The text with this id.
    pub(super) fn numbered(&self, id: u64) -> Result<String, Error> {
        // The rest is an object with members.
        let rest = self.text.strip_prefix('{').unwrap_or_default();
        let text = format!(r#"{{"type":"RESTRequest","transaction_id":"{id}","request_id":"{id}",{rest}"#);
        if text.len() > LARGEST_REQUEST {
            let reason = "it is longer than the 65535 bytes that Asterisk takes over a WebSocket";
            return Err(self.request.invalid("", reason));
        }
        Ok(text)
    }
}

/// Writes a request.
pub(super) fn write(request: &Request) -> Result<Unnumbered<'_>, Error> {
    let body = request.body().map_or_else(|| empty_body(request), |body| Some(body.to_string()));
    let message = RestRequest {
        method: request.method().as_str(),
        uri: &request.uri(),
        content_type: body.is_some().then_some("application/json"),
        message_body: body,
    };
    let text = serde_json::to_string(&message).map_err(|error| request.invalid("", error.to_string()))?;
    Ok(Unnumbered { request, text })
}

/// What stands for no body. Over HTTP, Asterisk resets a filter without one; over a WebSocket it refuses that.
fn empty_body(request: &Request) -> Option<String> {
    request.is("applications", "filter").then(|| "{}".to_owned())
}

/// Whether a reply reports success without having executed the request. Asterisk cannot unsubscribe a whole kind such
/// as `channel:`, and over HTTP says so with a 501; over a WebSocket it replies 200, without the application.
fn is_unexecuted(request: &Request, status: u16, body: &str) -> bool {
    status == 200 && request.is("applications", "unsubscribe") && body.is_empty()
}

impl Answer {
    /// What it means for the request.
    pub(super) fn into_content(self, base_url: &str, request: &Request) -> Result<Content, Error> {
        match self {
            Self::Unreadable { error, text } => Err(request.undecodable(&error, text.as_bytes())),
            Self::Read { status, reason, content_type, body } => {
                if is_unexecuted(request, status, &body) {
                    let body = serde_json::json!({ "message": "Not Implemented" }).to_string();
                    return Err(Head::of(501, "application/json").into_error(request, base_url, &body));
                }
                let head = Head::of(status, &content_type);
                if head.is_success() {
                    return Ok(Content::Text { status, text: body.into() });
                }
                // What ARI itself finds wrong with a request it says in the reason alone.
                let body = if body.is_empty() { serde_json::json!({ "message": reason }).to_string() } else { body };
                Err(head.into_error(request, base_url, &body))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Operation};

    fn read(reply: &str) -> (u64, String) {
        match answer(&reply.into()) {
            Some((id, Answer::Read { body, .. })) => (id, body),
            _ => panic!("{reply}"),
        }
    }

    #[test]
    fn body_of_a_reply_is_its_own_member() {
        let inner = r#"{"other":{"message_body":"a"},"request_id":"1","status_code":200}"#;
        assert_eq!(read(inner), (1, String::new()));
        let both = r#"{"other":{"message_body":"a"},"request_id":"1","status_code":200,"message_body":"b"}"#;
        assert_eq!(read(both), (1, "b".to_owned()));
        let dash = r#"{"request_id":"1","status_code":200,"message_body":"-"}"#;
        assert_eq!(read(dash), (1, "-".to_owned()));
    }

    #[test]
    fn empty_body_is_a_refusal_of_unsubscribing_alone() {
        static UNSUBSCRIBE: Operation =
            Operation { resource: "applications", name: "unsubscribe", method: Method::Delete, path: "/x" };
        static OTHER: Operation = Operation { resource: "channels", name: "answer", method: Method::Post, path: "/x" };
        let status = |operation: &'static Operation, status: u16, body: &str| {
            let answer = Answer::Read {
                status,
                reason: String::new(),
                content_type: "application/json".to_owned(),
                body: body.to_owned(),
            };
            answer.into_content("", &Request::of(operation)).map(drop).map_err(|error| error.status())
        };
        assert_eq!(status(&UNSUBSCRIBE, 200, ""), Err(Some(501)));
        assert_eq!(status(&UNSUBSCRIBE, 404, ""), Err(Some(404)));
        assert_eq!(status(&UNSUBSCRIBE, 200, "{}"), Ok(()));
        assert_eq!(status(&OTHER, 200, ""), Ok(()));
    }

    #[test]
    fn requests_of_the_program_are_not_special() {
        let request = Request::new(Method::Post, "/x");
        let text = write(&request).unwrap().numbered(1).unwrap();
        assert!(!text.contains("message_body"), "{text}");
        let answer = Answer::Read {
            status: 200,
            reason: String::new(),
            content_type: "application/json".to_owned(),
            body: String::new(),
        };
        assert!(answer.into_content("", &request).is_ok());
    }

    #[test]
    fn request_may_be_as_long_as_asterisk_takes() {
        let length = |length: usize| {
            let request = Request::new(Method::Get, "/x").query_parameter("x", "x".repeat(length));
            write(&request).unwrap().numbered(1).map(|text| text.len()).map_err(drop)
        };
        let rest = length(0).unwrap();
        assert_eq!(length(LARGEST_REQUEST - rest), Ok(LARGEST_REQUEST));
        assert_eq!(length(LARGEST_REQUEST - rest + 1), Err(()));
    }
}
