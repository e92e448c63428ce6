//! Requests over HTTP.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body::Body as _;

use super::Access;
use super::download::Download;
use super::reply::{Expect, Head, Reply};
use crate::{Client, ConnectErrorKind, Error, Method, Operation, Request};

/// The HTTP server of one Asterisk.
pub(crate) struct Http {
    client: Mutex<reqwest::Client>,
    #[cfg(feature = "websocket")]
    timeouts: Timeouts,
    access: Arc<Access>,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) read: Duration,
    /// How long a connection is kept that nobody needs.
    pub(super) idle: Duration,
}

impl Http {
    pub(super) fn new(access: Arc<Access>, timeouts: Timeouts) -> Result<Self, Error> {
        let url = access.url.as_str();
        reqwest::Url::parse(url).map_err(|error| Error::config(format!("base URL {url:?}: {error}")))?;
        let client = build(&access, timeouts).map_err(|error| Error::config(error.to_string()))?;
        Ok(Self {
            client: Mutex::new(client),
            #[cfg(feature = "websocket")]
            timeouts,
            access,
        })
    }

    /// Why a client has no HTTP for a request.
    pub(super) fn lacking(_: &Client, _: Expect) -> Error {
        Error::config("a file goes by HTTP only: give the listener a client for that")
    }

    /// Uses none of the connections that there are for further requests: what has broken the event connection may
    /// have broken them, too, and they would only tell by a timeout.
    #[cfg(feature = "websocket")]
    pub(crate) fn renew(&self) {
        // It could be built before.
        if let Ok(client) = build(&self.access, self.timeouts) {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        }
    }

    /// Sends a request, and reads its reply as far as expected.
    pub(crate) async fn exchange(&self, request: &Request, expect: Expect) -> Result<Reply, Error> {
        let operation = request.operation();
        let url = format!("{}/{}", self.access.url.as_str(), request.uri());
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut http = client.request(method(request.method()), url);
        if let Some(authorization) = &self.access.authorization {
            http = http.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = request.body() {
            http = http.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = http.send().await.map_err(|error| self.send_error(operation, error))?;
        let asked = format!("{}{}", self.access.url.as_str(), request.path());
        read(operation, &asked, response, expect).await
    }

    fn send_error(&self, operation: &'static Operation, error: reqwest::Error) -> Error {
        let timed_out = error.is_timeout();
        if !error.is_connect() {
            return unfinished(operation, error);
        }
        let kind = match () {
            () if error.is_dns() => ConnectErrorKind::Dns,
            () if timed_out => ConnectErrorKind::Timeout,
            () => self.access.connect_error_kind(io_error(&error)),
        };
        self.access.connect_error(kind, Arc::new(error.without_url()))
    }
}

fn build(access: &Access, timeouts: Timeouts) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .pool_idle_timeout(timeouts.idle)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .no_proxy()
        .http1_only();
    access.secure(builder).build()
}

/// Reads what the server answered.
async fn read(
    operation: &'static Operation,
    url: &str,
    response: reqwest::Response,
    expect: Expect,
) -> Result<Reply, Error> {
    let head = Head::new(response.status().as_u16(), response.headers());
    if expect == Expect::File && head.is_success() && !head.is_html() {
        return Ok(Reply::File(download(operation, response)));
    }
    let text = response.bytes().await.map_err(|error| unfinished(operation, error))?;
    if head.is_success() && !head.is_html() {
        return Ok(Reply::Text { operation, status: head.status(), text: text.into() });
    }
    Err(head.into_error(operation, url, &String::from_utf8_lossy(&text)))
}

fn download(operation: &'static Operation, response: reqwest::Response) -> Download {
    let content_type = response.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(Box::from);
    let content_length = response.content_length();
    let pieces = Pieces { operation, body: response.into() };
    Download::new(operation, content_type, content_length, Box::pin(pieces))
}

/// The body of a reply as it comes.
struct Pieces {
    operation: &'static Operation,
    body: reqwest::Body,
}

impl Stream for Pieces {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { operation, body } = self.get_mut();
        loop {
            let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(cx)) else { return Poll::Ready(None) };
            // A frame without data has trailers, which nobody needs.
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Err(_)) => {}
                Err(error) => return Poll::Ready(Some(Err(unfinished(operation, error)))),
            }
        }
    }
}

fn unfinished(operation: &'static Operation, error: reqwest::Error) -> Error {
    Error::Unfinished { operation, timed_out: error.is_timeout(), source: Arc::new(error.without_url()) }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.access.url.as_str()).finish_non_exhaustive()
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
