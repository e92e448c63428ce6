use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{Uri, uri::Scheme};

use super::control::MediaStart;
use super::session::{fault, introduce, limits, start};
use super::{PROTOCOL, Wire};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::media::Media;

/// Connects to channels that wait for the program: those of the dial string `WebSocket/INCOMING`, and external media of
/// the transport `websocket` and the connection type `server`.
///
/// ```no_run
/// # async fn example(connection_id: &str) -> Result<(), ari_media::MediaError> {
/// use ari_media::{Audio, Format, WebSocketConnector};
///
/// let connector = WebSocketConnector::new("http://127.0.0.1:8088/ari")?;
/// // The channel's variable MEDIA_WEBSOCKET_CONNECTION_ID.
/// let (start, media) = connector.connect(connection_id, Format::SLIN16).await?;
/// println!("the sound of the channel {}", start.channel_id);
/// media.play(Audio::wav("welcome.wav")?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WebSocketConnector {
    /// Scheme, host, port, and the prefix of `http.conf`.
    base: String,
    host: String,
    port: u16,
    is_secure: bool,
    timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<std::sync::Arc<tokio_rustls::rustls::ClientConfig>>,
}

impl WebSocketConnector {
    /// Connects to the server of this ARI URL, such as `https://pbx.example:8089/ari`.
    ///
    /// # Errors
    ///
    /// [`MediaError::Invalid`] if it is not a URL of HTTP.
    pub fn new(ari_url: &str) -> Result<Self, MediaError> {
        let wrong = |why: &str| MediaError::invalid("url", format!("{ari_url}: {why}"));
        let uri: Uri = ari_url.parse().map_err(|error| wrong(&format!("{error}")))?;
        let is_secure = match uri.scheme().map(Scheme::as_str) {
            Some("http" | "ws") => false,
            Some("https" | "wss") if cfg!(feature = "tls") => true,
            Some("https" | "wss") => return Err(wrong("the crate is compiled without the feature `tls`")),
            _ => return Err(wrong("it begins with neither http:// nor https://")),
        };
        let Some((host, authority)) = uri.host().zip(uri.authority()) else { return Err(wrong("it has no host")) };
        let prefix = uri.path().trim_end_matches('/');
        let prefix = prefix.strip_suffix("/ari").unwrap_or(prefix);
        // Credentials are those of ARI; the connection id is the secret here.
        let authority = authority.as_str().rsplit('@').next().unwrap_or_default();
        Ok(Self {
            base: format!("{}://{authority}{prefix}", if is_secure { "wss" } else { "ws" }),
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
            is_secure,
            timeout: Duration::from_secs(10),
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// How long connecting may take, up to the channel's first message; 10 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The configuration of TLS. By default, the certificates are trusted that the platform trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, config: std::sync::Arc<tokio_rustls::rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Connects to the channel that waits for this connection id.
    ///
    /// # Errors
    ///
    /// [`MediaError::Refused`] if no channel waits for it, or another connection has taken it; [`MediaError::Invalid`]
    /// if the channel has another format.
    pub async fn connect(
        &self,
        connection_id: &str,
        config: impl Into<MediaConfig>,
    ) -> Result<(MediaStart, Media), MediaError> {
        let config = config.into();
        config.check()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if connection_id.is_empty() || !connection_id.bytes().all(is_plain) {
            return Err(MediaError::invalid("connection_id", format!("{connection_id:?}; Asterisk's are UUIDs")));
        }
        let connecting = async {
            let mut request = format!("{}/media/{connection_id}", self.base).into_client_request().map_err(fault)?;
            request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
            let stream = self.open().await?;
            let upgraded = client_async_with_config(request, stream, Some(limits())).await;
            let (mut socket, _) = upgraded.map_err(refusal)?;
            let introduction = introduce(&mut socket).await?;
            let media = start(socket, &introduction, &config, ())?;
            Ok((introduction.start, media))
        };
        timeout(self.timeout, connecting).await.unwrap_or(Err(MediaError::Timeout("connecting to the channel")))
    }

    async fn open(&self) -> Result<Box<dyn Wire>, MediaError> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        stream.set_nodelay(true)?;
        if !self.is_secure {
            return Ok(Box::new(stream));
        }
        self.secure(stream).await
    }

    #[cfg(feature = "tls")]
    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Wire>, MediaError> {
        use tokio_rustls::rustls::pki_types::ServerName;

        let config = match &self.tls {
            Some(config) => std::sync::Arc::clone(config),
            None => super::tls::client()?,
        };
        let name = ServerName::try_from(self.host.clone());
        let name = name.map_err(|error| MediaError::invalid("url", format!("{}: {error}", self.host)))?;
        let stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, reason = "as with TLS")]
    async fn secure(&self, _: TcpStream) -> Result<Box<dyn Wire>, MediaError> {
        Err(MediaError::invalid("url", "the crate is compiled without the feature `tls`"))
    }
}

impl std::fmt::Debug for WebSocketConnector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketConnector").field("base", &self.base).finish_non_exhaustive()
    }
}

fn refusal(error: WsError) -> MediaError {
    match error {
        WsError::Http(response) if response.status() == 404 => {
            MediaError::Refused("no channel waits for this connection id, or chan_websocket is not loaded".into())
        }
        WsError::Http(response) if response.status() == 409 => {
            MediaError::Refused("the channel has a connection already".into())
        }
        WsError::Http(response) => MediaError::Refused(response.status().to_string().into()),
        error => fault(error),
    }
}
