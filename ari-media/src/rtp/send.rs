//! The direction to Asterisk: paced packets.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::Duration;

use rtp_types::RtpPacketBuilder;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::session::Session;
use crate::codec::{ByteOrder, Encoder};
use crate::error::MediaError;
use crate::format::{FRAME, samples_in};
use crate::pace::{CATCH_UP, Pace};
use crate::pipe::outbox::Work;

/// How many packets in a row may fail to be sent: a second.
const MOST_FAULTS: u32 = 50;

/// Sends what the program writes until it closes the medium.
pub(super) async fn run(session: &Session, socket: &UdpSocket) -> Result<(), MediaError> {
    let Session { pipe, peer, profile, .. } = session;
    let mut stamps = Stamps::new(profile.clock);
    let mut encoder = Encoder::new(profile.format, ByteOrder::Big);
    let (mut pace, mut faults, mut is_sending) = (Pace::default(), 0, false);
    let (mut samples, mut payload, mut packet) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        // A frame is chosen when it is due, so that a cut holds for it.
        pace.due().await;
        let to = peer.current();
        let most = if to.is_some() { profile.format.frame_samples() } else { 0 };
        match (pipe.out.take(most, &mut samples), to) {
            (Work::Send(mark), Some(to)) => {
                pace.tick(&pipe.stats.late).await;
                payload.clear();
                encoder.encode(&samples, &mut payload);
                stamps.write(profile.payload_type(), profile.ticks(payload.len()), &payload, &mut packet);
                faults = match socket.send_to(&packet, to).await {
                    Ok(_) => {
                        pipe.stats.sent.add(1);
                        0
                    }
                    Err(error) => fault(error, faults)?,
                };
                pipe.out.heard(mark);
                is_sending = true;
            }
            // What was taken has been sent: there is nothing to drop.
            (Work::Cut, _) => {}
            (Work::Close, _) => return Ok(()),
            (work, to) => {
                if std::mem::take(&mut is_sending) && work == Work::Starved {
                    pipe.stats.underruns.add(1);
                }
                pace.pause();
                tokio::select! {
                    () = pipe.out.changed() => {}
                    () = peer.known(), if to.is_none() => {}
                }
            }
        }
    }
}

/// Lets single packets fail, as the network would.
fn fault(error: io::Error, before: u32) -> Result<u32, MediaError> {
    if before >= MOST_FAULTS { Err(error.into()) } else { Ok(before + 1) }
}

/// Sequence numbers and timestamps of a stream.
struct Stamps {
    clock: u32,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// When the next packet is due, if there is no pause.
    next: Option<Instant>,
}

impl Stamps {
    fn new(clock: u32) -> Self {
        Self { clock, ssrc: random_u32(), sequence: random_u16(), timestamp: random_u32(), next: None }
    }

    fn write(&mut self, payload_type: u8, ticks: u32, payload: &[u8], packet: &mut Vec<u8>) {
        let now = Instant::now();
        let pause = self.advance(now);
        packet.clear();
        RtpPacketBuilder::<&[u8], &[u8]>::new()
            .marker_bit(!pause.is_zero() || self.next.is_none())
            .payload_type(payload_type)
            .sequence_number(self.sequence)
            .timestamp(self.timestamp)
            .ssrc(self.ssrc)
            .payload(payload)
            .write_into_vec_unchecked(packet);
        self.next = Some(if pause.is_zero() { self.next.unwrap_or(now) } else { now } + FRAME);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }

    /// Moves the timestamp on by the pause before a packet, and returns the pause. What the pace will catch up with is
    /// none.
    fn advance(&mut self, now: Instant) -> Duration {
        let due = self.next.unwrap_or(now);
        let late = now.saturating_duration_since(due);
        let pause = if late > CATCH_UP { late } else { Duration::ZERO };
        // The timestamp wraps, and so may what is added to it.
        let ticks = u32::try_from(samples_in(pause, self.clock) % (1 << 32)).unwrap_or(0);
        self.timestamp = self.timestamp.wrapping_add(ticks);
        pause
    }
}

/// A random number, from the randomly seeded hasher.
fn random_u32() -> u32 {
    let [.., a, b, c, d] = RandomState::new().hash_one(0).to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

pub(super) fn random_u16() -> u16 {
    let [.., high, low] = random_u32().to_be_bytes();
    u16::from_be_bytes([high, low])
}
