use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{
    AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};

use super::session::{introduce, limits, start};
use super::{PROTOCOL, Wire};
use crate::admission::{Admission, Admitted, Expected};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::listener::{Listener, Settings};
use crate::media::Media;

/// The parameter of the query by which a connection says what it belongs to.
const TOKEN: &str = "token";

/// Accepts the WebSockets that Asterisk opens: those of the dial string `WebSocket/SECTION`, and external media of the
/// transport `websocket` and the connection type `client`.
///
/// The section is one of `websocket_client.conf`:
///
/// ```ini
/// [my-program]
/// type = websocket_client
/// connection_type = per_call_config
/// uri = ws://my-program.example:8787/
/// protocols = media
/// username = asterisk
/// password = secret
/// ```
///
/// A connection is matched by its id: the token that the program has put into `transport_data`, as in `v(token=TOKEN)`,
/// or else the id of its channel. The program expects the id first, since Asterisk connects before it replies:
///
/// ```no_run
/// # use std::time::Duration;
/// # use ari_media::{Format, MediaError, WebSocketListener};
/// # async fn example() -> Result<(), MediaError> {
/// let listener = WebSocketListener::builder().credentials("asterisk", "secret").bind("0.0.0.0:8787").await?;
/// let expected = listener.expect("my-channel", Format::SLIN16)?;
/// // `POST /channels/externalMedia` with `channelId=my-channel`, `external_host=my-program`, `encapsulation=none`,
/// // `transport=websocket` and `format=slin16`.
/// let media = expected.media(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
///
/// Where the dialplan dials, the program states whom it [admits](WebSocketBuilder::admit), and
/// [accepts](WebSocketListener::accept) them.
///
/// Without credentials, the id is the only secret: use a token that nobody can guess.
///
/// # Releases
///
/// Asterisk 20.16, 21.11, 22.6, 23.0 and later have `chan_websocket`; `transport_data`, by which a connection has a token,
/// came with 20.18, 22.8 and 23.2.
///
/// # Limits
///
/// A connection that has not sent its request and its first message is *pending*. Where there are too many of these, the
/// oldest one of the address that has most is closed. Refused connections are logged (`tracing`, as warnings).
///
/// Dropping the listener stops accepting; its sessions continue.
pub struct WebSocketListener(Listener<String>);

/// Builds a [`WebSocketListener`]; [`WebSocketListener::builder`] returns one.
#[must_use = "`bind` makes the listener"]
pub struct WebSocketBuilder {
    settings: Settings<String>,
    door: Door,
}

/// What a connection passes before it says what it belongs to.
#[derive(Default)]
struct Door {
    /// The value of the header with user and password, without the scheme.
    credentials: Option<String>,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl WebSocketListener {
    /// Starts a listener.
    pub fn builder() -> WebSocketBuilder {
        WebSocketBuilder { settings: Settings::default(), door: Door::default() }
    }

    /// Admits one connection with this id, until [`Expected`] is dropped.
    ///
    /// # Errors
    ///
    /// [`MediaError::Invalid`] if the id is expected already.
    pub fn expect(&self, id: impl Into<String>, config: impl Into<MediaConfig>) -> Result<Expected, MediaError> {
        let config = config.into();
        config.check()?;
        self.0.expect(id.into(), config)
    }

    /// Waits for the next connection that is [admitted](WebSocketBuilder::admit) without being expected. Returns it with
    /// its id.
    ///
    /// Cancel-safe: when the future is dropped, no connection is lost.
    pub async fn accept(&self) -> Result<(String, Media), MediaError> {
        self.0.accept().await
    }

    /// The local address, with the port that the system chose where that of [`bind`](WebSocketBuilder::bind) has port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// The number of sessions, including those not yet returned by [`accept`](Self::accept).
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.0.open_sessions()
    }
}

impl WebSocketBuilder {
    /// The user and password that Asterisk has to present: `username` and `password` of `websocket_client.conf`. Without
    /// them, every connection with an id that is admitted is accepted.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.door.credentials = Some(STANDARD.encode(format!("{user}:{password}")));
        self
    }

    /// Admits connections that the program does not expect: the function returns the configuration for an id, or `None`
    /// to refuse it. By default, all are refused.
    ///
    /// [`WebSocketListener::accept`] returns them.
    pub fn admit(mut self, admit: impl Fn(&str) -> Option<MediaConfig> + Send + Sync + 'static) -> Self {
        self.settings.admit = Some(Box::new(move |id| admit(id)));
        self
    }

    /// The maximum number of concurrent sessions; 1000 by default. Further connections are closed, upon which Asterisk
    /// hangs up their channels.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.settings.max_sessions = sessions;
        self
    }

    /// The maximum number of connections that have not introduced themselves yet; 256 by default, and at least 1.
    pub fn max_pending(mut self, connections: usize) -> Self {
        self.settings.limits.pending = connections;
        self
    }

    /// How long a connection may take to introduce itself, TLS handshake included; 5 s by default.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.limits.timeout = timeout;
        self
    }

    /// Serves TLS (`wss`). Asterisk 22.10 compares the host of `uri` with the names of the certificate, and ignores its
    /// IP addresses.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ServerConfig>) -> Self {
        self.door.tls = Some(config.into());
        self
    }

    /// Listens on an address such as `0.0.0.0:8787`.
    ///
    /// # Errors
    ///
    /// [`MediaError::Io`] if it cannot be bound.
    pub async fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<WebSocketListener, MediaError> {
        let door = Arc::new(self.door);
        let handshake = move |stream, admission| handshake(stream, Arc::clone(&door), admission);
        self.settings.bind(address, handshake).await.map(WebSocketListener)
    }
}

/// Turns a connection into a session, or says why not.
async fn handshake(stream: TcpStream, door: Arc<Door>, admission: Arc<Admission<String>>) -> Result<(), String> {
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = door.secure(stream).await?;
    let mut token = None;
    let check = Check { door: &door, token: &mut token };
    let upgraded = accept_hdr_async_with_config(stream, check, Some(limits())).await;
    let mut socket = upgraded.map_err(|error| refusal(&error))?;
    let introduction = introduce(&mut socket).await.map_err(|error| error.to_string())?;
    let id = token.unwrap_or_else(|| introduction.start.channel_id.clone());
    let Admitted { config, permit, expected } = admission.admit(&id)?;
    let media = start(socket, &introduction, &config, permit).map_err(|error| format!("{id}: {error}"))?;
    admission.deliver(id, media, expected);
    Ok(())
}

impl Door {
    #[cfg(feature = "tls")]
    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Wire>, String> {
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let stream = tls.accept(stream).await.map_err(|error| format!("no TLS: {error}"))?;
        Ok(Box::new(stream))
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, reason = "as with TLS")]
    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Wire>, String> {
        Ok(Box::new(stream))
    }

    fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.credentials else { return true };
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, shown)) = shown.and_then(|shown| shown.split_once(' ')) else { return false };
        scheme.eq_ignore_ascii_case("Basic") && bool::from(shown.trim().as_bytes().ct_eq(expected.as_bytes()))
    }
}

/// Reads the request for an upgrade.
struct Check<'a> {
    door: &'a Door,
    token: &'a mut Option<String>,
}

impl Callback for Check<'_> {
    #[allow(clippy::result_large_err, reason = "the trait has it so")]
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let headers = request.headers();
        if !self.door.opens(headers) {
            let mut refusal = error(StatusCode::UNAUTHORIZED, "the user or password is wrong");
            refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"media\""));
            return Err(refusal);
        }
        let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        if !offered.flat_map(|offered| offered.split(',')).any(|offered| offered.trim() == PROTOCOL) {
            let reason = "the subprotocol `media` is not offered: websocket_client.conf needs `protocols = media`";
            return Err(error(StatusCode::BAD_REQUEST, reason));
        }
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        let query = request.uri().query().unwrap_or_default();
        let token = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == TOKEN);
        *self.token = token.map(|(_, value)| value.to_owned());
        Ok(response)
    }
}

fn error(status: StatusCode, reason: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reason.to_owned()));
    *response.status_mut() = status;
    response
}

/// Why a connection did not become a WebSocket.
fn refusal(error: &WsError) -> String {
    match error {
        WsError::Http(response) => response
            .body()
            .as_ref()
            .map_or_else(|| response.status().to_string(), |body| String::from_utf8_lossy(body).into_owned()),
        error => error.to_string(),
    }
}

impl fmt::Debug for WebSocketListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("WebSocketListener", f)
    }
}

#[cfg(test)]
mod tests;
