use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::Session;
use super::listener::{Incoming, Shared};

/// Gives connections to a [`Listener`](super::Listener) that came another way than to its port: over a Unix domain
/// socket, from a proxy in front of it, or from the same process, as in tests.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ari_bindings::Error> {
/// use ari_bindings::outbound::Listener;
///
/// let listener = Listener::builder().bind("127.0.0.1:0").await?;
/// let (near, far) = tokio::io::duplex(64 << 10);
/// listener.acceptor().serve_connection(near, ([192, 0, 2, 1], 5038).into());
/// // The other half, `far`, is where Asterisk would be.
/// # drop(far);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Acceptor {
    pub(super) shared: Arc<Shared>,
    pub(super) sessions: mpsc::Sender<Session>,
}

impl Acceptor {
    /// Turns a connection into a session, under the same conditions and limits as those that come to the port, in the
    /// background. The stream is without TLS, or after it. `peer` is the address that counts as the remote one.
    ///
    /// The connection is dropped once the listener is gone or shut down.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn serve_connection(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, peer: SocketAddr) {
        Arc::clone(&self.shared).admit(Incoming::Stream(Box::new(stream)), peer, &self.sessions);
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}
