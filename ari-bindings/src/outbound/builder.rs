use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;

use super::admission::Admission;
use super::listener::{Listener, Settings};
use crate::Client;
use crate::connection::{LARGEST_MESSAGE, Pings};
use crate::transport::Credentials;
use crate::{Error, OverflowPolicy};

/// A [`Listener`] in the making; [`Listener::builder`] starts one.
#[derive(Clone)]
#[must_use = "`bind` makes the listener"]
pub struct ListenerBuilder {
    admission: Admission,
    settings: Settings,
    #[cfg(feature = "tls-no-provider")]
    tls: Option<(Vec<u8>, zeroize::Zeroizing<Vec<u8>>)>,
}

impl ListenerBuilder {
    pub(super) fn new() -> Self {
        Self {
            admission: Admission { credentials: None, applications: None, largest_message: LARGEST_MESSAGE },
            settings: Settings {
                http: None,
                max_sessions: 1000,
                handshake_timeout: Duration::from_secs(5),
                timeout: Duration::from_secs(30),
                pings: Pings::default(),
                buffer_limit: 64 << 20,
                overflow_policy: OverflowPolicy::default(),
            },
            #[cfg(feature = "tls-no-provider")]
            tls: None,
        }
    }

    /// The user and password that Asterisk has to present, as `username` and `password` of `websocket_client.conf`.
    /// Unless set, whoever can reach the port is let in.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.admission.credentials = Some(Credentials { user: user.into(), password: password.into().into() });
        self
    }

    /// The applications that may come, by their names in `ari.conf`. Unless set, all may. Others are closed with 1008
    /// and the reason after a second, since Asterisk comes back at once, and for ever.
    pub fn applications(mut self, applications: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.admission.applications = Some(applications.into_iter().map(Into::into).collect());
        self
    }

    /// How many sessions there may be at the same time; 1000 unless set. Further connections are answered with 503,
    /// and Asterisk tries again.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.settings.max_sessions = sessions.min(Semaphore::MAX_PERMITS);
        self
    }

    /// How many bytes a message may have; 16 MiB unless set. A larger one ends its session.
    pub fn max_message_size(mut self, bytes: usize) -> Self {
        self.admission.largest_message = bytes;
        self
    }

    /// How long a connection may take until it has told its application; 5 s unless set.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// How long a request over a session may take until its reply is there; 30 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
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

    /// The client that downloads go by, since files only come by HTTP. Without one, a download over a session fails.
    pub fn http(mut self, client: &Client) -> Self {
        self.settings.http = Some(client.clone());
        self
    }

    /// Speaks TLS (`wss`): PEM texts of the certificate, with those that vouch for it, and of its private key.
    ///
    /// The host of `uri` has to be among the names of the certificate; of its addresses Asterisk 22.10 takes no notice,
    /// so that one with an address needs `verify_server_hostname = no`.
    #[cfg(feature = "tls-no-provider")]
    pub fn certificate_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls = Some((certificates.into(), key.into().into()));
        self
    }

    /// Listens at an address such as `0.0.0.0:8765`.
    pub async fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Listener, Error> {
        crate::client::require_runtime()?;
        let fault = |error: io::Error| Error::config(format!("cannot listen at {address:?}: {error}"));
        let tcp = TcpListener::bind(&address).await.map_err(fault)?;
        let local = tcp.local_addr().map_err(fault)?;
        #[cfg(feature = "tls-no-provider")]
        let tls = self.tls.as_ref().map(|(certificates, key)| acceptor(certificates, key)).transpose()?;
        if self.admission.credentials.is_none() && !local.ip().is_loopback() {
            tracing::warn!("{local}: without credentials, whoever can reach this port is taken for Asterisk");
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
