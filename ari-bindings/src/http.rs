//! Requests over HTTP.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use crate::error::Source;
use crate::reply::{self, Expect, Reply};
use crate::url::BaseUrl;
use crate::{ConnectErrorKind, Error, Method, Operation, Request};

/// The HTTP server of one Asterisk.
pub(crate) struct Http {
    client: Mutex<reqwest::Client>,
    timeouts: Timeouts,
    pub(crate) url: BaseUrl,
    pub(crate) authorization: Option<HeaderValue>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) read: Duration,
    /// How long a connection is kept that nobody needs.
    pub(crate) idle: Duration,
}

impl Http {
    pub(crate) fn new(
        url: BaseUrl,
        authorization: Option<HeaderValue>,
        timeouts: Timeouts,
        #[cfg(feature = "tls")] tls: Arc<tokio_rustls::rustls::ClientConfig>,
    ) -> Result<Self, Error> {
        let http = build(
            timeouts,
            #[cfg(feature = "tls")]
            &tls,
        );
        Ok(Self {
            client: Mutex::new(http.map_err(|error| Error::config(error.to_string()))?),
            timeouts,
            url,
            authorization,
            #[cfg(feature = "tls")]
            tls,
        })
    }

    /// Uses none of the connections that there are for further requests: what has broken the event connection may
    /// have broken them, too, and they would only tell by a timeout.
    pub(crate) fn renew(&self) {
        let http = build(
            self.timeouts,
            #[cfg(feature = "tls")]
            &self.tls,
        );
        // It could be built before.
        if let Ok(client) = http {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        }
    }

    /// Sends a request, and reads its reply as far as expected.
    pub(crate) async fn exchange(&self, request: &Request, expect: Expect) -> Result<Reply, Error> {
        let operation = request.operation();
        let url = format!("{}/{}", self.url.as_str(), request.uri());
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut http = client.request(method(request.method()), url);
        if let Some(authorization) = &self.authorization {
            http = http.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = request.body() {
            http = http.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = http.send().await.map_err(|error| self.send_error(operation, error))?;
        let asked = format!("{}{}", self.url.as_str(), request.path());
        reply::read(operation, &asked, response, expect).await
    }

    fn send_error(&self, operation: &'static Operation, error: reqwest::Error) -> Error {
        let timed_out = error.is_timeout();
        if !error.is_connect() {
            return Error::Unfinished { operation, timed_out, source: Arc::new(error.without_url()) };
        }
        let kind = match () {
            () if error.is_dns() => ConnectErrorKind::Dns,
            () if timed_out => ConnectErrorKind::Timeout,
            () => self.connect_error_kind(io_error(&error)),
        };
        self.connect_error(kind, Arc::new(error.without_url()))
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

fn build(
    timeouts: Timeouts,
    #[cfg(feature = "tls")] tls: &tokio_rustls::rustls::ClientConfig,
) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .pool_idle_timeout(timeouts.idle)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .no_proxy()
        .http1_only();
    #[cfg(feature = "tls")]
    let builder = builder.tls_backend_preconfigured(tls.clone());
    builder.build()
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// The operating system's error at the bottom of another.
fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a io::Error> {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.filter_map(|error| error.downcast_ref()).last()
}
