//! How to reach the server, and to be let in.

use http::HeaderValue;

use super::error::Source;
use super::url::BaseUrl;
use crate::{ConnectErrorKind, Error};

/// What requests and events need to know of the server.
pub(crate) struct Access {
    pub(crate) url: BaseUrl,
    pub(crate) authorization: Option<HeaderValue>,
    /// None for `http`.
    #[cfg(feature = "tls-no-provider")]
    pub(crate) tls: Option<std::sync::Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl Access {
    pub(crate) fn connect_error(&self, kind: ConnectErrorKind, source: Source) -> Error {
        Error::Connect { url: self.url.as_str().into(), kind, source }
    }
}
