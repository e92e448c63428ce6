use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::{OnceCell, Semaphore};
use zeroize::Zeroizing;

use super::retry::Retries;
use super::{Client, Shared};
#[cfg(feature = "tls-no-provider")]
use crate::transport::tls::{self, Tls};
use crate::transport::{AnyService, BaseUrl, Credentials, Http, Limits, Pool, PoolSettings};
use crate::{AvailabilityCheck, Error, HttpService, Transport};

/// Practically unlimited, yet small enough to be added to any point in time.
pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A [`Client`] in the making; [`Client::builder`] starts one.
///
/// ```no_run
/// use std::time::Duration;
///
/// use ari_bindings::Client;
///
/// let ari = Client::builder("http://pbx.example:8088/ari")
///     .credentials("asterisk", "asterisk")
///     .timeout(Duration::from_secs(10))
///     .connect_timeout(Duration::from_secs(2))
///     .build()?;
/// # Ok::<(), ari_bindings::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "`build` makes the client"]
pub struct ClientBuilder {
    url: Zeroizing<String>,
    credentials: Option<Credentials>,
    transport: Transport,
    timeout: Duration,
    connect_timeout: Duration,
    idle_timeout: Duration,
    download_timeout: Duration,
    max_download_size: u64,
    carrier: Option<Carrier>,
    retries: Retries,
    max_requests: usize,
    availability_check: AvailabilityCheck,
    #[cfg(feature = "tls-no-provider")]
    tls: tls::Settings,
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url: url.into(),
            credentials: None,
            transport: Transport::default(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(10),
            download_timeout: Duration::from_secs(60 * 60),
            max_download_size: 1 << 30,
            carrier: None,
            retries: Retries::default(),
            max_requests: 64,
            availability_check: AvailabilityCheck::default(),
            #[cfg(feature = "tls-no-provider")]
            tls: tls::Settings::default(),
        }
    }

    /// The user and password of ari.conf; they take precedence over those in the URL.
    ///
    /// The memory that they take is wiped when the client is gone.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials { user: user.into(), password: password.into().into() });
        self
    }

    /// How requests travel; by HTTP unless set.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), ari_bindings::Error> {
    /// use ari_bindings::{Client, Transport};
    ///
    /// let ari = Client::builder("http://asterisk:asterisk@localhost:8088/ari")
    ///     .transport(Transport::WebSocket)
    ///     .build()?;
    /// let mut events = ari.events("hello-world").await?;
    /// // From here on, requests go over the connection that the events come from.
    /// ari.asterisk().ping().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// How long a request may take until its whole reply is there, with everything that happens before; 30 s unless
    /// set. Of a download it bounds the time to the first byte and between any two pieces.
    ///
    /// What takes longer fails with [`Error::OutcomeUnknown`], or [`Error::Connect`] if it was not sent by then.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How long connecting may take, TLS and the handshake of the event connection included; 5 s
    /// unless set.
    ///
    /// Addresses of the host are tried one after the other, those of IPv6 and IPv4 side by side.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How long a connection for requests is kept when there are none; 10 s unless set, and not at all if zero.
    ///
    /// Asterisk closes it after `session_keep_alive` of http.conf, 15 s by default. This must be shorter: a request
    /// sent at that moment would fail with [`Error::OutcomeUnknown`].
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How long a file may take from its first byte to its last; an hour unless set.
    pub fn download_timeout(mut self, timeout: Duration) -> Self {
        self.download_timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// How many bytes a file may have; 1 GiB unless set. A longer one ends with [`Error::Decode`].
    pub fn max_download_size(mut self, bytes: u64) -> Self {
        self.max_download_size = bytes;
        self
    }

    /// Sends requests, and connects for events, with this HTTP client instead of one made here: with its proxies, name
    /// resolution, certificates and timeouts.
    ///
    /// [`ClientBuilder::idle_timeout`] then has no effect, nor has [`ClientBuilder::connect_timeout`] on requests;
    /// certificates and a server name set here are an error. Three settings of that client matter: no redirects, since
    /// a `POST` must not become another request; an idle timeout below Asterisk's 15 s; HTTP/1.1 only, which
    /// WebSockets need. The features of `reqwest` that it needs must be turned on by the program. With the feature `tls`
    /// of this crate, `reqwest` needs a provider of cryptography to make any client: install one, or turn on its
    /// feature `rustls`.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// let http = reqwest::Client::builder()
    ///     .proxy(reqwest::Proxy::all("http://proxy.example:3128")?)
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .pool_idle_timeout(Duration::from_secs(10))
    ///     .http1_only()
    ///     .build()?;
    /// let ari = ari_bindings::Client::builder("http://pbx.example:8088/ari").http_client(http).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.carrier = Some(Carrier::Client(client));
        self
    }

    /// Sends requests, and connects for events, by this service instead of an HTTP client: in the same process, or over
    /// a message bus. See [`HttpService`].
    ///
    /// [`ClientBuilder::idle_timeout`] then has no effect, nor has [`ClientBuilder::connect_timeout`] on requests;
    /// certificates and a server name set here are an error. A URL with `https` does not need the feature `tls`. Of
    /// this and [`ClientBuilder::http_client`], the last one counts.
    pub fn http_service(mut self, service: impl HttpService) -> Self {
        self.carrier = Some(Carrier::Service(Arc::new(service)));
        self
    }

    /// How often a request is sent again, each time after a short delay, where that cannot execute it twice; 0 by
    /// default.
    ///
    /// Retried are requests that could not be sent because there was no connection, a `GET` whose connection was lost, and
    /// what Asterisk did not execute because it was reloading its configuration (404 without JSON, or 500 `URI handler
    /// config missing`). Never retried are requests that got another response or timed out, and permanent failures: no
    /// TLS, no HTTP, a certificate that is not trusted. [`ClientBuilder::timeout`] bounds all attempts together.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Retries(retries);
        self
    }

    /// How many HTTP requests may be in flight at the same time, each over its own connection; 64 by default.
    /// Further ones wait their turn.
    ///
    /// It should be below `sessionlimit` of http.conf, 100 by default, which also counts event connections: beyond
    /// it, Asterisk hangs up without a word.
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.max_requests = requests.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// What to do about requests and parameters that the server, once [`Client::server_version`] has asked it, is known not
    /// to have; they are refused unless set.
    pub fn check_availability(mut self, check: AvailabilityCheck) -> Self {
        self.availability_check = check;
        self
    }

    /// Trusts the authorities in this PEM text as well as those that the platform trusts: for a server whose
    /// certificate comes from a private authority.
    #[cfg(feature = "tls-no-provider")]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(pem.into());
        self
    }

    /// Shows this certificate to a server that asks for one, such as a proxy in front of Asterisk: PEM texts of the
    /// certificate, with those that vouch for it, and of its private key.
    #[cfg(feature = "tls-no-provider")]
    pub fn client_certificate_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls.client = Some((certificates.into(), key.into().into()));
        self
    }

    /// The name that the server is asked for, and for which its certificate must be valid, where that is not the host
    /// of the URL: when it is reached by an address or another name.
    #[cfg(feature = "tls-no-provider")]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.server_name = Some(name.into());
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the base URL, the credentials, a certificate or the server name is not usable, or if the URL
    /// needs TLS and the feature `tls` is off.
    pub fn build(self) -> Result<Client, Error> {
        let (url, in_url) = BaseUrl::parse(&self.url)?;
        let authorization = self.credentials.as_ref().or(in_url.as_ref()).map(authorization).transpose()?;
        if !url.is_secure() && !url.is_loopback() && !matches!(self.carrier, Some(Carrier::Service(_))) {
            tracing::warn!(
                "{}: passwords and calls go over the network in clear text; https would hide them",
                url.as_str()
            );
        }
        let limits =
            Limits { read: self.timeout, download_time: self.download_timeout, download_size: self.max_download_size };
        let pool = match &self.carrier {
            Some(carrier) => self.given(carrier)?,
            None => Pool::Own(Box::new(self.pool_settings(&url)?)),
        };
        let http = Http::new(url, authorization, pool, limits)?;
        Ok(Client::new(Shared {
            base_url: http.url().as_str().into(),
            http: Some(Arc::new(http)),
            transport: self.transport,
            #[cfg(feature = "websocket")]
            websocket: super::websocket::WebSocketState::new(self.connect_timeout),
            timeout: self.timeout,
            retries: self.retries,
            permits: Arc::new(Semaphore::new(self.max_requests)),
            availability_check: self.availability_check,
            server: OnceCell::new(),
        }))
    }

    /// What the program has given to carry requests, if there are no settings that only a client made here could follow.
    #[cfg_attr(
        not(feature = "tls-no-provider"),
        allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "as with TLS")
    )]
    fn given(&self, carrier: &Carrier) -> Result<Pool, Error> {
        #[cfg(feature = "tls-no-provider")]
        if !self.tls.is_default() {
            return Err(Error::config(match carrier {
                Carrier::Client(_) => {
                    "`http_client` comes with its own TLS: set certificates and the server name there"
                }
                Carrier::Service(_) => {
                    "`http_service` takes the place of TLS: certificates and a server name have no use"
                }
            }));
        }
        Ok(match carrier {
            Carrier::Client(client) => Pool::Given(client.clone()),
            Carrier::Service(service) => Pool::Service(Arc::clone(service)),
        })
    }

    #[cfg_attr(not(feature = "tls-no-provider"), allow(clippy::unused_self, reason = "as with TLS"))]
    fn pool_settings(&self, url: &BaseUrl) -> Result<PoolSettings, Error> {
        #[cfg(not(feature = "tls-no-provider"))]
        if url.is_secure() {
            return Err(Error::config(format!(
                "base URL {:?}: https needs the feature `tls` of ari-bindings, which is off",
                url.as_str()
            )));
        }
        #[cfg(feature = "tls-no-provider")]
        let tls = if url.is_secure() { Tls::new(&self.tls)? } else { Tls::unused()? };
        Ok(PoolSettings {
            connect_timeout: self.connect_timeout,
            idle_timeout: self.idle_timeout,
            idle_connections: self.max_requests,
            #[cfg(feature = "tls-no-provider")]
            tls,
        })
    }
}

/// What carries requests instead of a client made here.
#[derive(Clone)]
enum Carrier {
    Client(reqwest::Client),
    Service(Arc<dyn AnyService>),
}

/// The header with user and password, in memory that is wiped when freed.
fn authorization(credentials: &Credentials) -> Result<HeaderValue, Error> {
    let basic = credentials.basic()?;
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Secret(basic)))
        .map_err(|error| Error::config(error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What owns the memory of a header.
struct Secret(Zeroizing<String>);

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = BaseUrl::parse(&self.url);
        let mut debug = f.debug_struct("ClientBuilder");
        match &url {
            Ok((url, _)) => debug.field("url", &url.as_str()),
            Err(_) => debug.field("url", &"invalid"),
        };
        debug
            .field("transport", &self.transport)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("retries", &self.retries.0)
            .field("max_requests", &self.max_requests);
        debug.finish_non_exhaustive()
    }
}
