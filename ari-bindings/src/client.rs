use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::availability::{self, AvailabilityCheck};
use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::reply::{self, Expect, Reply};
use crate::url::BaseUrl;
use crate::{ConnectErrorKind, Error, Method, Operation, Request, Server};

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

pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    pub(crate) url: BaseUrl,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) availability_check: AvailabilityCheck,
    pub(crate) server: OnceCell<Server>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Arc<tokio_rustls::rustls::ClientConfig>,
}

impl Client {
    /// Starts a client for the server with this base URL, such as `http://localhost:8088/ari`.
    ///
    /// The path may have a prefix, as http.conf may set one. User and password may stand in the
    /// URL, percent-encoded. Environment variables about proxies are not heeded.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    /// The base URL, without credentials and trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.shared.url.as_str()
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

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// How long the request line is.
    pub(crate) fn request_line(&self, request: &Request) -> usize {
        let spaces_and_version = " / HTTP/1.1".len();
        request.method().as_str().len() + self.shared.url.prefix().len() + request.uri().len() + spaces_and_version
    }

    /// Sends a request, and reads its reply as far as expected.
    pub(crate) async fn send(self, request: Request, expect: Expect) -> Result<Reply, Error> {
        require_runtime()?;
        self.check_availability(&request)?;
        let operation = request.operation();
        let exchange = self.exchange(&request, expect);
        match tokio::time::timeout(self.shared.timeout, exchange).await {
            Ok(reply) => reply,
            Err(source) => Err(Error::Unfinished { operation, timed_out: true, source: source.into() }),
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

    async fn exchange(&self, request: &Request, expect: Expect) -> Result<Reply, Error> {
        let operation = request.operation();
        let url = format!("{}/{}", self.base_url(), request.uri());
        let mut http = self.shared.http.request(method(request.method()), url);
        if let Some(authorization) = &self.shared.authorization {
            http = http.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = request.body() {
            http = http.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = http.send().await.map_err(|error| self.send_error(operation, error))?;
        let asked = format!("{}{}", self.base_url(), request.path());
        reply::read(operation, &asked, response, expect).await
    }

    fn send_error(&self, operation: &'static Operation, error: reqwest::Error) -> Error {
        let timed_out = error.is_timeout();
        if !error.is_connect() {
            return Error::Unfinished { operation, timed_out, source: error.without_url().into() };
        }
        let kind = match () {
            () if error.is_dns() => ConnectErrorKind::Dns,
            () if timed_out => ConnectErrorKind::Timeout,
            () => self.connect_error_kind(io_error(&error)),
        };
        self.connect_error(kind, error.without_url())
    }

    /// The kind of a failure to connect once there is an address.
    pub(crate) fn connect_error_kind(&self, error: Option<&std::io::Error>) -> ConnectErrorKind {
        match error {
            Some(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused,
            Some(error) if error.kind() == std::io::ErrorKind::TimedOut => ConnectErrorKind::Timeout,
            Some(error) if error.raw_os_error().is_some() => ConnectErrorKind::Other,
            _ if self.shared.url.is_secure() => ConnectErrorKind::Tls,
            _ => ConnectErrorKind::Other,
        }
    }

    pub(crate) fn connect_error(
        &self,
        kind: ConnectErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::Connect { url: self.base_url().into(), kind, source: source.into() }
    }
}

const GET_INFO: Operation =
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

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// The operating system's error at the bottom of another.
fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a std::io::Error> {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.filter_map(|error| error.downcast_ref()).last()
}
