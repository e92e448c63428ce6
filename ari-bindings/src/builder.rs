use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use crate::client::Client;
use crate::url::{BaseUrl, Credentials};
use crate::{AvailabilityCheck, Error, client};

/// Asterisk closes a connection that was idle for 15 s; one closed earlier by us is never raced.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

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
    url: String,
    credentials: Option<Credentials>,
    timeout: Duration,
    connect_timeout: Duration,
    availability_check: AvailabilityCheck,
    #[cfg(feature = "tls")]
    root_certificates: Vec<Vec<u8>>,
}

impl ClientBuilder {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            credentials: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            availability_check: AvailabilityCheck::default(),
            #[cfg(feature = "tls")]
            root_certificates: Vec::new(),
        }
    }

    /// The user and password of ari.conf; they take precedence over those in the URL.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials { user: user.into(), password: password.into() });
        self
    }

    /// How long a request may take until its whole reply is there; 30 s unless set. Of a download
    /// it bounds the time to the first byte and between any two pieces.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take, TLS and the handshake of the event connection included; 5 s
    /// unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// What to do about requests and parameters that the server, once [`Client::server`] has asked it, is known not
    /// to have; they are refused unless set.
    pub fn check_availability(mut self, check: AvailabilityCheck) -> Self {
        self.availability_check = check;
        self
    }

    /// Trusts the authorities in this PEM text as well as those that the platform trusts: for a server whose
    /// certificate comes from a private authority.
    #[cfg(feature = "tls")]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Makes the client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, Error> {
        let (url, in_url) = BaseUrl::parse(&self.url)?;
        let authorization = self.credentials.or(in_url).map(authorization).transpose()?;
        let http = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .http1_only();

        #[cfg(feature = "tls")]
        let tls = std::sync::Arc::new(crate::tls::config(&url, &self.root_certificates)?);
        #[cfg(feature = "tls")]
        let http = http.tls_backend_preconfigured((*tls).clone());
        #[cfg(not(feature = "tls"))]
        if url.is_secure() {
            return Err(Error::config(format!(
                "base URL {:?}: https needs the feature `tls` of ari-bindings, which is off",
                url.as_str()
            )));
        }

        Ok(Client::new(client::Shared {
            http: http.build().map_err(|error| Error::config(error.to_string()))?,
            url,
            authorization,
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            availability_check: self.availability_check,
            server: tokio::sync::OnceCell::new(),
            #[cfg(feature = "tls")]
            tls,
        }))
    }
}

fn authorization(Credentials { user, password }: Credentials) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(Error::config("a user name cannot contain `:`"));
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let mut value = HeaderValue::try_from(basic).map_err(|error| Error::config(error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = BaseUrl::parse(&self.url);
        let mut debug = f.debug_struct("ClientBuilder");
        match &url {
            Ok((url, _)) => debug.field("url", &url.as_str()),
            Err(_) => debug.field("url", &"invalid"),
        };
        debug.field("timeout", &self.timeout).field("connect_timeout", &self.connect_timeout);
        debug.finish_non_exhaustive()
    }
}
