use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};

use super::Events;
use super::handshake::{self, Socket};
use super::heartbeat::Heartbeat;
use super::queue::Queue;
use super::reader::Reader;
use crate::call::Call;
use crate::client::{Client, require_runtime};
use crate::{ConnectErrorKind, Error, Method, Operation, Request};

const OPERATION: Operation =
    Operation { resource: "events", name: "eventWebsocket", method: Method::Get, path: "/events" };

impl Client {
    /// Receives the events of these applications. Connecting registers them with Asterisk, so that
    /// `Stasis(name)` in the dialplan leads here.
    ///
    /// If another connection has an application already, this one takes it over.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// let mut events = ari.events(["hello-world"]).subscribe_all(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self, apps: impl IntoIterator<Item = impl Into<String>>) -> Connect {
        let apps: Vec<String> = apps.into_iter().map(Into::into).collect();
        let mut call = Call::new(self, &OPERATION);
        if apps.is_empty() {
            call.fail("app", "there must be at least one application");
        }
        for app in &apps {
            if let Err(reason) = check_app(app) {
                call.fail("app", reason);
            }
        }
        let apps: Vec<String> = apps.into_iter().map(quoted).collect();
        Connect {
            client: self.clone(),
            call: call.text("app", apps.join(",")),
            ping_interval: Duration::from_secs(10),
            ping_timeout: Duration::from_secs(5),
            buffer_limit: 64 << 20,
        }
    }
}

/// Releases read this list differently: some take `\` and `"` for themselves, some as part of the name, and in some an
/// open bracket hides the commas behind it. What they would not all read alike is refused.
fn check_app(app: &str) -> Result<(), &'static str> {
    if app.is_empty() {
        return Err("the name of an application must not be empty");
    }
    if app.contains(['"', '\\']) {
        return Err("releases of Asterisk do not agree on `\"` and `\\` in the name of an application");
    }
    let count = |bracket: char| app.matches(bracket).count();
    if count('(') != count(')') || count('[') != count(']') {
        return Err("a bracket in the name of an application must be closed, or it hides the next name");
    }
    Ok(())
}

/// The one escape that all releases understand in this list.
fn quoted(app: String) -> String {
    if app.contains(',') { format!("\"{app}\"") } else { app }
}

/// An event connection in the making; awaiting it connects.
#[derive(Clone)]
#[must_use = "nothing is connected until it is awaited"]
pub struct Connect {
    client: Client,
    call: Call,
    ping_interval: Duration,
    ping_timeout: Duration,
    buffer_limit: usize,
}

impl Connect {
    /// Whether to receive everything that happens on the server, rather than only what the
    /// applications own or have subscribed to.
    pub fn subscribe_all(mut self, all: bool) -> Self {
        self.call = self.call.bool("subscribeAll", all);
        self
    }

    /// After how long a silence of the server a ping shall find out whether it is still there;
    /// 10 s unless set.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// How long the server may be silent after a ping; 5 s unless set.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// How many bytes of events may wait for the program; 64 MiB unless set. With more than that,
    /// the connection is ended.
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.buffer_limit = bytes;
        self
    }

    async fn connect(self) -> Result<Events, Error> {
        require_runtime()?;
        let request = self.call.into_request()?;
        if request.body().is_some() {
            return Err(Error::InvalidRequest {
                operation: &OPERATION,
                parameter: "app",
                reason: "the names together are longer than Asterisk reads".into(),
            });
        }
        let dialing = dial(&self.client, &request);
        let socket = match tokio::time::timeout(self.client.shared().connect_timeout, dialing).await {
            Ok(socket) => socket?,
            Err(elapsed) => {
                return Err(self.client.connect_error(ConnectErrorKind::Timeout, elapsed));
            }
        };
        let queue = Arc::new(Queue::default());
        let heartbeat = Heartbeat::new(self.ping_interval, self.ping_timeout);
        let reader = Reader::new(socket, Arc::clone(&queue), heartbeat, self.buffer_limit);
        Ok(Events::new(queue, tokio::spawn(reader.run())))
    }
}

impl IntoFuture for Connect {
    type Output = Result<Events, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("call", &self.call)
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .field("buffer_limit", &self.buffer_limit)
            .finish_non_exhaustive()
    }
}

async fn dial(client: &Client, request: &Request) -> Result<Socket, Error> {
    let url = &client.shared().url;
    let addresses: Vec<_> = lookup_host((url.host(), url.port()))
        .await
        .map_err(|error| client.connect_error(ConnectErrorKind::Dns, error))?
        .collect();
    let stream = TcpStream::connect(&*addresses)
        .await
        .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
        .map_err(|error| {
            let kind = match client.connect_error_kind(Some(&error)) {
                ConnectErrorKind::Tls => ConnectErrorKind::Other,
                kind => kind,
            };
            client.connect_error(kind, error)
        })?;
    #[cfg(feature = "tls")]
    if url.is_secure() {
        return handshake::upgrade(client, request, Box::new(secure(client, stream).await?)).await;
    }
    handshake::upgrade(client, request, Box::new(stream)).await
}

#[cfg(feature = "tls")]
async fn secure(client: &Client, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
    use tokio_rustls::rustls::pki_types::ServerName;

    let name = ServerName::try_from(client.shared().url.host().to_owned())
        .map_err(|error| client.connect_error(ConnectErrorKind::Tls, error))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::clone(&client.shared().tls));
    connector
        .connect(name, stream)
        .await
        .map_err(|error| client.connect_error(client.connect_error_kind(Some(&error)), error))
}
