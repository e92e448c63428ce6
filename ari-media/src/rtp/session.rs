//! A session: the two directions over one socket, until one of the ends closes it.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use super::peer::Peer;
use super::profile::Profile;
use super::receive::Receiver;
use super::send;
use crate::error::MediaError;
use crate::pipe::{Pipe, TransportEnd};

/// The largest packet that is read: more than an Ethernet frame holds.
const MOST_BYTES: usize = 2_048;

/// How many packets are read before frames are handed on again.
const MOST_AT_ONCE: usize = 64;

/// What the two directions share, besides the socket.
pub(super) struct Session {
    pub(super) pipe: Arc<Pipe>,
    pub(super) peer: Peer,
    pub(super) profile: Profile,
    pub(super) jitter: RangeInclusive<Duration>,
    pub(super) idle_timeout: Option<Duration>,
}

/// Runs a session until the program closes the medium, or the network fails.
pub(super) async fn run(session: Session, socket: UdpSocket, pipe: TransportEnd) {
    let session = Arc::new(session);
    let mut receiver = Receiver::new(Arc::clone(&session));
    let result = tokio::select! {
        result = send::run(&session, &socket) => result,
        result = receive(&session, &socket, &mut receiver) => result,
    };
    receiver.play(None);
    pipe.end(result);
}

async fn receive(session: &Session, socket: &UdpSocket, receiver: &mut Receiver) -> Result<(), MediaError> {
    let mut bytes = [0; MOST_BYTES];
    let mut last = Instant::now();
    loop {
        let due = receiver.due();
        let idle = session.idle_timeout.map(|timeout| last + timeout);
        tokio::select! {
            readable = socket.readable() => {
                readable?;
                if drain(socket, receiver, &mut bytes)? {
                    last = Instant::now();
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            () = sleep_until(idle.unwrap_or_else(Instant::now)), if idle.is_some() => {
                return Err(MediaError::Timeout("no packet came"));
            }
        }
        receiver.play(Some(Instant::now()));
    }
}

/// Reads what has come. Returns whether anything of it was of use.
fn drain(socket: &UdpSocket, receiver: &mut Receiver, bytes: &mut [u8]) -> Result<bool, MediaError> {
    let mut is_used = false;
    for _ in 0..MOST_AT_ONCE {
        match socket.try_recv_from(bytes) {
            Ok((length, from)) => is_used |= receiver.packet(&bytes[..length], from, Instant::now()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // The other end says that nobody listens there (yet).
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset) => {
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(is_used)
}
