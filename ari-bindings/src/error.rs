use std::sync::Arc;
use std::{fmt, io};

use crate::availability::Item;
use crate::{DisconnectReason, Operation, Release, RequestLine};

pub(crate) type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why something did not work.
///
/// Each variant calls for a different reaction of the program or its operator. None of them ever
/// holds a password. No request is sent again unless
/// [`ClientBuilder::retries`](crate::ClientBuilder::retries) enables it;
/// [`Error::maybe_executed`] says when repeating one could execute it twice.
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Error;
///
/// match ari.channel("1700000000.1").answer().await {
///     Err(error) if error.is_not_found() => println!("the caller has hung up already"),
///     Err(Error::Refused { status, message, .. }) => println!("{status}: {message}"),
///     other => other?,
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot work as configured.
    #[non_exhaustive]
    Config {
        /// What is wrong, and what would be right.
        reason: Box<str>,
    },
    /// The request cannot be expressed in ARI; it was not sent.
    #[non_exhaustive]
    InvalidRequest {
        /// The request.
        request: RequestLine,
        /// The parameter at fault; empty if it is the request as a whole.
        parameter: &'static str,
        /// What is wrong with it.
        reason: Box<str>,
    },
    /// The server's release does not have this operation or parameter; nothing was sent.
    ///
    /// See [`ClientBuilder::check_availability`](crate::ClientBuilder::check_availability).
    #[non_exhaustive]
    Unavailable {
        /// The request.
        request: RequestLine,
        /// The missing operation or parameter, with the releases that have it.
        item: Item,
        /// The server's release.
        release: Release,
    },
    /// There is no connection to the server; no request was sent that it could execute.
    #[non_exhaustive]
    Connect {
        /// The base URL.
        url: Box<str>,
        /// What kind of failure it is.
        kind: ConnectErrorKind,
        /// The failure itself.
        source: Source,
    },
    /// The server does not know this user or password (401).
    #[non_exhaustive]
    Unauthorized {
        /// The request.
        request: RequestLine,
        /// The server's words, if any, on one line of about 1,000 bytes.
        message: Box<str>,
    },
    /// Asterisk answered with an error.
    ///
    /// A user without write access gets 403 for everything that changes something.
    #[non_exhaustive]
    Refused {
        /// The request.
        request: RequestLine,
        /// The HTTP status, 400 or more.
        status: u16,
        /// Asterisk's words, if any, on one line of about 1,000 bytes.
        message: Box<str>,
        /// The body as it came, at most 64 KiB of it.
        body: Box<str>,
    },
    /// What answered is not ARI: the base URL has a wrong path or leads to something else, or a proxy has no connection
    /// to Asterisk.
    #[non_exhaustive]
    NotAri {
        /// The URL that was asked.
        url: Box<str>,
        /// The HTTP status.
        status: u16,
        /// The type of the content; empty if there is none.
        content_type: Box<str>,
        /// The beginning of the text of the answer.
        excerpt: Box<str>,
    },
    /// The request was executed, but the response does not have the declared form, or is longer than 64 MiB.
    #[non_exhaustive]
    Decode {
        /// The request.
        request: RequestLine,
        /// What is wrong with the response.
        reason: Box<str>,
        /// The body as it came, at most 64 KiB of it.
        body: Box<str>,
    },
    /// The request was sent, at least in part, but no complete response arrived: it may or may not have been executed.
    ///
    /// A server with as many sessions as its `sessionlimit` allows accepts connections and closes
    /// them again without a word, which ends here, too, or as [`Error::Connect`] if nothing was on its way by then.
    #[non_exhaustive]
    OutcomeUnknown {
        /// The request.
        request: RequestLine,
        /// Whether the response took too long, rather than the connection being lost.
        timed_out: bool,
        /// The failure itself.
        source: Source,
    },
    /// The event connection has ended and is not re-established. Events that happen until the program opens the next
    /// one are lost.
    #[non_exhaustive]
    Disconnected {
        /// Why it has ended.
        reason: DisconnectReason,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// Nothing listens at that address and port.
    Refused,
    /// The host name has no address, or no name server is reachable.
    Dns,
    /// The server does not speak TLS there, its certificate is not trusted, or it does not trust that of the client.
    Tls,
    /// What listens there does not speak HTTP: it is the port of AMI or SIP, say.
    NotHttp,
    /// The server did not answer in time.
    Timeout,
    /// The server does not turn the connection into a WebSocket, nor does a proxy in front of it forward them.
    NoWebSocket,
    /// Too many requests of this client are in progress, and none ended in time.
    Busy,
    /// The event connection, which carries the requests of this client, is lost and being re-established.
    Disconnected,
    /// Anything else, such as an unreachable network.
    Other,
}

impl Error {
    /// The HTTP status, if the server answered with an error.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { .. } => Some(401),
            Self::Refused { status, .. } | Self::NotAri { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The server's own words about the error.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Unauthorized { message, .. } | Self::Refused { message, .. } => {
                Some(&**message).filter(|message| !message.is_empty())
            }
            _ => None,
        }
    }

    /// The request that failed.
    #[must_use]
    pub fn request(&self) -> Option<&RequestLine> {
        match self {
            Self::InvalidRequest { request, .. }
            | Self::Unavailable { request, .. }
            | Self::Unauthorized { request, .. }
            | Self::Refused { request, .. }
            | Self::Decode { request, .. }
            | Self::OutcomeUnknown { request, .. } => Some(request),
            _ => None,
        }
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.request().and_then(RequestLine::operation)
    }

    /// Whether Asterisk does not have the thing asked for (404): a channel that has hung up, say.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether there is nothing left to do because the channel or other object does not exist any more (404), or is no
    /// longer in an application (409).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let has_left = |message: &str| message.contains("not in Stasis") || message.contains("not in a Stasis");
        self.is_not_found() || matches!(self, Self::Refused { status: 409, message, .. } if has_left(message))
    }

    /// Whether something took longer than it may.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Connect { kind, .. } => *kind == ConnectErrorKind::Timeout,
            Self::OutcomeUnknown { timed_out, .. } => *timed_out,
            Self::Disconnected { reason } => matches!(reason, DisconnectReason::PingTimeout),
            _ => false,
        }
    }

    /// Whether the request may have been executed despite the error.
    ///
    /// If not, it was certainly not sent, or the server has refused it. A proxy that gave up waiting (502, 504), a
    /// request that took the server too long (408), and what is no response of ARI at all leave it open, but for a
    /// client error (4xx).
    #[must_use]
    pub fn maybe_executed(&self) -> bool {
        match self {
            Self::Decode { .. } | Self::OutcomeUnknown { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 502 | 504),
            Self::NotAri { status, .. } => *status == 408 || !(400..500).contains(status),
            _ => false,
        }
    }

    /// The error with its causes, for logs and states that keep text alone.
    pub(crate) fn with_causes(&self) -> String {
        let causes = std::iter::successors(Some(self as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    pub(crate) fn config(reason: impl Into<Box<str>>) -> Self {
        Self::Config { reason: reason.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { reason } => write!(f, "configuration error: {reason}"),
            Self::InvalidRequest { request, parameter: "", reason } => {
                write!(f, "{request}: not sent: {reason}")
            }
            Self::InvalidRequest { request, parameter, reason } => {
                write!(f, "{request}: not sent: parameter `{parameter}`: {reason}")
            }
            Self::Unavailable { request, item, release } => {
                write!(f, "{request}: not sent: {}", Lack { item: *item, release: *release })
            }
            Self::Connect { url, kind, .. } => {
                write!(f, "cannot connect to {url}: {}", kind.advice())
            }
            Self::Unauthorized { request, message } => write!(
                f,
                "{request}: not authorized: {}: check user and password against ari.conf",
                if message.is_empty() { "401" } else { message }
            ),
            Self::Refused { request, status, message, .. } => {
                write!(f, "{request}: Asterisk answered {}", Status(*status))?;
                if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
            }
            Self::NotAri { url, status, content_type, excerpt } => write!(
                f,
                "{url} is not ARI: it answered {} ({}: {excerpt:?}): {}",
                Status(*status),
                if content_type.is_empty() { "no content type" } else { content_type },
                advice_without_ari(url, *status),
            ),
            Self::Decode { request, reason, .. } => {
                write!(f, "{request}: executed, but the response is not as declared: {reason}")
            }
            Self::OutcomeUnknown { request, timed_out: true, .. } => {
                write!(f, "{request}: no response in time; the request may have been executed")
            }
            Self::OutcomeUnknown { request, .. } => {
                write!(f, "{request}: the connection was lost before the response; the request may have been executed")
            }
            Self::Disconnected { reason } => write!(f, "the event connection has ended: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } | Self::OutcomeUnknown { source, .. } => Some(root(&**source)),
            _ => None,
        }
    }
}

/// What to check if the response is not ARI's.
fn advice_without_ari(url: &str, status: u16) -> &'static str {
    match status {
        502..=504 => {
            "is Asterisk running behind the proxy, its HTTP server enabled (http.conf), and its address right there?"
        }
        // The upgrade of the event connection. Without it, a proxy asks Asterisk for a page, or looks for one itself.
        _ if url.ends_with("/events") => {
            "check host, port and path of the base URL, which usually ends in /ari; if those are right, does a proxy \
             forward WebSockets?"
        }
        _ => "check host, port and path of the base URL, which usually ends in /ari",
    }
}

/// An item that a release lacks.
pub(crate) struct Lack {
    pub(crate) item: Item,
    pub(crate) release: Release,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { item, release } = self;
        let since: Vec<_> = item.since().iter().map(ToString::to_string).collect();
        write!(f, "Asterisk {release} has no {item}; it came with {}", since.join(", "))
    }
}

/// The error at the bottom, which says what the ones above it only wrap.
fn root<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    causes(error).last().unwrap_or(error)
}

/// An error and its causes, including those inside of I/O errors, which `source` leaves out.
pub(crate) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    })
}

impl ConnectErrorKind {
    fn advice(self) -> &'static str {
        match self {
            Self::Refused => "connection refused: is Asterisk running, and its HTTP server enabled (http.conf)?",
            Self::Dns => "no address for the host name: is it spelled right?",
            Self::Tls => "no TLS: is the port one for https, and are the certificates trusted?",
            Self::NotHttp => {
                "what listens there does not speak HTTP: is it the port of Asterisk's HTTP server (http.conf)?"
            }
            Self::Timeout => "no answer in time: are host and port right, and no firewall between?",
            Self::NoWebSocket => "there is no WebSocket: does a proxy in front of Asterisk forward them?",
            Self::Busy => {
                "too many requests are in progress: is the server slow, or `max_requests` of the client too small?"
            }
            Self::Disconnected => "there is no event connection to carry the request",
            Self::Other => "failed",
        }
    }
}

/// `404 Not Found`.
struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = http::StatusCode::from_u16(self.0).ok();
        match status.and_then(|status| status.canonical_reason()) {
            Some(reason) => write!(f, "{} {reason}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests;
