//! Where packets come from, and go to.

use std::net::{IpAddr, SocketAddr};

use tokio::sync::watch;

/// The other end of a session.
///
/// Packets go to where they come from, so that Asterisk may be behind a NAT. Until the first has come, they go to the
/// address that Asterisk gave. Afterwards packets from elsewhere are ignored, unless they come from just that address:
/// nobody else can take over a call.
pub(super) struct Peer {
    given: Option<SocketAddr>,
    learns: bool,
    /// Where packets go.
    current: watch::Sender<Option<SocketAddr>>,
    is_locked: std::sync::atomic::AtomicBool,
}

impl Peer {
    /// A peer whose address may be learned; for a socket of the family of `local`.
    pub(super) fn new(given: Option<SocketAddr>, learns: bool, local: SocketAddr) -> Self {
        let given = given.map(|address| match (address.ip(), local) {
            // A socket that is open for both families knows IPv4 addresses by their mapped form.
            (IpAddr::V4(ip), SocketAddr::V6(_)) => SocketAddr::new(ip.to_ipv6_mapped().into(), address.port()),
            _ => address,
        });
        Self { given, learns: learns || given.is_none(), current: watch::Sender::new(given), is_locked: false.into() }
    }

    /// Whether a packet from this address may belong to the session.
    pub(super) fn may_accept(&self, from: SocketAddr) -> bool {
        if self.given.is_some_and(|given| is_same(given, from)) {
            return true;
        }
        if self.is_locked.load(std::sync::atomic::Ordering::Relaxed) {
            return self.current().is_some_and(|current| is_same(current, from));
        }
        self.learns
    }

    /// Takes the session to this address, from which a proper packet came.
    pub(super) fn accept(&self, from: SocketAddr) {
        self.is_locked.store(true, std::sync::atomic::Ordering::Relaxed);
        self.current.send_if_modified(|current| {
            let is_new = !current.is_some_and(|current| is_same(current, from));
            if is_new {
                *current = Some(from);
            }
            is_new
        });
    }

    pub(super) fn current(&self) -> Option<SocketAddr> {
        *self.current.borrow()
    }

    /// Waits until the address is known.
    pub(super) async fn known(&self) {
        // The sender lives as long as `self`, so there is no other outcome.
        let _ = self.current.subscribe().wait_for(Option::is_some).await;
    }
}

/// Scope and flow of an IPv6 address are not part of the identity.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip(), one.port()) == (other.ip(), other.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn first_packet_locks_the_peer_unless_the_given_address_speaks_up() {
        let (given, nat, stranger) = (address("10.0.0.1:10000"), address("192.0.2.1:999"), address("192.0.2.2:999"));
        let peer = Peer::new(Some(given), true, address("0.0.0.0:0"));
        assert_eq!(peer.current(), Some(given));
        assert!(peer.may_accept(nat));
        peer.accept(nat);
        assert_eq!(peer.current(), Some(nat));
        assert!(!peer.may_accept(stranger) && peer.may_accept(nat));
        assert!(peer.may_accept(given));
        peer.accept(given);
        assert!(!peer.may_accept(nat) && peer.may_accept(given));
    }

    #[test]
    fn peer_that_is_not_learned_accepts_the_given_address_alone() {
        let peer = Peer::new(Some(address("10.0.0.1:10000")), false, address("0.0.0.0:0"));
        assert!(!peer.may_accept(address("10.0.0.1:10002")) && peer.may_accept(address("10.0.0.1:10000")));
    }

    #[test]
    fn ipv4_address_is_mapped_on_a_socket_for_both_families() {
        let peer = Peer::new(Some(address("10.0.0.1:10000")), false, address("[::]:0"));
        assert!(peer.may_accept(address("[::ffff:10.0.0.1]:10000")));
    }
}
