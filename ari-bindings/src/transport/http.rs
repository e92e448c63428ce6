//! Requests over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Version};
use reqwest::{Response, Url};
use tokio::time::{Instant, timeout_at};

use super::BaseUrl;
use super::body::{self, Pieces};
#[cfg(feature = "websocket")]
use super::failure::HungUp;
use super::failure::{self, NotHttp, source};
use super::route::{Pool, Route};
use super::sent::{Sent, Watched};
use super::service::ServiceError;
#[cfg(feature = "websocket")]
use super::{
    route::Connections,
    service::{Upgrade, Upgraded},
};
use crate::error::Source;
use crate::request::{Content, Expect, Head, wants_tls};
use crate::{ConnectErrorKind, Download, Error, Method, Request};

/// The HTTP server of one Asterisk.
pub(crate) struct Http {
    url: BaseUrl,
    authorization: Option<HeaderValue>,
    /// What the connections are asked for, if that is not the host of the URL.
    host: Option<Host>,
    route: Route,
    limits: Limits,
}

/// A name that takes the place of the URL's host.
struct Host {
    /// The URL with that name.
    url: Url,
    /// The host and port of the original URL.
    header: HeaderValue,
}

/// How long a response may take, and how large a file may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How long the next piece of a file may take.
    pub(crate) read: Duration,
    /// How long a whole file may take.
    pub(crate) download_time: Duration,
    /// How many bytes a file may have.
    pub(crate) download_size: u64,
}

impl Http {
    pub(crate) fn new(
        url: BaseUrl,
        authorization: Option<HeaderValue>,
        pool: Pool,
        limits: Limits,
    ) -> Result<Self, Error> {
        let host = pool.server_name().map(|name| Host::new(&url, name)).transpose()?;
        let route = Route::new(pool, &url)?;
        Ok(Self { url, authorization, host, route, limits })
    }

    pub(crate) fn url(&self) -> &BaseUrl {
        &self.url
    }

    /// Stops using the present connections for further requests: the fault that broke the event connection may have
    /// broken them, too, which only timeouts would reveal. A client that the program provided is kept.
    #[cfg(feature = "websocket")]
    pub(crate) fn renew(&self) {
        self.route.renew(&self.url);
    }

    /// Sends a request, and reads its response as far as expected, until the deadline.
    pub(crate) async fn exchange(
        &self,
        request: &Request,
        expect: Expect,
        deadline: Instant,
    ) -> Result<Content, Error> {
        let sent = Sent::default();
        let exchange = async {
            let response = match &self.route {
                Route::Connections(connections) => {
                    let response = connections.offer(|| self.write(request, &sent), &sent).await;
                    response.map_err(|error| self.send_error(request, &sent, error))?
                }
                Route::Service(service) => {
                    sent.set();
                    let response = service.send(self.plain(request)?).await;
                    response.map_err(|error| self.service_error(request, error))?.into()
                }
            };
            self.read(request, response, expect).await
        };
        match timeout_at(deadline, exchange).await {
            Ok(reply) => reply,
            Err(elapsed) if !sent.get() => Err(self.connect_error(ConnectErrorKind::Timeout, Arc::new(elapsed))),
            Err(elapsed) => {
                Err(Error::OutcomeUnknown { request: request.line(), timed_out: true, source: Arc::new(elapsed) })
            }
        }
    }

    /// Sends a request to turn the connection into a WebSocket.
    #[cfg(feature = "websocket")]
    pub(crate) async fn upgrade(&self, request: &Request, key: &str) -> Result<Upgraded, Error> {
        match &self.route {
            Route::Connections(connections) => {
                self.upgrade_connection(connections, request, key).await.map(Upgraded::Response)
            }
            Route::Service(service) => match service.upgrade(self.plain(request)?.map(drop)).await {
                Ok(Upgrade(upgraded)) => Ok(upgraded),
                Err(ServiceError::NotSent(error) | ServiceError::Lost(error)) => {
                    Err(self.connect_error(failure::connect_kind(error.kind()), Arc::new(error)))
                }
            },
        }
    }

    #[cfg(feature = "websocket")]
    async fn upgrade_connection(
        &self,
        connections: &Connections,
        request: &Request,
        key: &str,
    ) -> Result<Response, Error> {
        use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};

        let sent = Sent::default();
        let key = HeaderValue::from_str(key).map_err(|error| Error::config(error.to_string()))?;
        let write = || {
            let mut http = self.write(request, &sent);
            let headers = http.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(SEC_WEBSOCKET_KEY, key.clone());
            http
        };
        let response = connections.offer(write, &sent).await.map_err(|error| {
            let kind = failure::not_sent(&error, sent.get()).unwrap_or(ConnectErrorKind::Other);
            let source: Source = if failure::is_closed(&error) { Arc::new(HungUp) } else { source(error) };
            self.connect_error(kind, source)
        })?;
        self.check_http(response).await
    }

    pub(crate) fn connect_error(&self, kind: ConnectErrorKind, source: Source) -> Error {
        Error::Connect { url: self.url.as_str().into(), kind, source }
    }

    fn write(&self, request: &Request, sent: &Sent) -> reqwest::Request {
        let mut http = self.head(request);
        *http.body_mut() = Some(reqwest::Body::wrap(Watched::new(body(request).into(), sent.clone())));
        http
    }

    /// A request as a service gets it.
    fn plain(&self, request: &Request) -> Result<http::Request<Bytes>, Error> {
        let http = http::Request::try_from(self.head(request));
        // The base URL and the request have been checked.
        let http = http.map_err(|error| Error::config(error.to_string()))?;
        Ok(http.map(|_| body(request).into()))
    }

    fn head(&self, request: &Request) -> reqwest::Request {
        let base = self.host.as_ref().map_or(self.url.url(), |host| &host.url);
        let mut url = base.clone();
        url.set_path(&format!("{}{}", self.url.prefix(), request.path()));
        url.set_query(request.query().as_deref());
        let mut http = reqwest::Request::new(method(request.method()), url);
        let headers = http.headers_mut();
        if let Some(host) = &self.host {
            headers.insert(HOST, host.header.clone());
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if request.body().is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        http
    }

    /// Why a request got no response.
    fn send_error(&self, request: &Request, sent: &Sent, error: reqwest::Error) -> Error {
        match failure::not_sent(&error, sent.get()) {
            Some(kind) => self.connect_error(kind, source(error)),
            None => failure::lost(request.line(), error),
        }
    }

    /// Why a service has returned no response.
    fn service_error(&self, request: &Request, error: ServiceError) -> Error {
        match error {
            ServiceError::NotSent(error) => self.connect_error(failure::connect_kind(error.kind()), Arc::new(error)),
            ServiceError::Lost(error) => Error::OutcomeUnknown {
                request: request.line(),
                timed_out: error.kind() == std::io::ErrorKind::TimedOut,
                source: Arc::new(error),
            },
        }
    }

    /// Reads a response.
    async fn read(&self, request: &Request, response: Response, expect: Expect) -> Result<Content, Error> {
        let response = self.check_http(response).await?;
        let status = response.status().as_u16();
        let head = Head::new(status, response.headers());
        let is_success = head.is_success() && !head.is_html();
        if expect == Expect::File && is_success {
            let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type = content_type.map(Box::from);
            let pieces = Pieces::new(request.line(), response, self.limits);
            let download = Download::new(content_type, pieces.length(), Box::pin(pieces));
            return Ok(Content::File { status, download });
        }
        let text = body::text(request, response).await?;
        if is_success {
            return Ok(Content::Text { status, text });
        }
        Err(self.refusal(head, request, &String::from_utf8_lossy(&text)))
    }

    /// The error that a response other than success means.
    pub(crate) fn refusal(&self, head: Head, request: &Request, text: &str) -> Error {
        if wants_tls(head.status(), text) {
            return self.connect_error(ConnectErrorKind::NotHttp, Arc::new(NotHttp::Tls));
        }
        head.into_error(request, self.url.as_str(), text)
    }

    /// Refuses what does not begin like HTTP, which the HTTP client takes for the version without a head. It accepts
    /// that on new connections only, so that it never is a late response to an earlier request.
    async fn check_http(&self, mut response: Response) -> Result<Response, Error> {
        if response.version() != Version::HTTP_09 {
            return Ok(response);
        }
        let beginning = response.chunk().await.ok().flatten().unwrap_or_default();
        Err(self.connect_error(ConnectErrorKind::NotHttp, Arc::new(NotHttp::new(&beginning))))
    }
}

fn body(request: &Request) -> String {
    request.body().map(ToString::to_string).unwrap_or_default()
}

impl Host {
    fn new(url: &BaseUrl, name: &str) -> Result<Self, Error> {
        let invalid = |error: String| Error::config(format!("server name {name:?}: {error}"));
        let header = HeaderValue::from_str(url.authority()).map_err(|error| invalid(error.to_string()))?;
        let mut url = url.url().clone();
        url.set_host(Some(name)).map_err(|error| invalid(error.to_string()))?;
        Ok(Self { url, header })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}
