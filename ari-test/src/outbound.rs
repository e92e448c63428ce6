//! Connections that the server opens: outbound WebSockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ari_bindings::IntoList;
use ari_bindings::outbound::{Acceptor, Listener};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use http::{Request, Uri};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::Fake;
use crate::exchange::SessionRequest;
use crate::server::{AnyStream, BUFFER, MOST_NAME, Opened, User, carry, config};
use crate::world::Entering;

/// `connection_timeout` of `websocket_client.conf`.
const CONNECTION_TIMEOUT: Duration = Duration::from_millis(500);

/// `reconnect_interval` of `websocket_client.conf`.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(500);

/// `reconnect_attempts` of `websocket_client.conf`.
const RECONNECT_ATTEMPTS: u32 = 4;

/// How soon Asterisk reconnects after an established connection has ended.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The server's address, for listeners of the same process.
const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 5038);

impl Fake {
    /// Applications for which the server connects to the program, instead of waiting for it: an `outbound_websocket` of
    /// ari.conf.
    pub fn outbound(&self, apps: impl IntoList<String>) -> OutboundBuilder {
        OutboundBuilder {
            fake: self.clone(),
            apps: apps.into_list(),
            credentials: None,
            local_user: None,
            subscribe_all: false,
            per_call: false,
        }
    }
}

/// How the server connects to the program; see [`Fake::outbound`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ari_bindings::Error> {
/// use ari_bindings::outbound::Listener;
/// use ari_test::Fake;
///
/// let fake = Fake::new();
/// let mut listener = Listener::builder().credentials("asterisk", "secret").bind("127.0.0.1:0").await?;
/// let _outbound = fake.outbound("hello-world").credentials("asterisk", "secret").to(&listener);
/// let session = listener.accept().await.unwrap();
/// assert_eq!(session.application(), "hello-world");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is connected without a destination"]
pub struct OutboundBuilder {
    fake: Fake,
    apps: Vec<String>,
    credentials: Option<(String, String)>,
    local_user: Option<String>,
    subscribe_all: bool,
    per_call: bool,
}

impl OutboundBuilder {
    /// The user and password that the server shows; none unless set.
    pub fn credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// The user of the server whose rights requests over the connection have: `local_ari_user`. The first one unless
    /// set; one that the server does not have may only read.
    pub fn local_user(mut self, user: &str) -> Self {
        self.local_user = Some(user.to_owned());
        self
    }

    /// Whether the application is subscribed to everything.
    pub fn subscribe_all(mut self, all: bool) -> Self {
        self.subscribe_all = all;
        self
    }

    /// Opens a connection for each call, instead of one that persists: `connection_type = per_call_config`.
    pub fn per_call(mut self) -> Self {
        self.per_call = true;
        self
    }

    /// Connects to a listener of the same process, without a network.
    pub fn to(self, listener: &Listener) -> Outbound {
        let uri = Uri::from_static("ws://program.invalid/");
        self.start(Destination { uri, acceptor: Some(listener.acceptor()) })
    }

    /// Connects to a URL such as `ws://127.0.0.1:8765/`.
    ///
    /// # Panics
    ///
    /// If that is no URL with host and port.
    pub fn to_url(self, url: &str) -> Outbound {
        let uri: Uri = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        assert!(uri.host().is_some() && uri.port().is_some(), "{url}: host and port are needed");
        self.start(Destination { uri, acceptor: None })
    }

    fn start(self, destination: Destination) -> Outbound {
        let (fake, apps) = (self.fake.clone(), self.apps.clone());
        let setup = Setup { builder: self, destination };
        let (removed, mut is_removed) = watch::channel(());
        if setup.builder.per_call {
            let (sender, calls) = mpsc::unbounded_channel();
            fake.with_world(|world| apps.iter().for_each(|app| world.set_per_call(app, sender.clone())));
            tokio::spawn(setup.connect_calls(calls));
        } else {
            tokio::spawn(async move { setup.persist(&mut is_removed).await });
        }
        Outbound { fake, apps, _removed: removed }
    }
}

/// An outbound connection in the server's configuration, until this is dropped.
#[derive(Debug)]
#[must_use = "the configuration is removed at once"]
pub struct Outbound {
    fake: Fake,
    apps: Vec<String>,
    /// Its end is that of the configuration.
    _removed: watch::Sender<()>,
}

impl Drop for Outbound {
    fn drop(&mut self) {
        self.fake.with_world(|world| world.remove_outbound(&self.apps));
    }
}

/// Where the program listens.
#[derive(Debug, Clone)]
struct Destination {
    uri: Uri,
    /// In the same process.
    acceptor: Option<Acceptor>,
}

#[derive(Debug, Clone)]
struct Setup {
    builder: OutboundBuilder,
    destination: Destination,
}

impl Setup {
    /// Keeps one connection. From the second one on, it leaves applications to those who have taken them.
    async fn persist(self, is_removed: &mut watch::Receiver<()>) {
        let mut is_first = true;
        loop {
            let dialled = tokio::select! {
                biased;
                _ = is_removed.changed() => return,
                dialled = self.dial() => dialled,
            };
            match dialled {
                Ok(socket) => {
                    self.carry(&self.builder.apps, is_first, socket, |_| {}).await;
                    is_first = false;
                    sleep(AT_ONCE).await;
                }
                Err(_) => sleep(RECONNECT_INTERVAL).await,
            }
        }
    }

    /// Opens a connection for each channel that enters the application.
    async fn connect_calls(self, mut calls: mpsc::UnboundedReceiver<Entering>) {
        let mut connections = JoinSet::new();
        while let Some(call) = calls.recv().await {
            while connections.try_join_next().is_some() {}
            connections.spawn(self.clone().connect_call(call));
        }
        // Calls keep their connections.
        while connections.join_next().await.is_some() {}
    }

    /// Keeps the connection of one call until the server closes it.
    async fn connect_call(self, call: Entering) {
        let fake = &self.builder.fake;
        let name = format!("{}:{}", call.app, call.channel_name);
        let apps = std::slice::from_ref(&name);
        let Some(socket) = self.dial_for_call(&name).await else {
            return fake.with_world(|world| world.fail_to_connect(&call));
        };
        let enter = |fake: &Fake| fake.with_world(|world| world.enter_connected(&call, &name));
        self.carry(apps, true, socket, enter).await;
        let is_kept = || fake.with_world(|world| world.keeps_connection(&name));
        while is_kept() {
            sleep(AT_ONCE).await;
            match self.dial_for_call(&name).await {
                Some(socket) if is_kept() => self.carry(apps, true, socket, |_| {}).await,
                Some(_) => {}
                None => fake.with_world(|world| world.fail_to_reconnect(&call, &name)),
            }
        }
    }

    async fn dial_for_call(&self, name: &str) -> Option<WebSocketStream<AnyStream>> {
        if name.len() > MOST_NAME {
            return None;
        }
        for _ in 0..RECONNECT_ATTEMPTS {
            if let Ok(socket) = self.dial().await {
                return Some(socket);
            }
            sleep(RECONNECT_INTERVAL).await;
        }
        None
    }

    /// Registers the applications, and carries the connection until it ends.
    async fn carry(
        &self,
        apps: &[String],
        takes_over: bool,
        socket: WebSocketStream<AnyStream>,
        then: impl FnOnce(&Fake),
    ) {
        let fake = &self.builder.fake;
        let line = fake.network().line();
        let own = if takes_over { apps.to_vec() } else { fake.with_world(|world| world.vacant(apps)) };
        let session = fake.connect(&SessionRequest { apps: own, subscribe_all: self.builder.subscribe_all });
        session.register(apps, !self.builder.per_call);
        then(fake);
        let user = fake.settings().access.named(self.builder.local_user.as_deref());
        let user = user.unwrap_or_else(|| User::new("", "", true));
        carry(Opened { session, user, subprotocol: None }, socket, line).await;
    }

    async fn dial(&self) -> io::Result<WebSocketStream<AnyStream>> {
        let dialling = async {
            let stream = self.connect().await?;
            let request = self.request().map_err(io::Error::other)?;
            let dialled = client_async_with_config(request, stream, Some(config())).await;
            dialled.map(|(socket, _)| socket).map_err(io::Error::other)
        };
        timeout(CONNECTION_TIMEOUT, dialling).await?
    }

    async fn connect(&self) -> io::Result<AnyStream> {
        let Destination { uri, acceptor } = &self.destination;
        if let Some(acceptor) = acceptor {
            let (near, far) = tokio::io::duplex(BUFFER);
            acceptor.serve_connection(near, ADDRESS);
            return Ok(Box::new(far));
        }
        let address = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or_default());
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }

    fn request(&self) -> Result<Request<()>, Box<dyn std::error::Error + Send + Sync>> {
        let mut request = self.destination.uri.clone().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("ari"));
        if let Some((user, password)) = &self.builder.credentials {
            let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            headers.insert(AUTHORIZATION, basic.try_into()?);
        }
        Ok(request)
    }
}
