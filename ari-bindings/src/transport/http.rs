//! Requests over HTTP.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Version};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use tokio::time::timeout_at;

use super::BaseUrl;
use super::body::{self, Pieces};
use super::failure::{self, source};
use super::sent::{Sent, Watched};
use crate::error::{Source, causes};
use crate::request::{Content, Expect, Head, excerpt, wants_tls};
use crate::{ConnectErrorKind, Download, Error, Method, Request};

/// How much of a response that is not HTTP an error shows.
const EXCERPT: usize = 100;

/// How many new connections a request is offered to that end before they take it, without a reason.
const ATTEMPTS: u32 = 10;

/// The HTTP server of one Asterisk.
pub(crate) struct Http {
    url: BaseUrl,
    authorization: Option<HeaderValue>,
    /// What the connections are asked for, if that is not the host of the URL.
    host: Option<Host>,
    client: Mutex<reqwest::Client>,
    #[cfg_attr(not(feature = "websocket"), allow(dead_code, reason = "only a lost event connection renews it"))]
    pool: Pool,
    limits: Limits,
}

/// A name that takes the place of the URL's host.
struct Host {
    /// The URL with that name.
    url: Url,
    /// The host and port of the original URL.
    header: HeaderValue,
}

/// Where the connections come from.
pub(crate) enum Pool {
    /// A client that the program has made.
    Given(reqwest::Client),
    /// One that is made from these settings.
    Own(Box<PoolSettings>),
}

/// How connections are made and kept.
pub(crate) struct PoolSettings {
    pub(crate) connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub(crate) idle_timeout: Duration,
    /// How many unused connections are kept.
    pub(crate) idle_connections: usize,
    #[cfg(feature = "tls-no-provider")]
    pub(crate) tls: super::tls::Tls,
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
        let client = match &pool {
            Pool::Given(client) => client.clone(),
            Pool::Own(settings) => settings.client(&url)?,
        };
        let host = pool.server_name().map(|name| Host::new(&url, name)).transpose()?;
        Ok(Self { url, authorization, host, client: Mutex::new(client), pool, limits })
    }

    pub(crate) fn url(&self) -> &BaseUrl {
        &self.url
    }

    /// Stops using the present connections for further requests: the fault that broke the event connection may have
    /// broken them, too, which only timeouts would reveal. A client that the program provided is kept.
    #[cfg(feature = "websocket")]
    pub(crate) fn renew(&self) {
        let Pool::Own(settings) = &self.pool else { return };
        match settings.client(&self.url) {
            Ok(client) => *self.lock() = client,
            Err(error) => tracing::warn!("the connections for requests are kept: {error}"),
        }
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
            match self.offer(|| self.write(request, &sent), &sent).await {
                Ok(response) => self.read(request, response, expect).await,
                Err(error) => Err(self.send_error(request, &sent, error)),
            }
        };
        match timeout_at(deadline.into(), exchange).await {
            Ok(reply) => reply,
            Err(elapsed) if !sent.get() => Err(self.connect_error(ConnectErrorKind::Timeout, Arc::new(elapsed))),
            Err(elapsed) => {
                Err(Error::OutcomeUnknown { request: request.line(), timed_out: true, source: Arc::new(elapsed) })
            }
        }
    }

    /// Sends a request to turn the connection into a WebSocket.
    #[cfg(feature = "websocket")]
    pub(crate) async fn upgrade(&self, request: &Request, key: &str) -> Result<Response, Error> {
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
        let response = self.offer(write, &sent).await.map_err(|error| {
            let kind = failure::not_sent(&error, sent.get()).unwrap_or(ConnectErrorKind::Other);
            let source: Source = if failure::is_closed(&error) { Arc::new(HungUp) } else { source(error) };
            self.connect_error(kind, source)
        })?;
        self.check_http(response).await
    }

    /// Offers a request to one connection after the other, as long as they end before they take it without a reason.
    async fn offer(&self, write: impl Fn() -> reqwest::Request, sent: &Sent) -> reqwest::Result<Response> {
        let client = self.lock().clone();
        let mut attempts = 1;
        loop {
            match client.execute(write()).await {
                Err(error) if attempts < ATTEMPTS && failure::lost_unused(&error, sent.get()) => {}
                result => return result,
            }
            // Whether the error has a reason depends on which task runs first, which a pause changes.
            tokio::time::sleep(Duration::from_millis(attempts.into())).await;
            attempts += 1;
        }
    }

    pub(crate) fn connect_error(&self, kind: ConnectErrorKind, source: Source) -> Error {
        Error::Connect { url: self.url.as_str().into(), kind, source }
    }

    fn write(&self, request: &Request, sent: &Sent) -> reqwest::Request {
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
        let mut body = String::new();
        if let Some(json) = request.body() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            body = json.to_string();
        }
        *http.body_mut() = Some(reqwest::Body::wrap(Watched::new(body.into(), sent.clone())));
        http
    }

    /// Why a request got no response.
    fn send_error(&self, request: &Request, sent: &Sent, error: reqwest::Error) -> Error {
        match failure::not_sent(&error, sent.get()) {
            Some(kind) => self.connect_error(kind, source(error)),
            None => failure::lost(request.line(), error),
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

    fn lock(&self) -> std::sync::MutexGuard<'_, reqwest::Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

impl Pool {
    /// The server name for TLS, if it differs from the host of the URL.
    fn server_name(&self) -> Option<&str> {
        match self {
            #[cfg(feature = "tls-no-provider")]
            Self::Own(settings) => settings.tls.server_name(),
            _ => None,
        }
    }
}

impl PoolSettings {
    #[cfg_attr(not(feature = "tls-no-provider"), allow(unused_variables, reason = "only a certificate needs the host"))]
    fn client(&self, url: &BaseUrl) -> Result<reqwest::Client, Error> {
        // The HTTP client itself would take a timeout of zero for none.
        let kept = if self.idle_timeout.is_zero() { 0 } else { self.idle_connections };
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .http09_responses()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(kept);
        #[cfg(feature = "tls-no-provider")]
        let builder = self.tls.configure(builder, url.host());
        builder.build().map_err(|error| {
            let cause = causes(&error).last().map(ToString::to_string);
            Error::config(format!("the HTTP client: {}", cause.unwrap_or_default()))
        })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// The server has sent something that is not HTTP.
#[derive(Debug)]
enum NotHttp {
    /// A record of TLS.
    Tls,
    /// This text.
    Text(Box<str>),
}

impl NotHttp {
    fn new(beginning: &[u8]) -> Self {
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
struct HungUp;

#[cfg(feature = "websocket")]
impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server closed the connection without a response, as Asterisk does at its `sessionlimit`")
    }
}

#[cfg(feature = "websocket")]
impl std::error::Error for HungUp {}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}
