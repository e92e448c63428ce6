use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};
use tracing::Instrument as _;

use crate::availability::{self, AvailabilityCheck};
use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::connection::Link;
use crate::http::Http;
use crate::object::readable;
use crate::reply::{Expect, Reply};
use crate::retry::Retries;
use crate::subscriptions::{self, Subscriptions};
use crate::{ConnectErrorKind, Error, Method, Operation, Request, Server, Transport};

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
    shared: Arc<Shared>,
}

/// What the clones of a client share.
pub(crate) struct Shared {
    /// None where Asterisk has made the connection.
    pub(crate) http: Option<Arc<Http>>,
    pub(crate) base_url: Box<str>,
    pub(crate) transport: Transport,
    /// The newest event connection.
    pub(crate) link: Mutex<Weak<Link>>,
    /// The only connection that there is, which Asterisk has made.
    pub(crate) own_link: Option<Arc<Link>>,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) retries: Retries,
    /// One for each request that may be under way by HTTP.
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) availability_check: AvailabilityCheck,
    pub(crate) server: OnceCell<Server>,
    pub(crate) subscriptions: Arc<Subscriptions>,
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

    /// What the server is. It is asked once, by `GET /asterisk/info`; clones of the client share the answer.
    ///
    /// From then on, requests and parameters that its release does not have fail before they are sent, unless
    /// [`ClientBuilder::check_availability`] has it otherwise.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// let server = ari.server().await?;
    /// println!("{server}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn server(&self) -> Result<&Server, Error> {
        let ask = || async {
            let info: Info =
                Call::new(self, &GET_INFO).list("only", std::iter::once("system".to_owned())).json().await?;
            Ok(Server::new(info.system.version))
        };
        self.shared.server.get_or_try_init(ask).await
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// A client whose requests go over a connection that Asterisk has made.
    #[cfg(feature = "server")]
    pub(crate) fn of_link(base_url: Box<str>, http: Option<Arc<Http>>, link: Arc<Link>, timeout: Duration) -> Self {
        Self::new(Shared {
            http,
            base_url,
            transport: Transport::WebSocket,
            link: Mutex::default(),
            own_link: Some(link),
            timeout,
            connect_timeout: timeout,
            retries: Retries::default(),
            permits: Arc::new(Semaphore::new(64)),
            availability_check: AvailabilityCheck::default(),
            server: OnceCell::new(),
            subscriptions: Arc::default(),
        })
    }

    pub(crate) fn http(&self) -> Option<&Arc<Http>> {
        self.shared.http.as_ref()
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        self.shared.connect_timeout
    }

    pub(crate) fn subscriptions(&self) -> &Arc<Subscriptions> {
        &self.shared.subscriptions
    }

    /// From now on, requests go over this connection.
    pub(crate) fn set_link(&self, link: &Arc<Link>) {
        *self.shared.link.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(link);
    }

    /// The connection that requests go over.
    fn link(&self) -> Option<Arc<Link>> {
        if let Some(link) = &self.shared.own_link {
            return Some(Arc::clone(link));
        }
        if self.shared.transport == Transport::Http {
            return None;
        }
        let link = self.shared.link.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        link.filter(|link| link.is_open())
    }

    /// How long the request line is.
    pub(crate) fn request_line(&self, request: &Request) -> usize {
        let prefix = self.http().map_or(0, |http| http.url.prefix().len());
        let spaces_and_version = " / HTTP/1.1".len();
        request.method().as_str().len() + prefix + request.uri().len() + spaces_and_version
    }

    /// Sends a request, and reads its reply as far as expected.
    pub(crate) async fn send(self, request: Request, expect: Expect) -> Result<Reply, Error> {
        require_runtime()?;
        self.check_availability(&request)?;
        self.check_filter(&request)?;
        let span = tracing::debug_span!(
            "ari.request",
            operation = %request.operation(),
            channel = request.path_parameter("channelId"),
            status = tracing::field::Empty,
            milliseconds = tracing::field::Empty,
        );
        let started = Instant::now();
        let result = self.send_until(&request, expect, started + self.shared.timeout).instrument(span.clone()).await;
        let status = match &result {
            Ok(reply) => Some(reply.status()),
            Err(error) => error.status(),
        };
        span.record("status", status);
        span.record("milliseconds", started.elapsed().as_secs_f64() * 1e3);
        #[cfg(feature = "metrics")]
        measure(request.operation(), status, started.elapsed());
        if result.is_ok() {
            self.shared.subscriptions.note(&request);
        }
        result
    }

    /// Sends a request, and again as often as is safe and wanted.
    async fn send_until(&self, request: &Request, expect: Expect, deadline: Instant) -> Result<Reply, Error> {
        let mut tries = self.shared.retries.start(deadline);
        loop {
            let error = match self.send_once(request, expect, deadline).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let Some(delay) = tries.next(request.method(), &error) else { return Err(error) };
            tracing::debug!("sent again after {delay:?}: {error}");
            tokio::time::sleep(delay).await;
        }
    }

    async fn send_once(&self, request: &Request, expect: Expect, deadline: Instant) -> Result<Reply, Error> {
        let operation = request.operation();
        if let Some(link) = self.link().filter(|_| expect == Expect::Text) {
            let left = deadline.saturating_duration_since(Instant::now());
            return link.exchange(self.base_url(), request, left).await;
        }
        let Some(http) = &self.shared.http else {
            return Err(Error::config("a file goes by HTTP only: give the listener a client for that"));
        };
        let permits = Arc::clone(&self.shared.permits);
        let permit = match tokio::time::timeout_at(deadline.into(), permits.acquire_owned()).await {
            Ok(permit) => permit.map_err(|error| Error::config(error.to_string()))?,
            Err(elapsed) => return Err(http.connect_error(ConnectErrorKind::Busy, Arc::new(elapsed))),
        };
        match tokio::time::timeout_at(deadline.into(), http.exchange(request, expect)).await {
            Ok(reply) => reply.map(|reply| reply.holding(permit)),
            Err(elapsed) => Err(Error::Unfinished { operation, timed_out: true, source: Arc::new(elapsed) }),
        }
    }

    /// Makes sure that replies come over the event connection.
    pub(crate) async fn ping_over_link(&self) -> Result<(), Error> {
        let Some(link) = self.link() else { return Ok(()) };
        let request = Call::new(self, &PING).into_request()?;
        let limit = self.shared.connect_timeout;
        match link.exchange(self.base_url(), &request, limit).await {
            Err(Error::Unfinished { timed_out: true, .. }) => Err(Error::config(format!(
                "{}: no reply over the event connection within {limit:?}: Asterisk takes requests there since 20.14, \
                 21.9, 22.4 and 23.0, and an event filter of the application must let RESTResponse pass",
                self.base_url()
            ))),
            result => result.map(drop),
        }
    }

    fn check_availability(&self, request: &Request) -> Result<(), Error> {
        let release = self.shared.server.get().and_then(Server::release);
        let Some(release) = release.filter(|_| self.shared.availability_check != AvailabilityCheck::Off) else {
            return Ok(());
        };
        match availability::check(request, release) {
            Err(lacking) if self.shared.availability_check == AvailabilityCheck::Warn => {
                tracing::warn!("{}", lacking.to_string().replace(": not sent", ""));
                Ok(())
            }
            result => result,
        }
    }

    /// A filter must not swallow the replies to our own requests.
    fn check_filter(&self, request: &Request) -> Result<(), Error> {
        let Some(link) = self.link() else { return Ok(()) };
        match subscriptions::swallows_replies(request) {
            Some(app) if link.apps().contains(&app) => Err(Error::InvalidRequest {
                operation: request.operation(),
                parameter: "filter",
                reason: "it would swallow the replies to all requests, which come over the event connection: \
                         `RESTResponse` must be allowed if anything is, and not be disallowed"
                    .into(),
            }),
            _ => Ok(()),
        }
    }
}

const GET_INFO: Operation =
    Operation { resource: "asterisk", name: "getInfo", method: Method::Get, path: "/asterisk/info" };

const PING: Operation = Operation { resource: "asterisk", name: "ping", method: Method::Get, path: "/asterisk/ping" };

/// The part of the server's information that says what it is.
struct Info {
    system: System,
}

struct System {
    version: String,
}

readable!(Info { system = "system" });
readable!(System { version = "version" });

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.base_url()).finish_non_exhaustive()
    }
}

#[cfg(feature = "metrics")]
fn measure(operation: &Operation, status: Option<u16>, duration: Duration) {
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let name = format!("{}.{}", operation.resource, operation.name);
    metrics::histogram!("ari_request_duration_seconds", "operation" => name, "status" => status)
        .record(duration.as_secs_f64());
}

/// Sockets and timers need Tokio, and would panic without.
pub(crate) fn require_runtime() -> Result<(), Error> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::config("requests and events must be awaited in a Tokio runtime")),
    }
}
