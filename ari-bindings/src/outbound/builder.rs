use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;

use super::admission::Admission;
use super::listener::{Listener, Settings};
use crate::Client;
use crate::client::LONGEST_TIMEOUT;
use crate::connection::{LARGEST_MESSAGE, Pings};
use crate::transport::Credentials;
use crate::{Error, IntoList, OverflowPolicy};

/// Builds a [`Listener`]; [`Listener::builder`] returns one.
#[derive(Clone)]
#[must_use = "`bind` makes the listener"]
pub struct ListenerBuilder {
    credentials: Option<Credentials>,
    admission: Admission,
    settings: Settings,
    #[cfg(feature = "tls-no-provider")]
    tls: Option<(Vec<u8>, zeroize::Zeroizing<Vec<u8>>)>,
}

impl ListenerBuilder {
    pub(super) fn new() -> Self {
        Self {
            credentials: None,
            admission: Admission { authorization: None, applications: None, max_message_size: LARGEST_MESSAGE },
            settings: Settings {
                http: None,
                max_sessions: 1000,
                max_pending: 256,
                max_pending_per_address: 128,
                handshake_timeout: Duration::from_secs(5),
                application_timeout: Duration::from_secs(5),
                timeout: Duration::from_secs(30),
                pings: Pings::default(),
                buffer_limit: 64 << 20,
                overflow_policy: OverflowPolicy::default(),
            },
            #[cfg(feature = "tls-no-provider")]
            tls: None,
        }
    }

    /// The user and password that Asterisk has to present: `username` and `password` of `websocket_client.conf`.
    /// Without them, every connection that reaches the port is accepted.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials { user: user.into(), password: password.into().into() });
        self
    }

    /// The applications that are accepted, by their names in `ari.conf`. By default, all are.
    ///
    /// A connection for another application is closed with code 1008 and the reason after one second: Asterisk
    /// reconnects immediately and indefinitely.
    pub fn applications(mut self, applications: impl IntoList<String>) -> Self {
        self.admission.applications = Some(applications.into_list());
        self
    }

    /// The maximum number of concurrent sessions; 1000 by default. Further connections with valid credentials get the
    /// status 503, and Asterisk tries again.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.settings.max_sessions = sessions.min(Semaphore::MAX_PERMITS);
        self
    }

    /// The maximum number of connections that have not authenticated yet; 256 by default, and at least 1.
    ///
    /// When a connection exceeds it, the oldest of them is closed. Set it well below the limit of open files, and above
    /// the number of calls that may arrive within the time of a handshake where Asterisk connects for each call.
    pub fn max_pending(mut self, connections: usize) -> Self {
        self.settings.max_pending = connections;
        self
    }

    /// How many of the connections that [`max_pending`](Self::max_pending) counts may come from one IP address (of
    /// IPv6, one /64 network); 128 by default, and at least 1.
    ///
    /// When a connection exceeds it, the oldest one of that address is closed, so that one host cannot displace the
    /// others.
    pub fn max_pending_per_address(mut self, connections: usize) -> Self {
        self.settings.max_pending_per_address = connections;
        self
    }

    /// The maximum size of a message in bytes; 16 MiB by default. A larger message ends its session.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.admission.max_message_size = bytes;
        self
    }

    /// How long a connection may take to send its HTTP request, TLS handshake included; 5 s by default.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// How long an authenticated connection may take to name its application; 5 s by default. Asterisk does so
    /// immediately.
    pub fn application_timeout(mut self, timeout: Duration) -> Self {
        self.settings.application_timeout = timeout;
        self
    }

    /// How long a request over a session may take; 30 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout.min(LONGEST_TIMEOUT);
        self
    }

    /// As [`EventsBuilder::ping_interval`](crate::EventsBuilder::ping_interval).
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.settings.pings.interval = interval;
        self
    }

    /// As [`EventsBuilder::ping_timeout`](crate::EventsBuilder::ping_timeout).
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.settings.pings.timeout = timeout;
        self
    }

    /// As [`EventsBuilder::buffer_limit`](crate::EventsBuilder::buffer_limit).
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.settings.buffer_limit = bytes;
        self
    }

    /// As [`EventsBuilder::overflow_policy`](crate::EventsBuilder::overflow_policy).
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.settings.overflow_policy = policy;
        self
    }

    /// The client for downloads, since Asterisk serves files by HTTP only. Without one, downloads over a session fail.
    pub fn http(mut self, client: &Client) -> Self {
        self.settings.http = Some(client.clone());
        self
    }

    /// Serves TLS (`wss`) with this certificate chain and private key, both as PEM.
    ///
    /// Asterisk 22.10 compares the host of `uri` with the names of the certificate, and ignores its IP addresses: with
    /// an address as host, it needs `verify_server_hostname = no`.
    #[cfg(feature = "tls-no-provider")]
    pub fn certificate_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls = Some((certificates.into(), key.into().into()));
        self
    }

    /// Binds to an address such as `0.0.0.0:8765`, and starts listening.
    ///
    /// `127.0.0.1:0` lets the system choose a port, which [`Listener::local_addr`] returns. Of a host name with several
    /// addresses, the first one that can be bound is used. Without [`credentials`](Self::credentials), an address that
    /// other hosts can reach is logged as a warning.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the address cannot be bound, the certificate, its key or the user name is not
    /// usable, or there is no Tokio runtime.
    pub async fn bind(mut self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Listener, Error> {
        crate::client::require_runtime()?;
        self.admission.authorization = self.credentials.as_ref().map(Credentials::basic).transpose()?;
        #[cfg(feature = "tls-no-provider")]
        let tls = self.tls.as_ref().map(|(certificates, key)| acceptor(certificates, key)).transpose()?;
        let fault = |error: io::Error| Error::config(format!("cannot listen on {address:?}: {error}"));
        let tcp = TcpListener::bind(&address).await.map_err(fault)?;
        let local = tcp.local_addr().map_err(fault)?;
        if self.credentials.is_none() && !local.ip().is_loopback() {
            tracing::warn!("{local}: without credentials, any peer that can reach this port is accepted as Asterisk");
        }
        Ok(Listener::start(
            tcp,
            local,
            Arc::new(self.admission),
            self.settings,
            #[cfg(feature = "tls-no-provider")]
            tls,
        ))
    }
}

#[cfg(feature = "tls-no-provider")]
fn acceptor(certificates: &[u8], key: &[u8]) -> Result<tokio_rustls::TlsAcceptor, Error> {
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(crate::transport::tls::provider()?)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(
            crate::transport::tls::certificates(certificates, "certificate")?,
            crate::transport::tls::private_key(key)?,
        )
        .map_err(|error| Error::config(format!("certificate: {error}")))?;
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}

impl fmt::Debug for ListenerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerBuilder")
            .field("applications", &self.admission.applications)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
