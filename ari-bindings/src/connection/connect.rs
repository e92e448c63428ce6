use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::OverflowPolicy;
use super::dial::Dialer;
use super::events::Events;
use super::hub::Hub;
use super::link::Link;
use super::queue::Queue;
use super::reconnect::{Attempts, Reconnect};
use super::supervisor::{Pings, Supervisor, is_final};
use crate::client::{Client, require_runtime};
use crate::resync::Follower;
use crate::{Error, Transport};

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
    pub fn events(&self, apps: impl IntoIterator<Item = impl Into<String>>) -> EventsBuilder {
        EventsBuilder {
            client: self.clone(),
            apps: apps.into_iter().map(Into::into).collect(),
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

/// An event connection in the making; awaiting it connects.
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

    /// Whether and when a lost connection is made again; for ever unless set.
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Whether to wait for a server that is not there yet, or is starting, as long as [`EventsBuilder::reconnect`] has it.
    /// Otherwise the first attempt to connect fails at once with its cause.
    ///
    /// A wrong path of the base URL looks like a server that is starting: 404.
    pub fn wait_for_server(mut self, wait: bool) -> Self {
        self.wait_for_server = wait;
        self
    }

    /// Whether to find out after each gap what it has changed: an [`Event::Resynced`](crate::Event::Resynced) then
    /// follows each [`Event::Reconnected`](crate::Event::Reconnected).
    pub fn resync(mut self, resync: bool) -> Self {
        self.resync = resync;
        self
    }

    /// After how long a silence of the server a ping shall find out whether it is still there;
    /// 5 s unless set.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.pings.interval = interval;
        self
    }

    /// How long the server may be silent after a ping; 5 s unless set.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.pings.timeout = timeout;
        self
    }

    /// How many bytes of events may wait for the program; 64 MiB unless set.
    /// [`EventsBuilder::overflow_policy`] says what happens with more than that.
    pub fn buffer_limit(mut self, bytes: usize) -> Self {
        self.buffer_limit = bytes;
        self
    }

    /// What happens when more events wait than [`EventsBuilder::buffer_limit`] allows; the stream ends with an error unless
    /// set.
    pub fn overflow_policy(mut self, policy: OverflowPolicy) -> Self {
        self.overflow_policy = policy;
        self
    }

    /// Whether to close the connection, and to end the stream, when the process is asked to end: by SIGINT or
    /// SIGTERM, or Ctrl-C on Windows. From the first time this is used, these do not end the process by themselves.
    ///
    /// Asterisk is known to get into trouble over clients that vanish without a goodbye.
    #[cfg(feature = "signal")]
    pub fn close_on_signal(mut self, close: bool) -> Self {
        self.close_on_signal = close;
        self
    }

    async fn connect(self) -> Result<Events, Error> {
        require_runtime()?;
        let dialer = Dialer::new(&self.client, self.subscribe_all);
        let socket = self.first(&dialer).await?;

        let hub = Arc::new(Hub::new(self.apps.clone()));
        let queue = Queue::new(self.buffer_limit, self.overflow_policy);
        let events = Events::new(Arc::clone(&hub), queue, Follower::new(self.client.clone(), self.resync));
        let link = (self.client.transport() == Transport::WebSocket).then(|| Arc::new(Link::new(&self.apps)));
        if let Some(link) = &link {
            link.up();
            self.client.set_link(link);
        }
        #[cfg(feature = "signal")]
        if self.close_on_signal {
            super::signal::close_on_signal(Arc::clone(&hub))?;
        }
        let supervisor = Supervisor {
            client: self.client.clone(),
            hub,
            link: link.clone(),
            pings: self.pings,
            accepted: false,
            hears_everything: dialer.hears_everything(),
            again: (!self.reconnect.is_never()).then(|| (dialer, Attempts::new(self.reconnect))),
            startup: None,
            ended: false,
        };
        tokio::spawn(supervisor.run(socket));
        if link.is_some() {
            self.client.ping_over_link().await?;
        }
        Ok(events)
    }

    /// The first connection: at once or not at all, unless the program wants to wait.
    async fn first(&self, dialer: &Dialer) -> Result<super::handshake::Socket, Error> {
        let mut attempts = Attempts::new(self.reconnect);
        loop {
            let error = match dialer.dial(&self.apps).await {
                Ok(socket) => return Ok(socket),
                Err(error) => error,
            };
            let delay = if self.wait_for_server && !is_final(&error) { attempts.next() } else { None };
            let Some(delay) = delay else { return Err(error) };
            tracing::warn!("waiting for the server: {error}");
            tokio::time::sleep(delay).await;
        }
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
