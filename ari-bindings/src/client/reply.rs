//! From the server's answer to a reply or an error.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use serde_core::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use crate::object::readable;
use crate::{Download, Error, Operation};

/// How much of a foreign answer an error shows.
const EXCERPT: usize = 200;

/// What a reply is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Text to be read as a whole.
    Text,
    /// A file to be read piece by piece.
    File,
}

/// A reply that says that the request was carried out.
pub(crate) enum Reply {
    Text { operation: &'static Operation, status: u16, text: Bytes },
    File(Download),
}

impl Reply {
    /// The text as JSON of this type.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<T, Error> {
        let (operation, bytes) = match self {
            Self::Text { operation, text, .. } => (operation, text),
            Self::File(file) => (file.operation(), Bytes::new()),
        };
        let fault = |reason: String| Error::Decode {
            operation,
            reason: reason.into(),
            body: String::from_utf8_lossy(&bytes).into(),
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| fault(error.to_string()))?;
        serde_json::from_str(text).map_err(|error| fault(error.to_string()))
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Text { status, .. } => *status,
            Self::File(_) => 200,
        }
    }

    /// The reply, which counts as under way as long as the rest of it is.
    pub(crate) fn holding(self, permit: OwnedSemaphorePermit) -> Self {
        match self {
            Self::File(download) => Self::File(download.holding(permit)),
            text @ Self::Text { .. } => text,
        }
    }

    /// The file.
    pub(crate) fn into_download(self) -> Result<Download, Error> {
        match self {
            Self::File(download) => Ok(download),
            Self::Text { operation, text, .. } => Err(Error::Decode {
                operation,
                reason: "not a file".into(),
                body: String::from_utf8_lossy(&text).into(),
            }),
        }
    }
}

/// The part of an answer that decides what it means.
#[derive(Debug)]
pub(crate) struct Head {
    status: u16,
    content_type: Box<str>,
    location: Box<str>,
}

/// The error bodies of ARI.
struct Refusal {
    message: Option<String>,
    error: Option<String>,
}

readable!(Refusal { message = "message": optional, error = "error": optional });

impl Head {
    pub(crate) fn new(status: u16, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            value.unwrap_or_default().into_owned().into_boxed_str()
        };
        Self { status, content_type: text(CONTENT_TYPE), location: text(LOCATION) }
    }

    /// The head of an answer that has no headers but the type of its content.
    #[cfg(feature = "websocket")]
    pub(crate) fn of(status: u16, content_type: &str) -> Self {
        Self { status, content_type: content_type.into(), location: "".into() }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn is_html(&self) -> bool {
        self.content_type.get(..9).is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"))
    }

    /// The error that an answer other than success means.
    pub(crate) fn into_error(self, operation: &'static Operation, url: &str, body: &str) -> Error {
        let Self { status, content_type, location } = self;
        let refusal: Option<Refusal> = serde_json::from_str(body).ok();
        let message = refusal.and_then(|refusal| refusal.message.or(refusal.error));
        if status == 401 {
            return Error::Unauthorized { operation, message: message.unwrap_or_default().into() };
        }
        let refused =
            |message: String| Error::Refused { operation, status, message: message.into(), body: body.into() };
        match message {
            Some(message) if status >= 400 => refused(message),
            // ARI says of what it does not find that it does not; without a word, a proxy finds no way.
            None if status >= 400 && status != 404 && body.trim().is_empty() => refused(String::new()),
            // Asterisk's HTTP server answers some faults of a request itself, in HTML; with 404 it
            // says that it has no ARI there.
            None if status >= 400 && status != 404 && is_asterisks_html(body) => refused(excerpt(body)),
            _ => Error::NotAri {
                url: url.into(),
                status,
                content_type,
                excerpt: if location.is_empty() {
                    excerpt(body).into()
                } else {
                    format!("redirected to {location}").into()
                },
            },
        }
    }
}

/// Whether Asterisk signs this HTML, as it does unless `servername` of http.conf has it otherwise.
fn is_asterisks_html(body: &str) -> bool {
    body.contains("<address>Asterisk")
}

/// The beginning of a text, on one line, without the tags if it is HTML.
fn excerpt(body: &str) -> String {
    let html = body.trim_start().starts_with('<');
    let mut excerpt = String::new();
    let mut in_tag = false;
    for character in body.chars() {
        let visible = match character {
            '<' if html => {
                in_tag = true;
                false
            }
            '>' if in_tag => {
                in_tag = false;
                false
            }
            _ => !in_tag && !character.is_whitespace(),
        };
        if excerpt.len() >= EXCERPT {
            excerpt.push('…');
            break;
        }
        if visible {
            excerpt.push(character);
        } else if !excerpt.is_empty() && !excerpt.ends_with(' ') {
            excerpt.push(' ');
        }
    }
    excerpt.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_without_tags() {
        let html = "<!DOCTYPE html>\r\n<html><head>\r\n<title>404 Not Found</title>\r\n</head>\
                    <body>\r\n<h1>Not Found</h1>\r\n<p>The requested URL…</p></body></html>\r\n";
        assert_eq!(excerpt(html), "404 Not Found Not Found The requested URL…");
        assert_eq!(excerpt("1 > 0"), "1 > 0");
        assert_eq!(excerpt(""), "");
        assert_eq!(excerpt(&"x".repeat(1000)).len(), EXCERPT + '…'.len_utf8());
    }
}
