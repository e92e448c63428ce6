use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::super::dial::Dialer;
use super::super::recovery::{Attempts, Pings, Reconnect, Supervisor, is_final};
use super::super::socket::Socket;
#[cfg(feature = "signal")]
use super::super::subscribers::close_on_signal;
use super::super::subscribers::{Events, Hub, OverflowPolicy, Queue};
use crate::client::{Client, require_runtime};
use crate::rest::RestClient;
use crate::resync::Tracker;
use crate::{Error, IntoList, Transport};

impl Client {
    /// Receives the events of these applications. Connecting registers them with Asterisk, so that
    /// `Stasis(name)` in the dialplan leads here.
    ///
    /// If another connection has an application already, this one takes it over.
    ///
    /// ```no_run
    /// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_bindings::Error> {
    /// let mut events = ari.events("hello-world").subscribe_all(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn events(&self, apps: impl IntoList<String>) -> EventsBuilder {
        EventsBuilder {
            client: self.clone(),
            apps: apps.into_list(),
            subscribe_all: None,
            pings: Pings::default(),
            reconnect: Reconnect::new(),
            wait_for_server: false,
            resync: false,
            buffer_limit: 64 << 20,
            overflow_policy: OverflowPolicy::default(),
            #[cfg(feature = "signal")]
            close_on_signal: false,
        }
    }
}

/// Options of an event connection; awaiting it connects.
#[derive(Clone)]
#[must_use = "nothing is connected until it is awaited"]
pub struct EventsBuilder {
    client: Client,
    apps: Vec<String>,
    subscribe_all: Option<bool>,
    pings: Pings,
    reconnect: Reconnect,
    wait_for_server: bool,
    resync: bool,
    buffer_limit: usize,
    overflow_policy: OverflowPolicy,
    #[cfg(feature = "signal")]
    close_on_signal: bool,
}

impl EventsBuilder {
    /// Whether to receive everything that happens on the server, rather than only what the
    /// applications own or have subscribed to.
    pub fn subscribe_all(mut self, all: bool) -> Self {
        self.subscribe_all = Some(all);
        self
    }

    /// Whether and when to re-establish a lost connection; indefinitely unless set.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Whether to wait for a server that is not there yet, or is starting, as long as [`EventsBuilder::reconnect`]
    /// allows. Otherwise the first attempt to connect fails at once with its cause.
    ///
    /// A wrong path of the base URL looks like a server that is starting: 404.
    pub fn wait_for_server(mut self, wait: bool) -> Self {
        self.wait_for_server = wait;
        self
    }

    /// Whether to ask after each gap what it has changed: an [`Event::Resynced`](crate::Event::Resynced) then follows
    /// each [`Event::Reconnected`](crate::Event::Reconnected).
    pub fn resync(mut self, resync: bool) -> Self {
        self.resync = resync;
        self
    }

    /// After how long a silence of the server to send a ping; 5 s unless set.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.pings.interval = interval;
        self
    }

    /// How long the server may be silent after a ping; 5 s unless set. While it has not answered a request over this
    /// connection ([`Transport::WebSocket`]), it may be silent for as long as the request may take.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.pings.timeout = timeout;
        self
    }

    /// How many bytes of events may wait for the program, or for each subscriber; 64 MiB unless set.
    ///
    /// [`EventsBuilder::overflow_policy`] says what happens at the limit. Up to one message of 16 MiB may exceed it.
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.buffer_limit = bytes;
        self
    }

    /// What happens when more events wait than [`EventsBuilder::buffer_limit`] allows; the stream ends with an error
    /// unless set.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.overflow_policy = policy;
        self
    }

    /// Whether to close the connection and end the stream on SIGINT or SIGTERM, or Ctrl-C on Windows. From the first
    /// use on, these signals no longer end the process.
    ///
    /// Asterisk is known to get into trouble over clients that disappear without closing their connection.
    #[cfg(feature = "signal")]
    pub fn close_on_signal(mut self, close: bool) -> Self {
        self.close_on_signal = close;
        self
    }

    /// Connects: at once or not at all, unless the program wants to wait for the server.
    async fn connect(self) -> Result<Events, Error> {
        require_runtime()?;
        let dialer = Dialer::new(&self.client, self.subscribe_all);
        let mut attempts = Attempts::new(self.reconnect);
        loop {
            let error = match self.attempt(&dialer).await {
                Ok(events) => return Ok(events),
                Err(error) => error,
            };
            let delay = if self.wait_for_server && !is_final(&error) { attempts.next() } else { None };
            let Some(delay) = delay else { return Err(error) };
            tracing::warn!("waiting for the server: {}", error.with_causes());
            tokio::time::sleep(delay).await;
        }
    }

    /// One attempt to connect. Over [`Transport::WebSocket`], the connection also has to answer a request.
    async fn attempt(&self, dialer: &Dialer) -> Result<Events, Error> {
        let socket = dialer.dial(&self.apps).await?;
        if self.client.transport() == Transport::Http {
            return self.start(dialer, socket, None);
        }
        let rest = Arc::new(RestClient::new(&self.apps));
        rest.up();
        let mut events = self.start(dialer, socket, Some(&rest))?;
        match self.client.ping_over(&rest).await {
            Ok(()) => {
                self.client.set_rest(&rest);
                Ok(events)
            }
            Err(error) => {
                // The next connection must not follow before this one is closed.
                events.close().await;
                Err(error)
            }
        }
    }

    /// Starts the task of a connection.
    #[cfg_attr(
        not(feature = "signal"),
        expect(clippy::unnecessary_wraps, reason = "only listening for signals can fail")
    )]
    fn start(&self, dialer: &Dialer, socket: Socket, rest: Option<&Arc<RestClient>>) -> Result<Events, Error> {
        let hub = Arc::new(Hub::new(self.apps.clone(), rest.cloned()));
        let queue = Queue::new(self.buffer_limit, self.overflow_policy);
        let events = Events::new(Arc::clone(&hub), queue, Tracker::new(self.client.clone(), self.resync));
        #[cfg(feature = "signal")]
        if self.close_on_signal {
            close_on_signal(Arc::clone(&hub))?;
        }
        let mut supervisor = Supervisor::new(self.client.clone(), hub, rest.cloned(), self.pings);
        supervisor.subscribes_all = dialer.subscribes_all();
        supervisor.again = (!self.reconnect.is_never()).then(|| (dialer.clone(), Attempts::new(self.reconnect)));
        tokio::spawn(supervisor.run(socket));
        Ok(events)
    }
}

impl IntoFuture for EventsBuilder {
    type Output = Result<Events, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

impl fmt::Debug for EventsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsBuilder")
            .field("client", &self.client)
            .field("apps", &self.apps)
            .field("subscribe_all", &self.subscribe_all)
            .field("pings", &self.pings)
            .field("reconnect", &self.reconnect)
            .field("buffer_limit", &self.buffer_limit)
            .field("overflow_policy", &self.overflow_policy)
            .finish_non_exhaustive()
    }
}
