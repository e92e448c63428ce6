//! One connection through the proxy.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::pipe::{Mode, Pipe, Settings, Step};
use super::{Ack, Counts};

/// What a connection is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Reset,
    Close,
    Swallow,
    Stall,
    Resume,
    Delay(Duration),
    Truncate(usize),
}

/// Counts as open while it lives.
#[derive(Debug)]
pub(super) struct Open(watch::Sender<Counts>);

impl Open {
    pub(super) fn new(counts: &watch::Sender<Counts>) -> Self {
        counts.send_modify(|counts| counts.open += 1);
        Self(counts.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|counts| counts.open -= 1);
    }
}

/// Both ends of a connection and what is under way between them. The task that owns it does everything to it.
#[derive(Debug)]
pub(super) struct Connection {
    client: TcpStream,
    server: Option<TcpStream>,
    up: Pipe,
    down: Pipe,
    open: Option<Open>,
}

impl Connection {
    pub(super) fn new(client: TcpStream, settings: Settings, truncate: Option<usize>, open: Open) -> Self {
        let (up, mut down) = (Pipe::new(settings), Pipe::new(settings));
        down.left = truncate;
        Self { client, server: None, up, down, open: Some(open) }
    }

    /// Connects to the server, if it is to have one, and carries out orders until both ends are gone.
    pub(super) async fn run(mut self, target: Option<SocketAddr>, mut orders: mpsc::UnboundedReceiver<(Order, Ack)>) {
        let mut connecting = target.map(|target| Box::pin(TcpStream::connect(target)));
        loop {
            let lives = tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some((order, done)) = order else { return };
                    let lives = self.obey(order).await;
                    if !lives {
                        // What is acknowledged is done.
                        drop(self);
                        drop(done);
                        return;
                    }
                    if self.up.is(Mode::Swallow) {
                        connecting = None;
                    }
                    lives
                }
                Some(server) = maybe(&mut connecting) => {
                    connecting = None;
                    self.connected(server)
                }
                step = self.up.step(Some(&self.client), self.server.as_ref()) => self.upwards(step).await,
                step = self.down.step(self.server.as_ref(), Some(&self.client)) => self.downwards(step).await,
            };
            if !lives {
                return;
            }
        }
    }

    /// Whether it lives on.
    async fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Reset => return self.reset(),
            Order::Close => {
                self.hang_up().await;
                return self.lives();
            }
            Order::Swallow => self.set_modes(Mode::Swallow),
            Order::Stall => self.down.set_mode(Mode::Stall),
            Order::Resume => {
                self.delay(Duration::ZERO);
                self.set_modes(Mode::Pass);
            }
            Order::Delay(delay) => self.delay(delay),
            Order::Truncate(0) => return self.spent().await,
            Order::Truncate(bytes) => self.down.left = Some(bytes),
        }
        true
    }

    fn connected(&mut self, server: std::io::Result<TcpStream>) -> bool {
        match server {
            Ok(server) => {
                let _ = server.set_nodelay(true);
                self.server = Some(server);
                true
            }
            // There is no way to take back that it was accepted.
            Err(_) => self.reset(),
        }
    }

    /// Something has happened on the way to the server.
    async fn upwards(&mut self, step: Step) -> bool {
        match step {
            Step::On => return true,
            Step::Read => self.open = None,
            Step::End => {
                if let Some(server) = &mut self.server {
                    let _ = server.shutdown().await;
                }
            }
            Step::Broken if self.up.is(Mode::Swallow) => self.open = None,
            Step::Broken | Step::Spent => return self.reset(),
        }
        self.lives()
    }

    /// Something has happened on the way to the client.
    async fn downwards(&mut self, step: Step) -> bool {
        match step {
            Step::On => return true,
            Step::Read => {}
            Step::End => {
                let _ = self.client.shutdown().await;
            }
            Step::Broken if self.down.is(Mode::Swallow) => {}
            Step::Broken => return self.reset(),
            Step::Spent => return self.spent().await,
        }
        self.lives()
    }

    /// A connection that swallows lives until both ends are gone, so that neither learns of the other's end.
    fn lives(&self) -> bool {
        !(self.up.is_over() && (self.down.is_over() || self.server.is_none()))
    }

    fn reset(&mut self) -> bool {
        // Closed with this set, a connection is reset.
        let _ = self.client.set_zero_linger();
        if let Some(server) = &self.server {
            let _ = server.set_zero_linger();
        }
        false
    }

    /// Has passed all that it may.
    async fn spent(&mut self) -> bool {
        if let Some(server) = self.server.take() {
            let _ = server.set_zero_linger();
        }
        self.hang_up().await;
        self.lives()
    }

    /// Says goodbye to both ends, and listens to neither. What they still send is read: unread, it would make the
    /// goodbye a reset.
    async fn hang_up(&mut self) {
        let _ = self.client.shutdown().await;
        if let Some(server) = &mut self.server {
            let _ = server.shutdown().await;
        }
        self.set_modes(Mode::Swallow);
        self.open = None;
    }

    fn set_modes(&mut self, mode: Mode) {
        self.up.set_mode(mode);
        self.down.set_mode(mode);
    }

    fn delay(&mut self, delay: Duration) {
        self.up.settings.delay = delay;
        self.down.settings.delay = delay;
    }
}

/// What comes of a future that may not be there.
async fn maybe<F: Future + Unpin>(future: &mut Option<F>) -> Option<F::Output> {
    match future {
        Some(future) => Some(future.await),
        None => std::future::pending().await,
    }
}
