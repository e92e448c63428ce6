//! The listener of the proxy: accepts connections and passes commands on to them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::connection::{Connection, Open, Order};
use super::pipe::{Mode, Settings};
use super::{Ack, Counts, hold};

/// The number of connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A command to the proxy.
#[derive(Debug, Clone, Copy)]
pub(super) enum Command {
    All(Order),
    Target(SocketAddr),
    BlackHole,
    Refuse,
    StopListening,
    Delay(Duration),
    TruncateNext(usize),
    Heal,
}

/// How new connections are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Pass,
    BlackHole,
    Refuse,
}

/// The task that accepts connections and sends them orders.
#[derive(Debug)]
pub(super) struct Acceptor {
    address: SocketAddr,
    /// Keeps the port reserved, and becomes the listener after a pause.
    spare: TcpSocket,
    listener: Option<TcpListener>,
    target: SocketAddr,
    entry: Entry,
    delay: Duration,
    truncate_next: Option<usize>,
    counts: watch::Sender<Counts>,
    connections: Vec<mpsc::UnboundedSender<(Order, Ack)>>,
    tasks: JoinSet<()>,
}

impl Acceptor {
    /// Starts to listen.
    pub(super) fn new(address: SocketAddr, held: TcpSocket, target: SocketAddr, counts: watch::Sender<Counts>) -> Self {
        let mut acceptor = Self {
            address,
            spare: held,
            listener: None,
            target,
            entry: Entry::Pass,
            delay: Duration::ZERO,
            truncate_next: None,
            counts,
            connections: Vec::new(),
            tasks: JoinSet::new(),
        };
        acceptor.listen();
        acceptor
    }

    /// Runs until the sender of commands is dropped.
    pub(super) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<(Command, Ack)>) {
        loop {
            tokio::select! {
                // Clients that connected before a command are accepted before it is executed.
                biased;
                stream = accept(self.listener.as_ref()) => {
                    // A client that closed before it was accepted is ignored.
                    if let Ok(stream) = stream {
                        self.admit(stream);
                    }
                }
                command = commands.recv() => {
                    let Some((command, _done)) = command else { return };
                    self.execute(command).await;
                }
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    async fn execute(&mut self, command: Command) {
        match command {
            Command::All(order) => self.order(order).await,
            Command::Target(target) => self.target = target,
            Command::BlackHole => self.entry = Entry::BlackHole,
            Command::Refuse => self.entry = Entry::Refuse,
            Command::StopListening => self.listener = None,
            Command::TruncateNext(bytes) => self.truncate_next = Some(bytes),
            Command::Delay(delay) => {
                self.delay = delay;
                self.order(Order::Delay(delay)).await;
            }
            Command::Heal => {
                (self.entry, self.delay, self.truncate_next) = (Entry::Pass, Duration::ZERO, None);
                self.listen();
                self.order(Order::Resume).await;
            }
        }
    }

    /// Sends an order to every connection and waits until all have executed it.
    async fn order(&mut self, order: Order) {
        self.connections.retain(|connection| !connection.is_closed());
        let mut pending = Vec::new();
        for connection in &self.connections {
            let (ack, done) = oneshot::channel();
            // The connection may have just ended.
            let _ = connection.send((order, ack));
            pending.push(done);
        }
        for done in pending {
            let _ = done.await;
        }
    }

    fn admit(&mut self, client: TcpStream) {
        self.counts.send_modify(|counts| counts.made += 1);
        if self.entry == Entry::Refuse {
            // With zero linger, closing the socket sends a reset.
            let _ = client.set_zero_linger();
            return;
        }
        let _ = client.set_nodelay(true);
        let is_lost = self.entry == Entry::BlackHole;
        let settings = Settings { mode: if is_lost { Mode::Swallow } else { Mode::Pass }, delay: self.delay };
        let target = (!is_lost).then_some(self.target);
        let truncate = if is_lost { None } else { self.truncate_next.take() };
        let connection = Connection::new(client, settings, truncate, Open::new(&self.counts));
        let (orders, received) = mpsc::unbounded_channel();
        self.connections.push(orders);
        self.tasks.spawn(connection.run(target, received));
    }

    fn listen(&mut self) {
        if self.listener.is_none() {
            let held = std::mem::replace(&mut self.spare, hold(self.address));
            let listener = held.listen(BACKLOG);
            self.listener = Some(listener.unwrap_or_else(|error| panic!("{}: {error}", self.address)));
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}
