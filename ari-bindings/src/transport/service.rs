//! Requests that travel another way than over the connections of an HTTP client.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
#[cfg(feature = "websocket")]
use tokio::io::{AsyncRead, AsyncWrite};

/// Carries the requests and event connections of a [`Client`](crate::Client) another way than over TCP: to a server in
/// the same process, as tests do, or over a message bus.
///
/// [`ClientBuilder::http_service`](crate::ClientBuilder::http_service) gives one to a client. Everything above it stays
/// as over TCP: base URL, credentials, timeouts, retries, errors, the heartbeat and reconnects of event connections, and
/// requests over them.
///
/// ```
/// use ari_bindings::{Bytes, Client, HttpService, ServiceError};
///
/// /// A server without any calls.
/// struct Idle;
///
/// impl HttpService for Idle {
///     async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, ServiceError> {
///         let mut response = http::Response::new(Bytes::from(r#"{"message":"Resource not found"}"#));
///         if request.uri().path() == "/ari/channels" {
///             *response.body_mut() = Bytes::from("[]");
///         } else {
///             *response.status_mut() = http::StatusCode::NOT_FOUND;
///         }
///         Ok(response)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ari_bindings::Error> {
/// let ari = Client::builder("http://idle/ari").http_service(Idle).build()?;
/// assert!(ari.channels().list().await?.is_empty());
/// # Ok(())
/// # }
/// ```
pub trait HttpService: Send + Sync + 'static {
    /// Sends a request, and returns the whole response to it.
    ///
    /// The request has an absolute URI, below the client's base URL, and the headers that it would have over TCP, except
    /// for `Host` and `Content-Length`. The future is dropped when the request times out.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, ServiceError>> + Send;

    /// Opens an event connection: what HTTP does by an upgrade to a WebSocket. The request has the parameters of the
    /// connection and the credentials; the headers of the WebSocket's handshake are left to the service.
    ///
    /// Unless implemented, there are no event connections.
    #[cfg(feature = "websocket")]
    fn upgrade(&self, request: http::Request<()>) -> impl Future<Output = Result<Upgrade, ServiceError>> + Send {
        drop(request);
        async { Err(ServiceError::NotSent(io::ErrorKind::Unsupported.into())) }
    }
}

/// The response to the request for an event connection.
#[cfg(feature = "websocket")]
pub struct Upgrade(pub(crate) Upgraded);

/// The outcome of a request for an event connection.
#[cfg(feature = "websocket")]
pub(crate) enum Upgraded {
    /// This response, which may agree to the WebSocket.
    Response(reqwest::Response),
    /// An open connection.
    Stream(Box<dyn ByteStream>),
}

#[cfg(feature = "websocket")]
impl Upgrade {
    /// The connection is open. The stream is that of a WebSocket after its handshake, in which the client masks its
    /// frames (RFC 6455); half of a [`tokio::io::duplex`] is enough.
    pub fn accepted(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Upgraded::Stream(Box::new(stream)))
    }

    /// The server refuses the connection with this response.
    #[must_use]
    pub fn refused(response: http::Response<Bytes>) -> Self {
        Self(Upgraded::Response(response.into()))
    }
}

#[cfg(feature = "websocket")]
impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Upgraded::Response(response) => f.debug_tuple("Refused").field(&response.status()).finish(),
            Upgraded::Stream(_) => f.write_str("Accepted"),
        }
    }
}

/// Why a request got no response from an [`HttpService`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ServiceError {
    /// It has not reached a server that could execute it. The request fails with [`Error::Connect`](crate::Error),
    /// whose kind follows from that of the I/O error, and may be retried.
    NotSent(io::Error),
    /// The server may have executed it. The request fails with [`Error::OutcomeUnknown`](crate::Error).
    Lost(io::Error),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(_) => f.write_str("the request was not sent"),
            Self::Lost(_) => f.write_str("the response was lost"),
        }
    }
}

impl std::error::Error for ServiceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotSent(error) | Self::Lost(error) => Some(error),
        }
    }
}

/// A connection of any kind, with TLS or without.
#[cfg(feature = "websocket")]
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

#[cfg(feature = "websocket")]
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

type Replying<'a, T> = Pin<Box<dyn Future<Output = Result<T, ServiceError>> + Send + 'a>>;

/// An [`HttpService`] of any type.
pub(crate) trait AnyService: Send + Sync {
    fn send(&self, request: http::Request<Bytes>) -> Replying<'_, http::Response<Bytes>>;

    #[cfg(feature = "websocket")]
    fn upgrade(&self, request: http::Request<()>) -> Replying<'_, Upgrade>;
}

impl<T: HttpService> AnyService for T {
    fn send(&self, request: http::Request<Bytes>) -> Replying<'_, http::Response<Bytes>> {
        Box::pin(HttpService::send(self, request))
    }

    #[cfg(feature = "websocket")]
    fn upgrade(&self, request: http::Request<()>) -> Replying<'_, Upgrade> {
        Box::pin(HttpService::upgrade(self, request))
    }
}
