//! Accepts connections of Asterisk, from a network on which others may connect, too.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{sleep, timeout};

use crate::admission::{Admission, AdmitOthers, Expected};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::media::Media;

/// How long the loop pauses when the system refuses a connection, as at the limit of open files.
const PAUSE: Duration = Duration::from_millis(100);

/// What the builder of a listener sets, whatever the transport.
pub(crate) struct Settings<K> {
    pub(crate) admit: Option<AdmitOthers<K>>,
    pub(crate) max_sessions: usize,
    pub(crate) limits: HandshakeLimits,
}

/// Limits on the connections that have not been admitted yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HandshakeLimits {
    /// How many there may be at a time; at least one.
    pub(crate) pending: usize,
    /// How long each may take.
    pub(crate) timeout: Duration,
}

/// A port whose connections become sessions, each with an id of the type `K`. Dropping it stops accepting.
pub(crate) struct Listener<K: Clone + Eq + Hash + Send + 'static> {
    admission: Arc<Admission<K>>,
    accepted: Mutex<mpsc::Receiver<(K, Media)>>,
    max_sessions: usize,
    local: SocketAddr,
    task: AbortHandle,
}

impl<K> Default for Settings<K> {
    fn default() -> Self {
        let limits = HandshakeLimits { pending: 256, timeout: Duration::from_secs(5) };
        Self { admit: None, max_sessions: 1000, limits }
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Settings<K> {
    /// Listens on an address. `handshake` is as that of [`accept`].
    pub(crate) async fn bind<H>(
        self,
        address: impl ToSocketAddrs + fmt::Debug,
        handshake: impl Fn(TcpStream, Arc<Admission<K>>) -> H + Send + 'static,
    ) -> Result<Listener<K>, MediaError>
    where
        H: Future<Output = Result<(), String>> + Send + 'static,
    {
        let explain = |error: io::Error| {
            MediaError::from(io::Error::new(error.kind(), format!("cannot listen on {address:?}: {error}")))
        };
        let tcp = TcpListener::bind(&address).await.map_err(explain)?;
        let local = tcp.local_addr().map_err(explain)?;
        let max_sessions = self.max_sessions.min(Semaphore::MAX_PERMITS);
        let (admission, accepted) = Admission::new(max_sessions, self.admit);
        let shared = Arc::clone(&admission);
        let accepting = accept(tcp, self.limits, move |stream, _| handshake(stream, Arc::clone(&shared)));
        let task = tokio::spawn(accepting).abort_handle();
        Ok(Listener { admission, accepted: Mutex::new(accepted), max_sessions, local, task })
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Listener<K> {
    pub(crate) fn expect(&self, id: K, config: MediaConfig) -> Result<Expected, MediaError> {
        self.admission.expect(id, config)
    }

    pub(crate) async fn accept(&self) -> Result<(K, Media), MediaError> {
        self.accepted.lock().await.recv().await.ok_or(MediaError::Ended)
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn open_sessions(&self) -> usize {
        self.max_sessions.saturating_sub(self.admission.free())
    }

    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("local_addr", &self.local)
            .field("open_sessions", &self.open_sessions())
            .finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Drop for Listener<K> {
    fn drop(&mut self) {
        self.task.abort();
        self.admission.close();
    }
}

/// Accepts connections until it is dropped. `handshake` runs for all of them at the same time, so that a slow or hostile
/// peer delays nobody; it hands a connection that it admits to another task. What it returns otherwise is logged.
///
/// Any peer can open connections and stay silent, so where there are too many, the oldest of the address that has most of
/// them is closed in favour of the new one: refusing new ones would shut out Asterisk.
async fn accept<H>(tcp: TcpListener, limits: HandshakeLimits, handshake: impl Fn(TcpStream, SocketAddr) -> H + Send)
where
    H: Future<Output = Result<(), String>> + Send + 'static,
{
    // Dropping the set ends its tasks.
    let (mut tasks, mut pending) = (JoinSet::new(), Pending::default());
    loop {
        tokio::select! {
            // Those that have ended make room first.
            biased;
            Some(ended) = tasks.join_next_with_id() => {
                pending.remove(ended.map_or_else(|error| error.id(), |(id, ())| id));
            }
            accepted = tcp.accept() => match accepted {
                Ok((stream, peer)) => {
                    pending.make_room(limits.pending);
                    let task = tasks.spawn(attend(handshake(stream, peer), peer, limits.timeout));
                    pending.0.push_back((task, peer));
                }
                Err(error) => {
                    tracing::warn!("accepting a connection failed: {error}");
                    sleep(PAUSE).await;
                }
            },
        }
    }
}

async fn attend(handshake: impl Future<Output = Result<(), String>>, peer: SocketAddr, most: Duration) {
    match timeout(most, handshake).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("{peer}: refused: {error}"),
        Err(_) => tracing::warn!("{peer}: refused: it did not introduce itself within {most:?}"),
    }
}

/// The connections that have not been admitted yet, the oldest first.
#[derive(Default)]
struct Pending(VecDeque<(AbortHandle, SocketAddr)>);

impl Pending {
    /// Closes connections until there are fewer than `most`.
    fn make_room(&mut self, most: usize) {
        while self.0.len() >= most.max(1) {
            let sources = || self.0.iter().map(|(_, peer)| source(peer.ip()));
            let mut counts = HashMap::new();
            sources().for_each(|source| *counts.entry(source).or_insert(0) += 1);
            // Of those that are equal, `max_by_key` finds the last, hence in reverse.
            let oldest = sources().enumerate().rev().max_by_key(|(_, source)| counts[source]).map(|(index, _)| index);
            let Some((task, peer)) = oldest.and_then(|oldest| self.0.remove(oldest)) else { return };
            tracing::warn!("{peer}: refused: {most} newer connections came before it had introduced itself");
            task.abort();
        }
    }

    fn remove(&mut self, id: Id) {
        self.0.retain(|(task, _)| task.id() != id);
    }
}

/// What counts as one address: of IPv6 the network, since a single host usually has 2⁶⁴ addresses.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt as _;
    use tokio::sync::mpsc;

    use super::*;

    fn pending(peers: &[&str]) -> (JoinSet<()>, Pending) {
        let (mut tasks, mut pending) = (JoinSet::new(), Pending::default());
        for peer in peers {
            pending.0.push_back((tasks.spawn(std::future::pending()), peer.parse().unwrap()));
        }
        (tasks, pending)
    }

    fn peers(pending: &Pending) -> Vec<String> {
        pending.0.iter().map(|(_, peer)| peer.to_string()).collect()
    }

    #[tokio::test]
    async fn make_room_closes_the_oldest_of_the_busiest_address() {
        let (_tasks, mut pending) = pending(&["192.0.2.1:1", "192.0.2.2:1", "192.0.2.2:2", "192.0.2.3:1"]);
        pending.make_room(5);
        assert_eq!(pending.0.len(), 4);
        pending.make_room(4);
        assert_eq!(peers(&pending), ["192.0.2.1:1", "192.0.2.2:2", "192.0.2.3:1"]);
        pending.make_room(3);
        assert_eq!(peers(&pending), ["192.0.2.2:2", "192.0.2.3:1"]);
        pending.make_room(0);
        assert!(pending.0.is_empty());
    }

    #[tokio::test]
    async fn addresses_of_one_ipv6_network_count_as_one() {
        let (_tasks, mut pending) = pending(&["[2001:db8::1]:1", "[2001:db8:1::1]:1", "[2001:db8:1::2]:1"]);
        pending.make_room(3);
        assert_eq!(peers(&pending), ["[2001:db8::1]:1", "[2001:db8:1::2]:1"]);
        assert_eq!(source("::ffff:192.0.2.1".parse().unwrap()), source("192.0.2.1".parse().unwrap()));
    }

    /// Accepts connections that send one byte, which the receiver returns.
    async fn listen(limits: HandshakeLimits) -> (SocketAddr, mpsc::Receiver<u8>, tokio::task::JoinHandle<()>) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, (bytes, received)) = (tcp.local_addr().unwrap(), mpsc::channel(8));
        let bytes = Arc::new(bytes);
        let task = tokio::spawn(accept(tcp, limits, move |mut stream, _| {
            let bytes = Arc::clone(&bytes);
            async move {
                let byte = stream.read_u8().await.map_err(|error| error.to_string())?;
                bytes.send(byte).await.map_err(|error| error.to_string())
            }
        }));
        (address, received, task)
    }

    #[tokio::test]
    async fn silent_connections_are_displaced_and_do_not_delay_others() {
        let limits = HandshakeLimits { pending: 2, timeout: Duration::from_secs(3600) };
        let (address, mut received, task) = listen(limits).await;
        let mut silent = Vec::new();
        for byte in 1..=4 {
            silent.push(TcpStream::connect(address).await.unwrap());
            let speaker = TcpStream::connect(address).await.unwrap();
            speaker.try_write(&[byte]).unwrap();
            assert_eq!(received.recv().await, Some(byte));
        }
        assert_eq!(silent[0].read(&mut [0]).await.unwrap(), 0, "closed");
        task.abort();
        assert_eq!(silent[3].read(&mut [0]).await.unwrap(), 0, "closed with the listener");
    }

    #[tokio::test]
    async fn silent_connection_is_closed_after_the_timeout() {
        let limits = HandshakeLimits { pending: 2, timeout: Duration::from_millis(20) };
        let (address, _received, _task) = listen(limits).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        assert_eq!(silent.read(&mut [0]).await.unwrap(), 0);
    }
}
