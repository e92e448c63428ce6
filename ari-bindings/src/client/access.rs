//! How to reach the server, and to be let in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

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
    pub(crate) tls: Option<super::tls::Tls>,
}

impl Access {
    /// Does what belongs to connecting, within this time.
    pub(crate) async fn within<T>(
        &self,
        timeout: Duration,
        connecting: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(timeout, connecting).await {
            Ok(result) => result,
            Err(elapsed) => Err(self.connect_error(ConnectErrorKind::Timeout, Arc::new(elapsed))),
        }
    }

    pub(crate) fn connect_error(&self, kind: ConnectErrorKind, source: Source) -> Error {
        Error::Connect { url: self.url.as_str().into(), kind, source }
    }
}
