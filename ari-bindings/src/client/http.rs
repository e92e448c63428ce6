//! Requests over HTTP.

use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connected, Connection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::timeout_at;

use super::body::Body;
use super::reply::{Expect, Head, Reply};
use super::wire::{self, Wire};
use super::{Access, Download};
use crate::{Client, ConnectErrorKind, Error, Method, Operation, Request};

/// The HTTP server of one Asterisk.
pub(crate) struct Http {
    pool: Mutex<Pool>,
    connector: Connector,
    limits: Limits,
}

/// The connections for requests.
type Pool = legacy::Client<Connector, String>;

/// How long things may take, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    /// How long the next piece of a file may be on its way.
    pub(super) read: Duration,
    /// How long a connection is kept that nobody needs.
    pub(super) idle: Duration,
    /// How many connections are kept.
    pub(super) connections: usize,
}

impl Http {
    pub(super) fn new(access: Arc<Access>, limits: Limits) -> Self {
        let connector = Connector { access, timeout: limits.connect };
        Self { pool: Mutex::new(pool(&connector, limits)), connector, limits }
    }

    /// Why a client has no HTTP for a request.
    pub(super) fn lacking(_: &Client, _: Expect) -> Error {
        Error::config("a file goes by HTTP only: give the listener a client for that")
    }

    /// Uses none of the connections that there are for further requests: what has broken the event connection may
    /// have broken them, too, and they would only tell by a timeout.
    #[cfg(feature = "websocket")]
    pub(crate) fn renew(&self) {
        *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = pool(&self.connector, self.limits);
    }

    /// Sends a request, and reads its reply as far as expected, until the deadline.
    pub(crate) async fn exchange(&self, request: &Request, expect: Expect, deadline: Instant) -> Result<Reply, Error> {
        let operation = request.operation();
        let mut http = self.write(request)?;
        let connection = capture_connection(&mut http);
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let exchange = async {
            let response = pool.request(http).await.map_err(|error| self.send_error(operation, error))?;
            self.read(request, response, expect).await
        };
        match timeout_at(deadline.into(), exchange).await {
            Ok(reply) => reply,
            Err(elapsed) if connection.connection_metadata().is_none() => {
                Err(self.connector.access.connect_error(ConnectErrorKind::Timeout, Arc::new(elapsed)))
            }
            Err(elapsed) => Err(Error::OutcomeUnknown { operation, timed_out: true, source: Arc::new(elapsed) }),
        }
    }

    fn write(&self, request: &Request) -> Result<http::Request<String>, Error> {
        let Access { url, authorization, .. } = &*self.connector.access;
        let uri = url.at(format!("{}/{}", url.prefix(), request.uri())).map_err(|error| Error::InvalidRequest {
            operation: request.operation(),
            parameter: "",
            reason: error.to_string().into(),
        })?;
        let mut http = http::Request::new(String::new());
        *http.method_mut() = method(request.method());
        *http.uri_mut() = uri;
        if let Some(authorization) = authorization {
            http.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = request.body() {
            http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *http.body_mut() = body.to_string();
        }
        Ok(http)
    }

    /// Why a request got no answer.
    fn send_error(&self, operation: &'static Operation, error: legacy::Error) -> Error {
        let cause = error.source();
        if let Some(connect) = cause.filter(|_| error.is_connect()).and_then(|cause| cause.downcast_ref::<Error>()) {
            return connect.clone();
        }
        let kind = match cause.and_then(|cause| cause.downcast_ref::<hyper::Error>()) {
            Some(cause) if is_no_http(cause) || is_unasked(cause) => ConnectErrorKind::NotHttp,
            // The server has hung up before the request was on its way.
            Some(cause) if cause.is_canceled() => ConnectErrorKind::Other,
            _ => return Error::OutcomeUnknown { operation, timed_out: false, source: Arc::new(error) },
        };
        self.connector.access.connect_error(kind, Arc::new(error))
    }

    /// Reads what the server answered.
    async fn read(&self, request: &Request, response: Response<Incoming>, expect: Expect) -> Result<Reply, Error> {
        let operation = request.operation();
        let (parts, incoming) = response.into_parts();
        let body = Body::new(operation, incoming);
        let head = Head::new(parts.status.as_u16(), &parts.headers);
        let is_success = head.is_success() && !head.is_html();
        if expect == Expect::File && is_success {
            let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let length = body.length();
            let pieces = Box::pin(body.into_pieces(self.limits.read));
            return Ok(Reply::File(Download::new(operation, content_type.map(Box::from), length, pieces)));
        }
        let text = body.text().await?;
        if is_success {
            return Ok(Reply::Text { operation, status: head.status(), text });
        }
        let asked = format!("{}{}", self.connector.access.url.as_str(), request.path());
        Err(head.into_error(operation, &asked, &String::from_utf8_lossy(&text)))
    }
}

/// Whether an answer does not even begin as HTTP. A head that is broken further on may be one of a request that was
/// carried out; hyper tells the two apart by its words alone.
fn is_no_http(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string().starts_with("invalid HTTP version")
}

/// Whether the server has said something before the request was on its way. Hyper's errors tell that by being no other.
fn is_unasked(error: &hyper::Error) -> bool {
    let cause = error.source().filter(|_| error.is_canceled()).and_then(|cause| cause.downcast_ref::<hyper::Error>());
    cause.is_some_and(|cause| cause.source().is_none() && !cause.is_closed() && !cause.is_incomplete_message())
}

fn pool(connector: &Connector, limits: Limits) -> Pool {
    // The pool itself would take a timeout of zero for none.
    let kept = if limits.idle.is_zero() { 0 } else { limits.connections };
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(limits.idle)
        .pool_max_idle_per_host(kept)
        .build(connector.clone())
}

/// Makes the connections of a pool.
#[derive(Clone)]
struct Connector {
    access: Arc<Access>,
    timeout: Duration,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Wire>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { access, timeout } = self.clone();
        Box::pin(async move { access.within(timeout, wire::connect(&access)).await.map(TokioIo::new) })
    }
}

impl Connection for Box<dyn Wire> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.connector.access.url.as_str()).finish_non_exhaustive()
    }
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
    }
}
