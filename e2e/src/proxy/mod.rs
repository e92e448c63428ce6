//! A connection to a server that goes wrong in every way that connections do.

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

/// A TCP proxy on a port of this machine, which passes connections on to a server and breaks them when told to.
///
/// Every method that changes something returns when it is so: after [`half_open`](Self::half_open) no further byte
/// gets through, after [`cut`](Self::cut) the resets have been sent. It ends when dropped, and every connection
/// through it.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    commands: mpsc::UnboundedSender<(Command, Ack)>,
    counts: watch::Receiver<Counts>,
    acceptor: JoinHandle<()>,
}

/// Dropped when what was asked for is done.
type Ack = oneshot::Sender<()>;

/// How many connections there were and are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// So many were accepted so far, those included that were reset at once.
    pub made: usize,
    /// So many clients have neither closed theirs, nor have they been told that it is closed.
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

    /// This base URL of a server, through the proxy.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let (scheme, _, path) = split(url);
        format!("{scheme}://{}{path}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes new connections on to another server.
    pub async fn set_target(&self, target: SocketAddr) {
        self.tell(Command::Target(target)).await;
    }

    /// Resets every connection (RST) to both of its ends. What was under way is lost.
    pub async fn cut(&self) {
        self.tell(Command::All(Order::Reset)).await;
    }

    /// Closes every connection (FIN) to both of its ends, after what has been passed on already, and swallows what
    /// they still send. No WebSocket says goodbye by this.
    pub async fn close(&self) {
        self.tell(Command::All(Order::Close)).await;
    }

    /// Swallows everything, as a network does that has lost the way: of the connections that there are, and of new
    /// ones until [`heal`](Self::heal). No end of a connection that there was learns anything of the other again, not
    /// even that it has closed; the server keeps its end.
    pub async fn half_open(&self) {
        self.tell(Command::BlackHole).await;
        self.tell(Command::All(Order::Swallow)).await;
    }

    /// Accepts new connections, and never answers. The server does not see them.
    pub async fn black_hole(&self) {
        self.tell(Command::BlackHole).await;
    }

    /// Accepts new connections, and resets them at once; they count as made.
    pub async fn refuse(&self) {
        self.tell(Command::Refuse).await;
    }

    /// Does not listen, so that the system refuses new connections: as if the server had ended.
    pub async fn stop_listening(&self) {
        self.tell(Command::StopListening).await;
    }

    /// Passes everything on so much later, each way.
    pub async fn delay(&self, delay: Duration) {
        self.tell(Command::Delay(delay)).await;
    }

    /// Stops reading from the server, on the connections that there are. What the client sends passes.
    pub async fn stall(&self) {
        self.tell(Command::All(Order::Stall)).await;
    }

    /// Passes so many more bytes from the server on each of the connections that there are, and then closes it to the
    /// client (FIN, so that the bytes arrive) and resets it to the server.
    pub async fn truncate_after(&self, bytes: usize) {
        self.tell(Command::All(Order::Truncate(bytes))).await;
    }

    /// Does the same to the next new connection, and to none after it.
    pub async fn truncate_next(&self, bytes: usize) {
        self.tell(Command::TruncateNext(bytes)).await;
    }

    /// Passes everything on again, at once: new connections, and those that were delayed or stalled. What has been
    /// swallowed is lost, and its connection swallows on.
    pub async fn heal(&self) {
        self.tell(Command::Heal).await;
    }

    /// How many connections there were and are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until the counts are such.
    ///
    /// # Panics
    ///
    /// If the proxy itself has failed.
    pub async fn until(&self, wanted: impl Fn(Counts) -> bool) -> Counts {
        let mut counts = self.counts.clone();
        let found = counts.wait_for(|counts| wanted(*counts)).await;
        *found.expect("the other end is in the task that ends with the proxy")
    }

    /// Returns when it is done.
    async fn tell(&self, command: Command) {
        let (ack, done) = oneshot::channel();
        // Both fail only if the task has panicked, which is told where it happens.
        let _ = self.commands.send((command, ack));
        let _ = done.await;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// A socket with this address that does not listen yet. Another one may have the same, so that one of them can keep
/// the port while the other closes.
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
