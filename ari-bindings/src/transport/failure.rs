//! What the errors of the HTTP client mean.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::error::{Source, causes};
use crate::request::excerpt;
use crate::{ConnectErrorKind, Error, RequestLine};

/// How much of a response that is not HTTP an error shows.
const EXCERPT: usize = 100;

/// Why a request got no response, if it is certain that it was not sent to a server that could execute it.
pub(super) fn not_sent(error: &reqwest::Error, was_taken: bool) -> Option<ConnectErrorKind> {
    if was_taken {
        return is_handshake_alert(error).then_some(ConnectErrorKind::Tls);
    }
    Some(if error.is_dns() {
        ConnectErrorKind::Dns
    } else if is_tls(error) {
        ConnectErrorKind::Tls
    } else if is_unexpected_message(error) {
        ConnectErrorKind::NotHttp
    } else if let Some(kind) = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind)) {
        connect_kind(kind)
    } else if error.is_timeout() {
        ConnectErrorKind::Timeout
    } else {
        ConnectErrorKind::Other
    })
}

/// What an error of the system says about connecting.
pub(super) fn connect_kind(kind: io::ErrorKind) -> ConnectErrorKind {
    match kind {
        io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused,
        io::ErrorKind::TimedOut => ConnectErrorKind::Timeout,
        _ => ConnectErrorKind::Other,
    }
}

/// The error of a request whose response is missing or incomplete. An HTTP client of the program may have timeouts.
pub(super) fn lost(request: RequestLine, error: reqwest::Error) -> Error {
    Error::OutcomeUnknown { request, timed_out: error.is_timeout(), source: source(error) }
}

/// An error of the HTTP client as the source of an [`Error`], which already names the request.
pub(super) fn source(error: reqwest::Error) -> Source {
    Arc::new(error.without_url())
}

/// Whether a connection has ended before it took the request, and the error does not say why: because the server has
/// closed it, or because it speaks another protocol.
pub(super) fn lost_unused(error: &reqwest::Error, was_taken: bool) -> bool {
    !was_taken && last(error).is_some_and(hyper::Error::is_canceled)
}

/// Whether the server has closed the connection instead of responding.
#[cfg(feature = "websocket")]
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message))
}

/// The innermost error of the protocol.
fn last(error: &reqwest::Error) -> Option<&hyper::Error> {
    causes(error).filter_map(|cause| cause.downcast_ref()).last()
}

/// Whether the server has sent something before the connection took a request. No method of the error says so: it is
/// the one that is left.
fn is_unexpected_message(error: &reqwest::Error) -> bool {
    last(error).is_some_and(|error| {
        error.source().is_none() && !error.is_canceled() && !error.is_closed() && !error.is_incomplete_message()
    })
}

#[cfg(feature = "tls-no-provider")]
fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(<dyn std::error::Error>::is::<tokio_rustls::rustls::Error>)
}

#[cfg(not(feature = "tls-no-provider"))]
fn is_tls(_: &reqwest::Error) -> bool {
    false
}

/// Whether the server has refused the handshake. With TLS 1.3 it says so only after the client, for which the
/// handshake is complete, has sent a request; it does not read that.
#[cfg(feature = "tls-no-provider")]
fn is_handshake_alert(error: &reqwest::Error) -> bool {
    use tokio_rustls::rustls::{AlertDescription, Error};

    causes(error).filter_map(|cause| cause.downcast_ref()).any(|error| {
        matches!(
            error,
            Error::AlertReceived(
                AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::AccessDenied
                    | AlertDescription::HandshakeFailure
            )
        )
    })
}

#[cfg(not(feature = "tls-no-provider"))]
fn is_handshake_alert(_: &reqwest::Error) -> bool {
    false
}

/// The server has sent something that is not HTTP.
#[derive(Debug)]
pub(super) enum NotHttp {
    /// A record of TLS.
    Tls,
    /// This text.
    Text(Box<str>),
}

impl NotHttp {
    pub(super) fn new(beginning: &[u8]) -> Self {
        match beginning {
            [20..=23, 3, _, ..] => Self::Tls,
            _ => Self::Text(excerpt(&String::from_utf8_lossy(beginning), EXCERPT).into()),
        }
    }
}

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls => f.write_str("the server speaks TLS on this port: the base URL must begin with https://"),
            Self::Text(text) => write!(f, "the server sent: {text}"),
        }
    }
}

impl std::error::Error for NotHttp {}

/// The server has closed the connection instead of upgrading it.
#[cfg(feature = "websocket")]
#[derive(Debug)]
pub(super) struct HungUp;

#[cfg(feature = "websocket")]
impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server closed the connection without a response, as Asterisk does at its `sessionlimit`")
    }
}

#[cfg(feature = "websocket")]
impl std::error::Error for HungUp {}
