//! The client: requests, and what becomes of them.
//!
//! ```text
//! generated request ──call──▶ request ──┬── http ───────────────┬──▶ reply or error
//!                                       └── rest (WebSocket) ────┘
//! ```

mod builder;
mod call;
mod log;
mod retry;
#[cfg(feature = "websocket")]
mod subscriptions;
mod transport;
#[cfg(feature = "websocket")]
mod websocket;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use tracing::Instrument as _;

pub use self::builder::ClientBuilder;
#[cfg(feature = "outbound")]
pub(crate) use self::builder::LONGEST_TIMEOUT;
pub use self::call::ResponseFuture;
pub(crate) use self::call::{Call, call};
#[cfg(feature = "outbound")]
use self::retry::Retries;
#[cfg(feature = "websocket")]
pub(crate) use self::retry::retry;
#[cfg(feature = "websocket")]
pub(crate) use self::subscriptions::{Remembered, Subscriptions};
pub use self::transport::Transport;
use crate::availability::AvailabilityCheck;
use crate::error::{Lack, Source};
use crate::request::{Content, Expect};
use crate::transport::Http;
use crate::{ConnectErrorKind, Download, Error, Method, Operation, Request, Response, ServerVersion};
pub use bytes::Bytes;

/// A client of one ARI server. Clones share its connections and cost nothing.
///
/// Its methods are the resources of ARI: [`Client::channels`] has every operation on channels,
/// and [`Client::channel`] those on one of them. [`Client::events`] receives what happens.
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), ari_bindings::Error> {
/// use ari_bindings::Client;
///
/// let ari = Client::builder("http://localhost:8088/ari")
///     .credentials("asterisk", "asterisk")
///     .build()?;
/// for channel in ari.channels().list().await? {
///     println!("{}", channel.id);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What the clones of a client share.
pub(crate) struct Shared {
    /// None where Asterisk has made the connection, unless the program has given another client.
    pub(crate) http: Option<Arc<Http>>,
    pub(crate) base_url: Box<str>,
    pub(crate) transport: Transport,
    #[cfg(feature = "websocket")]
    pub(crate) websocket: websocket::WebSocketState,
    pub(crate) timeout: Duration,
    pub(crate) retries: retry::Retries,
    /// One for each request that may be under way by HTTP.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) availability_check: AvailabilityCheck,
    pub(crate) server: OnceCell<ServerVersion>,
}

impl Client {
    /// Starts a client for the server with this base URL, such as `http://localhost:8088/ari`.
    ///
    /// The path may have a prefix, as http.conf may set one. User and password may stand in the
    /// URL, percent-encoded. Environment variables about proxies are not heeded.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    /// The base URL, without credentials and trailing slash. Of a connection that Asterisk has made, without another
    /// client for HTTP, it is where that comes from: `ws://192.0.2.1:51234`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// How its requests travel.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.shared.transport
    }

    /// The server's version. It is requested once, by `GET /asterisk/info`; clones of the client share the result.
    ///
    /// From then on, requests and parameters that its release does not have fail before they are sent, unless
    /// [`ClientBuilder::check_availability`] says otherwise.
    ///
    /// # Errors
    ///
    /// Those of any request. The next call tries again.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// let server = ari.server_version().await?;
    /// println!("{server}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn server_version(&self) -> Result<&ServerVersion, Error> {
        let ask = || async {
            let info: Info = Call::new(self, &GET_INFO).list("only", vec!["system".to_owned()]).json().await?;
            Ok(ServerVersion::new(info.system.version))
        };
        self.shared.server.get_or_try_init(ask).await
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    #[cfg(feature = "websocket")]
    pub(crate) fn http(&self) -> Option<&Arc<Http>> {
        self.shared.http.as_ref()
    }

    /// The path of the base URL, which precedes that of every request.
    pub(crate) fn prefix(&self) -> &str {
        self.shared.http.as_ref().map_or("", |http| http.url().prefix())
    }

    /// Sends a request that the bindings do not have, and returns the response to it.
    ///
    /// It is sent like every other request. Whether the server's release has it is not checked. See [`Request::new`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if Asterisk would misread the request, and otherwise those of every request: any
    /// response but a success is an error.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        request.check(self.prefix())?;
        let (request, content) = self.clone().execute(request, Expect::Text).await?;
        Ok(content.into_response(request))
    }

    /// Sends a request whose response is a file, as [`Client::send`] does any other.
    ///
    /// # Errors
    ///
    /// Those of [`Client::send`].
    pub async fn download(&self, request: Request) -> Result<Download, Error> {
        request.check(self.prefix())?;
        let (request, content) = self.clone().execute(request, Expect::File).await?;
        content.into_download(&request)
    }

    /// Sends a request, and reads its response as far as expected.
    pub(crate) async fn execute(self, request: Request, expect: Expect) -> Result<(Request, Content), Error> {
        require_runtime()?;
        self.check_availability(&request)?;
        #[cfg(feature = "websocket")]
        self.check_filter(&request)?;
        let span = log::span(&request);
        let started = Instant::now();
        let result = self.send_until(&request, expect, started + self.shared.timeout).instrument(span.clone()).await;
        log::finished(&span, &request, &result, started.elapsed());
        let content = result?;
        #[cfg(feature = "websocket")]
        self.subscriptions().note(&request);
        Ok((request, content))
    }

    /// Sends a request, and again as often as is safe and wanted.
    async fn send_until(&self, request: &Request, expect: Expect, deadline: Instant) -> Result<Content, Error> {
        let mut tries = self.shared.retries.start(deadline);
        loop {
            let error = match self.send_once(request, expect, deadline).await {
                Ok(content) => return Ok(content),
                Err(error) => error,
            };
            let Some(delay) = tries.next(request.method(), &error) else { return Err(error) };
            tracing::debug!("sent again after {delay:?}: {}", error.with_causes());
            tokio::time::sleep(delay).await;
        }
    }

    async fn send_once(&self, request: &Request, expect: Expect, deadline: Instant) -> Result<Content, Error> {
        #[cfg(feature = "websocket")]
        if let Some(rest) = self.rest().filter(|_| expect == Expect::Text) {
            let left = deadline.saturating_duration_since(Instant::now());
            return rest.exchange(self.base_url(), request, left).await;
        }
        let Some(http) = &self.shared.http else {
            return Err(Error::config("a file is sent over HTTP only: give the listener a client for that"));
        };
        let permits = Arc::clone(&self.shared.permits);
        let permit = match tokio::time::timeout_at(deadline, permits.acquire_owned()).await {
            Ok(permit) => permit.map_err(|error| Error::config(error.to_string()))?,
            Err(elapsed) => return Err(self.busy(Arc::new(elapsed))),
        };
        if Instant::now() >= deadline {
            return Err(self.busy(Arc::new(io::Error::from(io::ErrorKind::TimedOut))));
        }
        // Boxed, because its size would be that of every request, and allocators are slow with large blocks.
        Box::pin(http.exchange(request, expect, deadline)).await.map(|content| content.holding(permit))
    }

    /// The error of a request whose turn did not come in time.
    fn busy(&self, source: Source) -> Error {
        Error::Connect { url: self.base_url().into(), kind: ConnectErrorKind::Busy, source }
    }

    fn check_availability(&self, request: &Request) -> Result<(), Error> {
        let release = self.shared.server.get().and_then(ServerVersion::release);
        let Some(release) = release.filter(|_| self.shared.availability_check != AvailabilityCheck::Off) else {
            return Ok(());
        };
        match request.lacks(release) {
            None => Ok(()),
            Some(item) if self.shared.availability_check == AvailabilityCheck::Warn => {
                tracing::warn!("{}: {}", request.line(), Lack { item, release });
                Ok(())
            }
            Some(item) => Err(Error::Unavailable { request: request.line(), item, release }),
        }
    }
}

/// What the server is, and when it was started.
pub(crate) const GET_INFO: Operation =
    Operation { resource: "asterisk", name: "getInfo", method: Method::Get, path: "/asterisk/info" };

/// The part of the server's information that says what it is.
#[derive(Deserialize)]
struct Info {
    system: System,
}

#[derive(Deserialize)]
struct System {
    version: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.base_url()).finish_non_exhaustive()
    }
}

/// Sockets and timers need Tokio, and would panic without.
pub(crate) fn require_runtime() -> Result<(), Error> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::config("requests and events must be awaited in a Tokio runtime")),
    }
}
