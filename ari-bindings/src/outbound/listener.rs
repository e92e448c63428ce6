use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::admission::{Admission, Admitted, Refused, refuse};
use super::builder::ListenerBuilder;
use super::session::Session;
use crate::connection::Wire;
use crate::connection::{Accepted, Hub, Pings, Socket};
use crate::{Client, OverflowPolicy};

/// How long the listener rests when the system has no connection for it, as at the limit of open files.
const REST: Duration = Duration::from_millis(100);

/// How long a connection that is not welcome is kept until it is closed.
///
/// Asterisk makes a connection that was there again as soon as it is closed, without its `reconnect_interval`: seen of
/// 22.10 some thousand times a second, for ever, with two lines of its log each time.
const UNWELCOME: Duration = Duration::from_secs(1);

/// Takes the connections that Asterisk makes; see the [module](crate::outbound).
///
/// A task of its own checks them, so that one who is slow or does not belong here holds up nobody. What was refused,
/// and why, is in the log (`tracing`, as warnings). Dropping the listener ends that; its sessions go on.
pub struct Listener {
    sessions: mpsc::Receiver<Session>,
    shared: Arc<Shared>,
    local: SocketAddr,
    task: JoinHandle<()>,
}

/// What sessions are like.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) http: Option<Client>,
    pub(super) max_sessions: usize,
    pub(super) handshake_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) pings: Pings,
    pub(super) buffer_limit: usize,
    pub(super) overflow_policy: OverflowPolicy,
}

/// What the tasks of a listener share.
struct Shared {
    admission: Arc<Admission>,
    settings: Settings,
    permits: Arc<Semaphore>,
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
            settings,
            open: Mutex::default(),
            shutdown: watch::Sender::new(false),
            #[cfg(feature = "tls-no-provider")]
            tls,
        });
        let task = tokio::spawn(Arc::clone(&shared).listen(tcp, sender));
        Self { sessions, shared, local, task }
    }

    /// The address that it listens at; tells the port where the system has chosen it (`bind("127.0.0.1:0")`).
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// How many sessions there are, those included that the program has not yet accepted, and connections that are
    /// still being checked.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.shared.settings.max_sessions.saturating_sub(self.shared.permits.available_permits())
    }

    /// The next session; `None` after [`Listener::shutdown`].
    pub async fn accept(&mut self) -> Option<Session> {
        self.sessions.recv().await
    }

    /// Takes no further connections, closes all sessions as [`Events::close`](crate::Events::close) does, and waits
    /// until they are closed, 2 s at most. Their event streams end without an error.
    pub async fn shutdown(&mut self) {
        self.shared.shutdown.send_replace(true);
        // It has ended where this is asked for again, and must not be awaited twice.
        if !self.task.is_finished() {
            // Only a panic could have ended it before.
            let _ = (&mut self.task).await;
        }
        self.sessions.close();
        while let Some(session) = self.sessions.recv().await {
            drop(session);
        }
        let open: Vec<_> = std::mem::take(&mut *self.shared.open());
        let hubs: Vec<_> = open.iter().filter_map(Weak::upgrade).collect();
        for hub in &hubs {
            hub.ask_to_close();
        }
        for hub in hubs {
            hub.closed().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.shutdown.send_replace(true);
    }
}

impl Shared {
    async fn listen(self: Arc<Self>, tcp: TcpListener, sender: mpsc::Sender<Session>) {
        let mut shutdown = self.shutdown.subscribe();
        loop {
            let asked = shutdown.wait_for(|asked| *asked);
            let accepted = match futures_util::future::select(Box::pin(asked), Box::pin(tcp.accept())).await {
                futures_util::future::Either::Left(_) => return,
                futures_util::future::Either::Right((accepted, _)) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(Arc::clone(&self).take(stream, peer, sender.clone()));
                }
                Err(error) => {
                    tracing::warn!("no connection could be taken: {error}");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Makes a session of one connection.
    async fn take(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, sender: mpsc::Sender<Session>) {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            tracing::warn!("{peer}: refused: there are {} sessions already", self.settings.max_sessions);
            return unavailable(stream).await;
        };
        let admitting = async {
            let stream = self.secure(stream).await?;
            self.admission.admit(stream).await
        };
        let admitted = match tokio::time::timeout(self.settings.handshake_timeout, admitting).await {
            Ok(Ok(admitted)) => admitted,
            Ok(Err(Refused { reason, socket })) => {
                tracing::warn!("{peer}: refused: {reason}");
                if let Some(socket) = socket {
                    self.send_away(socket, &reason).await;
                }
                return;
            }
            Err(_) => return tracing::warn!("{peer}: refused: it did not tell its application in time"),
        };
        if *self.shutdown.borrow() {
            return refuse(admitted.socket, CloseCode::Away, "shutting down").await;
        }
        let session = self.open_session(admitted, peer, permit);
        // If the listener is gone, so is the session.
        let _ = sender.send(session).await;
    }

    /// Closes a connection that is not welcome, in such a way that it does not come again at once.
    async fn send_away(&self, socket: Socket, reason: &str) {
        let mut shutdown = self.shutdown.subscribe();
        let _ = tokio::time::timeout(UNWELCOME, shutdown.wait_for(|asked| *asked)).await;
        refuse(socket, CloseCode::Policy, reason).await;
    }

    #[cfg(feature = "tls-no-provider")]
    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Wire>, String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => Ok(Box::new(tls.accept(stream).await.map_err(|error| format!("no TLS: {error}"))?)),
        }
    }

    #[cfg(not(feature = "tls-no-provider"))]
    #[allow(clippy::unused_async, clippy::unused_self, reason = "as with TLS")]
    async fn secure(&self, stream: TcpStream) -> Result<Box<dyn Wire>, String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Box::new(stream))
    }

    fn open_session(&self, admitted: Admitted, peer: SocketAddr, permit: OwnedSemaphorePermit) -> Session {
        let Admitted { socket, application, messages, path } = admitted;
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

/// Sends a connection away that there is no room for.
async fn unavailable(mut stream: TcpStream) {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    // Who has hung up already does not need it.
    let _ = stream.write_all(answer).await;
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("local_addr", &self.local)
            .field("open_sessions", &self.open_sessions())
            .finish_non_exhaustive()
    }
}
