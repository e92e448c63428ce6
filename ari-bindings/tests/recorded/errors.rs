//! The replies that refuse a request, through the runtime.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::loopback::Loopback;
use ari_bindings::Error;
use serde_json::Value;
use tokio::time::timeout;

use crate::Recorded;

/// The expected properties of the error that a reply causes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Expected {
    Unauthorized(String),
    Refused(u16, String),
    NotAri(u16),
}

impl Expected {
    fn of(reply: &Recorded) -> Self {
        let html = reply.headers.get("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        if html && reply.status == 404 {
            return Self::NotAri(404);
        }
        let message = if html { html_words(&reply.body) } else { json_message(&reply.body) };
        if reply.status == 401 { Self::Unauthorized(message) } else { Self::Refused(reply.status, message) }
    }

    fn from(error: &Error) -> Self {
        match error {
            Error::Unauthorized { message, .. } => Self::Unauthorized(message.to_string()),
            Error::Refused { status, message, .. } => Self::Refused(*status, message.to_string()),
            Error::NotAri { status, .. } => Self::NotAri(*status),
            other => panic!("{other:?}"),
        }
    }
}

/// The member `message`, or in a few places `error`; an empty text for an empty body.
fn json_message(body: &str) -> String {
    let json: Value = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
    let words = json["message"].as_str().or(json["error"].as_str());
    words.unwrap_or_default().to_owned()
}

/// The title, the heading, the paragraph and the address of an error page of Asterisk's HTTP server.
fn html_words(body: &str) -> String {
    let between = |start: &str, end: &str| body.split_once(start).unwrap().1.split_once(end).unwrap().0.trim();
    let words = [
        between("<title>", "</title>"),
        between("<h1>", "</h1>"),
        between("<p>", "</p>"),
        between("<address>", "</address>"),
    ];
    words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_refusal_has_the_message_of_asterisk() {
    let mut kinds = BTreeMap::<_, u32>::new();
    for reply in Recorded::all().iter().filter(|reply| !reply.is_success()) {
        let expected = Expected::of(reply);
        for error in refusals(reply).await {
            let context = format!("{} {}: {} {}: {error:?}", reply.method, reply.path, reply.status, reply.body);
            assert_eq!(Expected::from(&error), expected, "{context}");
            assert_eq!(error.status(), Some(reply.status), "{context}");
            assert!(!error.maybe_executed(), "{context}");
            assert_eq!(error.is_not_found(), matches!(expected, Expected::Refused(404, _)), "{context}");
            if let Error::Refused { body, .. } = &error {
                assert_eq!(**body, *reply.body, "{context}");
            }
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("secret"), "{shown}");
        }
        *kinds.entry(expected).or_default() += 1;
    }
    assert!(kinds.len() > 50, "{kinds:#?}");
}

/// The errors that the reply causes for requests for JSON, for nothing and for a file, or for an event connection.
async fn refusals(reply: &Recorded) -> Vec<Error> {
    let headers = reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let server = Loopback::replaying(reply.status, headers, &reply.body).await;
    let ari = server.client();
    let errors = async {
        if reply.websocket {
            return vec![ari.events(["app"]).await.unwrap_err()];
        }
        vec![
            ari.asterisk().ping().await.unwrap_err(),
            ari.channel("1").answer().await.unwrap_err(),
            ari.recordings().get_stored_file("r").await.unwrap_err(),
        ]
    };
    timeout(Duration::from_secs(10), errors).await.expect("a reply")
}
