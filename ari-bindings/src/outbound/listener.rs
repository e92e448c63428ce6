use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{Either, join_all, select};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::acceptor::Acceptor;
use super::admission::{Admission, Authenticated, Introduction, refuse};
use super::budget::Budget;
use super::builder::ListenerBuilder;
use super::pending::{Pending, Place};
use super::session::Session;
use crate::connection::{Accepted, Hub, Pings, Socket};
use crate::transport::ByteStream;
use crate::{Client, OverflowPolicy};

/// How long the listener pauses when the system refuses a connection, as at the limit of open files.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection that is not accepted stays open.
///
/// Asterisk reconnects as soon as an established connection is closed, without its `reconnect_interval`: 22.10 does so
/// some thousand times a second, and writes two lines to its log each time.
const REFUSAL_DELAY: Duration = Duration::from_secs(1);

/// The maximum number of bytes that a connection may send before it names its application. Asterisk sends far less.
const MAX_BEFORE_APPLICATION: usize = 64 << 10;

/// How long [`Listener::shutdown`] waits.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Accepts the connections that Asterisk opens; see the [module](crate::outbound).
///
/// Connections are checked in the background, so a slow or hostile peer delays nobody. Refused connections are logged
/// with the reason (`tracing`, as warnings). Dropping the listener stops accepting; its sessions continue.
///
/// # Limits
///
/// A connection counts as *pending* until it has sent its HTTP request with valid credentials. Pending connections have
/// limits of their own ([`max_pending`](ListenerBuilder::max_pending),
/// [`max_pending_per_address`](ListenerBuilder::max_pending_per_address)); beyond them, the oldest one is closed in
/// favour of the new one. So a flood of connections without the password takes no session away, and a connection with
/// the password gets through as long as it authenticates before that many others have followed it. Once authenticated,
/// a connection counts as a session ([`max_sessions`](ListenerBuilder::max_sessions)).
///
/// Until a connection has named its application, it may send 64 KiB at most.
pub struct Listener {
    sessions: mpsc::Receiver<Session>,
    acceptor: Acceptor,
    local: SocketAddr,
    task: JoinHandle<()>,
}

/// Limits of the listener, and settings of its sessions.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) http: Option<Client>,
    pub(super) max_sessions: usize,
    pub(super) max_pending: usize,
    pub(super) max_pending_per_address: usize,
    pub(super) handshake_timeout: Duration,
    pub(super) application_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) pings: Pings,
    pub(super) buffer_limit: usize,
    pub(super) overflow_policy: OverflowPolicy,
}

/// A connection that has come.
pub(super) enum Incoming {
    Tcp(TcpStream),
    /// Another kind, without TLS or after it.
    Stream(Box<dyn ByteStream>),
}

/// What the tasks of a listener share.
pub(super) struct Shared {
    admission: Arc<Admission>,
    settings: Settings,
    permits: Arc<Semaphore>,
    pending: Arc<Pending>,
    open: Mutex<Vec<Weak<Hub>>>,
    shutdown: watch::Sender<bool>,
    #[cfg(feature = "tls-no-provider")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Listener {
    /// Starts a listener.
    pub fn builder() -> ListenerBuilder {
        ListenerBuilder::new()
    }

    pub(super) fn start(
        tcp: TcpListener,
        local: SocketAddr,
        admission: Arc<Admission>,
        settings: Settings,
        #[cfg(feature = "tls-no-provider")] tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> Self {
        let (sender, sessions) = mpsc::channel(64);
        let shared = Arc::new(Shared {
            admission,
            permits: Arc::new(Semaphore::new(settings.max_sessions)),
            pending: Pending::new(settings.max_pending, settings.max_pending_per_address),
            settings,
            open: Mutex::default(),
            shutdown: watch::Sender::new(false),
            #[cfg(feature = "tls-no-provider")]
            tls,
        });
        let task = tokio::spawn(Arc::clone(&shared).listen(tcp, sender.clone()));
        Self { sessions, acceptor: Acceptor { shared, sessions: sender }, local, task }
    }

    /// What gives it connections that came another way than to its port.
    #[must_use]
    pub fn acceptor(&self) -> Acceptor {
        self.acceptor.clone()
    }

    fn shared(&self) -> &Shared {
        &self.acceptor.shared
    }

    /// The local address, with the port that the system chose where the address of
    /// [`bind`](ListenerBuilder::bind) has port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The number of sessions, including those not yet returned by [`Listener::accept`], and authenticated connections
    /// that have not named their application yet.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.shared().settings.max_sessions.saturating_sub(self.shared().permits.available_permits())
    }

    /// The number of connections that have not authenticated yet.
    #[must_use]
    pub fn pending_connections(&self) -> usize {
        self.shared().pending.len()
    }

    /// Waits for the next session; `None` after [`Listener::shutdown`].
    ///
    /// It is cancel safe: a session is never lost.
    pub async fn accept(&mut self) -> Option<Session> {
        self.sessions.recv().await
    }

    /// Stops accepting connections, closes all sessions as [`Events::close`](crate::Events::close) does, and waits
    /// until they are closed, 2 s at most for all of them together. Their event streams end without an error.
    pub async fn shutdown(&mut self) {
        self.shared().shutdown.send_replace(true);
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, async {
            // A second call must not await the task again.
            if !self.task.is_finished() {
                // Only a panic could have ended it before.
                let _ = (&mut self.task).await;
            }
            self.shared().pending.clear();
            self.sessions.close();
            while let Some(session) = self.sessions.recv().await {
                drop(session);
            }
            let open: Vec<_> = std::mem::take(&mut *self.shared().open());
            let hubs: Vec<_> = open.iter().filter_map(Weak::upgrade).collect();
            for hub in &hubs {
                hub.ask_to_close();
            }
            join_all(hubs.iter().map(|hub| hub.closed())).await;
        })
        .await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared().shutdown.send_replace(true);
    }
}

impl Shared {
    async fn listen(self: Arc<Self>, tcp: TcpListener, sender: mpsc::Sender<Session>) {
        let mut shutdown = self.shutdown.subscribe();
        loop {
            let asked = shutdown.wait_for(|asked| *asked);
            let accepted = match select(Box::pin(asked), Box::pin(tcp.accept())).await {
                Either::Left(_) => return,
                Either::Right((accepted, _)) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => Arc::clone(&self).admit(Incoming::Tcp(stream), peer, &sender),
                Err(error) => {
                    tracing::warn!("accepting a connection failed: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Serves one connection in the background, unless it is too late.
    pub(super) fn admit(self: Arc<Self>, stream: Incoming, peer: SocketAddr, sender: &mpsc::Sender<Session>) {
        if !*self.shutdown.borrow() {
            let place = self.pending.enter(peer.ip());
            tokio::spawn(self.serve(stream, peer, place, sender.clone()));
        }
    }

    /// Turns one connection into a session, or refuses it.
    async fn serve(self: Arc<Self>, stream: Incoming, peer: SocketAddr, place: Place, sender: mpsc::Sender<Session>) {
        let budget = Budget::new(MAX_BEFORE_APPLICATION);
        let authenticated = match self.authenticate(stream, place, &budget).await {
            Ok(authenticated) => authenticated,
            Err(reason) => return tracing::warn!("{peer}: refused: {reason}"),
        };
        let Authenticated { mut socket, path, permit } = authenticated;
        let introduction = match self.introduce(&mut socket).await {
            Some(Ok(introduction)) if !*self.shutdown.borrow() => introduction,
            Some(Err(reason)) => {
                tracing::warn!("{peer}: refused: {reason}");
                self.until_shutdown(REFUSAL_DELAY).await;
                return refuse(socket, CloseCode::Policy, &reason).await;
            }
            _ => return refuse(socket, CloseCode::Away, "shutting down").await,
        };
        budget.lift();
        let session = self.open_session(socket, introduction, (peer, path), permit);
        // If the listener is gone, so is the session.
        let _ = sender.send(session).await;
    }

    /// Reads and checks the HTTP request of a peer that is not authenticated yet.
    async fn authenticate(&self, stream: Incoming, place: Place, budget: &Budget) -> Result<Authenticated, String> {
        let authenticating = async {
            let stream = self.secure(stream, budget).await?;
            self.admission.authenticate(stream, &self.permits).await
        };
        match place.hold(tokio::time::timeout(self.settings.handshake_timeout, authenticating)).await {
            Some(Ok(authenticated)) => authenticated,
            Some(Err(_)) => Err("it did not send its request in time".to_owned()),
            None => Err("newer connections took its place before it sent its request".to_owned()),
        }
    }

    /// Learns the application of a connection; `None` if the listener is shut down first.
    async fn introduce(&self, socket: &mut Socket) -> Option<Result<Introduction, String>> {
        let mut shutdown = self.shutdown.subscribe();
        let asked = shutdown.wait_for(|asked| *asked);
        let introducing = tokio::time::timeout(self.settings.application_timeout, self.admission.introduce(socket));
        match select(Box::pin(asked), Box::pin(introducing)).await {
            Either::Left(_) => None,
            Either::Right((Ok(introduced), _)) => Some(introduced),
            Either::Right((Err(_), _)) => Some(Err("it did not name its application in time".to_owned())),
        }
    }

    /// Waits until the listener is shut down, for this long at most.
    async fn until_shutdown(&self, timeout: Duration) {
        let mut shutdown = self.shutdown.subscribe();
        let _ = tokio::time::timeout(timeout, shutdown.wait_for(|asked| *asked)).await;
    }

    #[cfg_attr(not(feature = "tls-no-provider"), allow(clippy::unused_async, reason = "as with TLS"))]
    async fn secure(&self, stream: Incoming, budget: &Budget) -> Result<Box<dyn ByteStream>, String> {
        let stream = match stream {
            Incoming::Tcp(stream) => stream,
            Incoming::Stream(stream) => return Ok(Box::new(budget.limit(stream))),
        };
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        #[cfg(feature = "tls-no-provider")]
        if let Some(tls) = &self.tls {
            let stream = tls.accept(stream).await.map_err(|error| format!("no TLS: {error}"))?;
            return Ok(Box::new(budget.limit(stream)));
        }
        Ok(Box::new(budget.limit(stream)))
    }

    fn open_session(
        &self,
        socket: Socket,
        introduction: Introduction,
        (peer, path): (SocketAddr, String),
        permit: OwnedSemaphorePermit,
    ) -> Session {
        let Introduction { application, messages } = introduction;
        let Settings { http, timeout, pings, buffer_limit, overflow_policy, .. } = &self.settings;
        let accepted = Accepted {
            application: application.clone(),
            base_url: http.as_ref().map_or_else(|| format!("ws://{peer}"), |http| http.base_url().to_owned()),
            http: http.clone(),
            timeout: *timeout,
            pings: *pings,
            buffer_limit: *buffer_limit,
            overflow_policy: *overflow_policy,
        };
        let (client, events, hub) = accepted.start(socket, messages, permit);
        let mut open = self.open();
        open.retain(|hub| hub.strong_count() > 0);
        open.push(hub);
        Session { client, events, application, peer, path }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Weak<Hub>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("local_addr", &self.local)
            .field("open_sessions", &self.open_sessions())
            .field("pending_connections", &self.pending_connections())
            .finish_non_exhaustive()
    }
}
