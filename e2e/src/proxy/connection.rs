//! One connection through the proxy.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use super::pipe::{Mode, Pipe, Settings, Step};
use super::{Ack, Counts};

/// A command to one connection.
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

/// Both ends of a connection and the data in flight between them, owned by a single task.
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

    /// Connects to the target, if any, and executes orders until both ends are closed.
    pub(super) async fn run(mut self, target: Option<SocketAddr>, mut orders: mpsc::UnboundedReceiver<(Order, Ack)>) {
        let mut connecting = target.map(|target| Box::pin(TcpStream::connect(target)));
        loop {
            let lives = tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some((order, done)) = order else { return };
                    let lives = self.execute(order).await;
                    if !lives {
                        // Acknowledged only after the sockets are closed.
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

    /// Executes an order. Returns whether the connection lives on.
    async fn execute(&mut self, order: Order) -> bool {
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
            // The client's connection has already been accepted, so it can only be reset.
            Err(_) => self.reset(),
        }
    }

    /// Handles a step of the direction to the server. Returns whether the connection lives on.
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

    /// Handles a step of the direction to the client. Returns whether the connection lives on.
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

    /// A connection that discards data lives until both ends are closed, so that neither sees the other's close.
    fn lives(&self) -> bool {
        !(self.up.is_over() && (self.down.is_over() || self.server.is_none()))
    }

    fn reset(&mut self) -> bool {
        // With zero linger, closing the socket sends a reset.
        let _ = self.client.set_zero_linger();
        if let Some(server) = &self.server {
            let _ = server.set_zero_linger();
        }
        false
    }

    /// Closes the connection after the last byte that may pass.
    async fn spent(&mut self) -> bool {
        if let Some(server) = self.server.take() {
            let _ = server.set_zero_linger();
        }
        self.hang_up().await;
        self.lives()
    }

    /// Closes both ends and discards what they still send. Unread data would turn the close into a reset.
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

/// Awaits a future that may be absent; without one, never returns.
async fn maybe<F: Future + Unpin>(future: &mut Option<F>) -> Option<F::Output> {
    match future {
        Some(future) => Some(future.await),
        None => std::future::pending().await,
    }
}
