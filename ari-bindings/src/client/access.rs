//! How to reach the server, and to be let in.

use std::io;
#[cfg(feature = "tls-no-provider")]
use std::sync::Arc;

use http::HeaderValue;

use super::error::Source;
use super::url::BaseUrl;
use crate::{ConnectErrorKind, Error};

/// What requests and events need to know of the server.
pub(crate) struct Access {
    pub(crate) url: BaseUrl,
    pub(crate) authorization: Option<HeaderValue>,
    #[cfg(feature = "tls-no-provider")]
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
}

impl Access {
    /// Requests are to check certificates as the event connection does.
    #[cfg(all(feature = "http", feature = "tls-no-provider"))]
    pub(super) fn secure(&self, http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        http.tls_backend_preconfigured(tokio_rustls::rustls::ClientConfig::clone(&self.tls))
    }

    #[cfg(all(feature = "http", not(feature = "tls-no-provider")))]
    #[allow(clippy::unused_self, reason = "as with TLS")]
    pub(super) fn secure(&self, http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        http
    }

    /// The kind of a failure to connect once there is an address.
    pub(crate) fn connect_error_kind(&self, error: Option<&io::Error>) -> ConnectErrorKind {
        match error {
            Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused,
            Some(error) if error.kind() == io::ErrorKind::TimedOut => ConnectErrorKind::Timeout,
            Some(error) if error.raw_os_error().is_some() => ConnectErrorKind::Other,
            _ if self.url.is_secure() => ConnectErrorKind::Tls,
            _ => ConnectErrorKind::Other,
        }
    }

    pub(crate) fn connect_error(&self, kind: ConnectErrorKind, source: Source) -> Error {
        Error::Connect { url: self.url.as_str().into(), kind, source }
    }
}
