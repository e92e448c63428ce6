//! From the server's response to a reply or an error.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;

use super::{Download, Request};
use crate::Error;

/// How much of a response that is not ARI's an error shows.
const EXCERPT: usize = 200;

/// How much of the server's own words an error shows.
const MESSAGE: usize = 1000;

/// How much of a body an error keeps.
const BODY: usize = 64 << 10;

/// What a response is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Text to be read as a whole.
    Text,
    /// A file to be read piece by piece.
    File,
}

/// The content of a response that says that the request was executed.
pub(crate) enum Content {
    Text { status: u16, text: Bytes },
    File { status: u16, download: Download },
}

impl Content {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Text { status, .. } | Self::File { status, .. } => *status,
        }
    }

    /// The content, which counts as in progress as long as the rest of it is.
    pub(crate) fn holding(self, permit: OwnedSemaphorePermit) -> Self {
        match self {
            Self::File { status, download } => Self::File { status, download: download.holding(permit) },
            text @ Self::Text { .. } => text,
        }
    }

    pub(crate) fn into_response(self, request: Request) -> Response {
        match self {
            Self::Text { status, text } => Response { request, status, body: text },
            Self::File { status, .. } => Response { request, status, body: Bytes::new() },
        }
    }

    pub(crate) fn into_download(self, request: &Request) -> Result<Download, Error> {
        match self {
            Self::File { download, .. } => Ok(download),
            Self::Text { text, .. } => Err(request.decode_error("not a file", &text)),
        }
    }
}

/// The response to a request that was sent by [`Client::send`](crate::Client::send).
#[derive(Debug, Clone)]
pub struct Response {
    request: Request,
    status: u16,
    body: Bytes,
}

impl Response {
    /// The HTTP status, from 200 to 299.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text, with a replacement for what is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON of this type.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] if it is not.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = &*self.body;
        let text = std::str::from_utf8(body).map_err(|error| self.request.decode_error(error.to_string(), body))?;
        serde_json::from_str(text).map_err(|error| self.request.undecodable(&error, body))
    }
}

/// The part of a response that determines its meaning.
#[derive(Debug)]
pub(crate) struct Head {
    status: u16,
    content_type: Box<str>,
    location: Box<str>,
}

/// The error bodies of ARI.
#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    error: Option<String>,
}

impl Head {
    pub(crate) fn new(status: u16, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            value.unwrap_or_default().into_owned().into_boxed_str()
        };
        Self { status, content_type: text(CONTENT_TYPE), location: text(LOCATION) }
    }

    /// The head of a response that has no headers but the type of its content.
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

    /// The error that a response other than success means. The URL is that of the server.
    pub(crate) fn into_error(self, request: &Request, url: &str, body: &str) -> Error {
        let Self { status, content_type, location } = self;
        let refusal: Option<Refusal> = serde_json::from_str(body).ok();
        let message = refusal.and_then(|refusal| refusal.message.or(refusal.error));
        if status == 401 {
            let message = excerpt(&message.unwrap_or_default(), MESSAGE).into();
            return Error::Unauthorized { request: request.line(), message };
        }
        let refused = |message: &str| Error::Refused {
            request: request.line(),
            status,
            message: excerpt(message, MESSAGE).into(),
            body: request.kept(body.as_bytes()),
        };
        match message {
            Some(message) if status >= 400 => refused(&message),
            // ARI explains what it does not find, and is no gateway; without a text, these come from a proxy.
            None if status >= 400 && !matches!(status, 404 | 502 | 504) && body.trim().is_empty() => refused(""),
            // Asterisk's HTTP server answers some faulty requests in HTML; with 404 it says that it has no ARI there.
            None if status >= 400 && status != 404 && is_asterisks_html(body) => refused(&excerpt(body, EXCERPT)),
            _ => Error::NotAri {
                url: format!("{url}{}", request.path()).into(),
                status,
                content_type: excerpt(&content_type, EXCERPT).into(),
                excerpt: if location.is_empty() {
                    excerpt(body, EXCERPT).into()
                } else {
                    format!("redirected to {}", excerpt(&location, EXCERPT)).into()
                },
            },
        }
    }
}

/// Whether this is the response of a server that was asked in clear text where it speaks TLS: the words of nginx and of
/// Apache.
pub(crate) fn wants_tls(status: u16, body: &str) -> bool {
    status == 400 && (body.contains("to HTTPS port") || body.contains("SSL-enabled server port"))
}

/// What stands for a body that may have passwords.
pub(crate) const CONFIDENTIAL: &str = "(body left out: it may have passwords)";

impl Request {
    /// The error that its response does not decode.
    pub(crate) fn undecodable(&self, error: &serde_json::Error, body: &[u8]) -> Error {
        // The error quotes the value at fault, however long it is.
        let reason = if self.is_confidential() {
            format!("not the declared JSON at line {} column {}", error.line(), error.column())
        } else {
            excerpt(&error.to_string(), MESSAGE)
        };
        self.decode_error(reason, body)
    }

    /// The error that its response is not as declared.
    pub(crate) fn decode_error(&self, reason: impl Into<Box<str>>, body: &[u8]) -> Error {
        Error::Decode { request: self.line(), reason: reason.into(), body: self.kept(body) }
    }

    /// As much of a body as an error keeps.
    fn kept(&self, body: &[u8]) -> Box<str> {
        if self.is_confidential() {
            return CONFIDENTIAL.into();
        }
        String::from_utf8_lossy(&body[..body.len().min(BODY)]).into()
    }
}

/// Whether Asterisk signs this HTML, as it does unless `servername` of http.conf has it otherwise.
fn is_asterisks_html(body: &str) -> bool {
    body.contains("<address>Asterisk")
}

/// The beginning of a text, on one line, with control characters escaped, and without the tags if it is HTML.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let html = text.trim_start().starts_with('<');
    let mut excerpt = String::new();
    let mut in_tag = false;
    for character in text.chars() {
        if excerpt.len() >= limit {
            excerpt.truncate(excerpt.trim_end().len());
            excerpt.push('…');
            break;
        }
        match character {
            '<' if html => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if !in_tag && !character.is_whitespace() => {
                if character.is_control() {
                    excerpt.extend(character.escape_default());
                } else {
                    excerpt.push(character);
                }
                continue;
            }
            _ => {}
        }
        if !excerpt.is_empty() && !excerpt.ends_with(' ') {
            excerpt.push(' ');
        }
    }
    excerpt.truncate(excerpt.trim_end().len());
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_is_one_line_without_tags() {
        let html = "<!DOCTYPE html>\r\n<html><head>\r\n<title>404 Not Found</title>\r\n</head>\
                    <body>\r\n<h1>Not Found</h1>\r\n<p>The requested URL…</p></body></html>\r\n";
        assert_eq!(excerpt(html, EXCERPT), "404 Not Found Not Found The requested URL…");
        assert_eq!(excerpt("1 > 0", EXCERPT), "1 > 0");
        assert_eq!(excerpt("", EXCERPT), "");
        assert_eq!(excerpt("a\r\n\u{1b}[2Jb", EXCERPT), "a \\u{1b}[2Jb");
        assert_eq!(excerpt(&"x".repeat(1000), EXCERPT).len(), EXCERPT + '…'.len_utf8());
    }
}
