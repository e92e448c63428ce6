//! A TCP proxy that injects network faults.

mod connection;
mod listener;
mod pipe;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use self::connection::Order;
use self::listener::{Acceptor, Command};

/// A TCP proxy on a local port, which forwards connections to a server and breaks them on request.
///
/// Every method that changes something returns once the change is in effect: after [`half_open`](Self::half_open) no
/// further byte gets through, after [`cut`](Self::cut) the resets have been sent. Dropping the proxy closes it and all
/// of its connections.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    commands: mpsc::UnboundedSender<(Command, Ack)>,
    counts: watch::Receiver<Counts>,
    acceptor: JoinHandle<()>,
}

/// Dropped when a command has been executed.
type Ack = oneshot::Sender<()>;

/// The numbers of accepted and of open connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of connections accepted so far, including those reset immediately.
    pub made: usize,
    /// The number of connections that neither the client nor the proxy has closed.
    pub open: usize,
}

impl FaultProxy {
    /// A proxy to the server at this address.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    #[must_use]
    pub fn to(target: SocketAddr) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let held = hold(any);
        let address = held.local_addr().expect("a bound socket has an address");
        let (counts, seen) = watch::channel(Counts::default());
        let (commands, received) = mpsc::unbounded_channel();
        let acceptor = Acceptor::new(address, held, target, counts);
        Self { address, commands, counts: seen, acceptor: tokio::spawn(acceptor.run(received)) }
    }

    /// A proxy to the server of a base URL.
    ///
    /// # Panics
    ///
    /// If the URL is not of the form `http://ADDRESS:PORT/…`, or it cannot listen.
    #[must_use]
    pub fn to_url(url: &str) -> Self {
        let (_, authority, _) = split(url);
        Self::to(authority.parse().unwrap_or_else(|error| panic!("{url}: {error}")))
    }

    /// Replaces the address in a base URL by that of the proxy.
    ///
    /// # Panics
    ///
    /// If the URL has no scheme.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let (scheme, _, path) = split(url);
        format!("{scheme}://{}{path}", self.address)
    }

    /// The address the proxy listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards new connections to another server.
    pub async fn set_target(&self, target: SocketAddr) {
        self.send(Command::Target(target)).await;
    }

    /// Resets both ends of every connection (RST). Data in flight is lost.
    pub async fn cut(&self) {
        self.send(Command::All(Order::Reset)).await;
    }

    /// Closes both ends of every connection (FIN) after the data forwarded so far, and discards what they still send.
    /// WebSockets end without a close frame.
    pub async fn close(&self) {
        self.send(Command::All(Order::Close)).await;
    }

    /// Discards all data, as a network without a route does: that of existing connections, and of new ones until
    /// [`heal`](Self::heal). Neither end of an existing connection receives anything from the other again, not even its
    /// close; the server keeps its end open.
    pub async fn half_open(&self) {
        self.send(Command::BlackHole).await;
        self.send(Command::All(Order::Swallow)).await;
    }

    /// Accepts new connections and never answers. The server does not see them.
    pub async fn black_hole(&self) {
        self.send(Command::BlackHole).await;
    }

    /// Accepts new connections and resets them immediately; they count as made.
    pub async fn refuse(&self) {
        self.send(Command::Refuse).await;
    }

    /// Stops listening, so that the system refuses new connections, as if the server had stopped.
    pub async fn stop_listening(&self) {
        self.send(Command::StopListening).await;
    }

    /// Delays all data by this time, in each direction.
    pub async fn delay(&self, delay: Duration) {
        self.send(Command::Delay(delay)).await;
    }

    /// Stops reading from the server on existing connections. Data from the client still passes.
    pub async fn stall(&self) {
        self.send(Command::All(Order::Stall)).await;
    }

    /// Forwards this many more bytes from the server on each existing connection, then closes the client's end (FIN, so
    /// that the bytes arrive) and resets the server's.
    pub async fn truncate_after(&self, bytes: usize) {
        self.send(Command::All(Order::Truncate(bytes))).await;
    }

    /// Does the same to the next new connection only.
    pub async fn truncate_next(&self, bytes: usize) {
        self.send(Command::TruncateNext(bytes)).await;
    }

    /// Forwards everything again without delay: on new connections, and on those that were delayed or stalled.
    /// Discarded data is lost, and a connection that discards data continues to do so.
    pub async fn heal(&self) {
        self.send(Command::Heal).await;
    }

    /// The current numbers of connections.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until the counts meet a condition.
    ///
    /// # Panics
    ///
    /// If the proxy has failed.
    pub async fn until(&self, wanted: impl Fn(Counts) -> bool) -> Counts {
        let mut counts = self.counts.clone();
        let found = counts.wait_for(|counts| wanted(*counts)).await;
        *found.expect("the sender lives as long as the proxy's task")
    }

    /// Sends a command and waits until it has been executed.
    async fn send(&self, command: Command) {
        let (ack, done) = oneshot::channel();
        // Both fail only if the task has panicked, which has been reported there.
        let _ = self.commands.send((command, ack));
        let _ = done.await;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// Binds a socket to this address without listening. Several sockets may share the address, so that one of them keeps
/// the port while another closes.
fn hold(address: SocketAddr) -> TcpSocket {
    let bound = TcpSocket::new_v4().and_then(|socket| {
        socket.set_reuseport(true)?;
        socket.bind(address)?;
        Ok(socket)
    });
    bound.unwrap_or_else(|error| panic!("{address}: {error}"))
}

/// Scheme, authority and path of a URL.
fn split(url: &str) -> (&str, &str, &str) {
    let Some((scheme, rest)) = url.split_once("://") else { panic!("{url}: no URL") };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (scheme, authority, path)
}
