//! Connections that have not authenticated yet.

use std::collections::VecDeque;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

/// A bounded set of connections, in the order in which they came.
///
/// If the set is full, a new connection displaces the oldest one: of the same address if that has used up its share,
/// otherwise of all addresses. Any peer can open connections and stay silent, so refusing new ones instead would shut
/// out Asterisk. OpenSSH's `MaxStartups` serves the same purpose.
pub(super) struct Pending {
    limit: usize,
    limit_per_address: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    next_number: u64,
    entries: VecDeque<Entry>,
}

struct Entry {
    number: u64,
    source: IpAddr,
    displace: oneshot::Sender<()>,
}

/// The place of one connection. Dropping it makes room.
pub(super) struct Place {
    pending: Arc<Pending>,
    number: u64,
    displaced: oneshot::Receiver<()>,
}

impl Pending {
    pub(super) fn new(limit: usize, limit_per_address: usize) -> Arc<Self> {
        Arc::new(Self { limit: limit.max(1), limit_per_address: limit_per_address.max(1), queue: Mutex::default() })
    }

    /// Adds a connection, and displaces another if there is no room.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Place {
        let source = source(address);
        let (displace, displaced) = oneshot::channel();
        let mut queue = self.lock();
        let mut same = queue.entries.iter().enumerate().filter(|(_, entry)| entry.source == source);
        let oldest = match (same.next(), same.count() + 1) {
            (Some((oldest, _)), count) if count >= self.limit_per_address => Some(oldest),
            _ => (queue.entries.len() >= self.limit).then_some(0),
        };
        if let Some(entry) = oldest.and_then(|oldest| queue.entries.remove(oldest)) {
            // A connection that has ended at the same moment does not listen any more.
            let _ = entry.displace.send(());
        }
        let number = queue.next_number;
        queue.next_number += 1;
        queue.entries.push_back(Entry { number, source, displace });
        Place { pending: Arc::clone(self), number, displaced }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Displaces all.
    pub(super) fn clear(&self) {
        for entry in self.lock().entries.drain(..) {
            let _ = entry.displace.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits for a future, or returns `None` as soon as this connection is displaced.
    pub(super) async fn hold<T>(mut self, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(work), &mut self.displaced).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pending.lock().entries.retain(|entry| entry.number != self.number);
    }
}

/// What counts as one address: of IPv6 the network, since a single host usually has 2⁶⁴ addresses.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        IpAddr::V4(address) => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(pending: &Pending) -> Vec<u64> {
        pending.lock().entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn enter_displaces_oldest_of_its_address_then_of_all() {
        let pending = Pending::new(4, 2);
        let (a, b) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut places: Vec<_> = [a, b, b].map(|address| pending.enter(address)).into();
        places.push(pending.enter(b));
        assert_eq!(numbers(&pending), [0, 2, 3]);
        assert_eq!(places[1].displaced.try_recv(), Ok(()));
        places.push(pending.enter([192, 0, 2, 3].into()));
        places.push(pending.enter([192, 0, 2, 4].into()));
        assert_eq!(numbers(&pending), [2, 3, 4, 5]);
        assert_eq!(places[0].displaced.try_recv(), Ok(()));
        drop(places.remove(2));
        assert_eq!((numbers(&pending), pending.len()), (vec![3, 4, 5], 3));
        pending.clear();
        assert_eq!(places.pop().unwrap().displaced.try_recv(), Ok(()));
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn enter_has_room_for_one_connection_at_least() {
        for limits in [(0, 9), (1, 9), (9, 0), (9, 1)] {
            let pending = Pending::new(limits.0, limits.1);
            let _places = [1, 2].map(|_| pending.enter([192, 0, 2, 1].into()));
            assert_eq!(numbers(&pending), [1], "{limits:?}");
        }
    }

    #[test]
    fn source_joins_addresses_of_one_ipv6_network() {
        let source = |text: &str| source(text.parse().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }
}
