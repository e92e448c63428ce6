//! The direction from Asterisk: packets into the jitter buffer, frames out of it.

use std::net::SocketAddr;
use std::sync::Arc;

use rtp_types::RtpPacket;
use tokio::time::Instant;

use super::jitter::{Due, Inserted, JitterBuffer, Packet};
use super::profile::Profile;
use super::session::Session;
use crate::codec::{ByteOrder, Decoder};
use crate::frame::FrameKind;
use crate::pipe::Pipe;
use crate::pipe::inbox::Gap;

/// Over how many lost frames a repeated one fades away.
const FADE: usize = 3;

pub(crate) struct Receiver {
    session: Arc<Session>,
    buffer: JitterBuffer,
    decoder: Decoder,
    ssrc: Option<u32>,
    samples: Vec<i16>,
    concealment: Concealment,
    /// Ticks of gaps that do not make a frame yet.
    gap: i64,
}

impl Receiver {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self {
            buffer: JitterBuffer::new(&session.profile, session.jitter.clone()),
            decoder: Decoder::new(session.profile.format, ByteOrder::Big),
            session,
            ssrc: None,
            samples: Vec::new(),
            concealment: Concealment::default(),
            gap: 0,
        }
    }

    /// When [`Receiver::play`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.buffer.due()
    }

    /// Takes in what came from the network, whatever it is. Returns whether it was a packet of the session.
    pub(crate) fn packet(&mut self, bytes: &[u8], from: SocketAddr, now: Instant) -> bool {
        let session = Arc::clone(&self.session);
        let is_kept = session.peer.may_accept(from)
            && parse(bytes, self.ssrc, &session.profile).is_some_and(|packet| {
                session.peer.accept(from);
                self.insert(&packet, now)
            });
        let stats = &session.pipe.stats;
        if is_kept { &stats.received } else { &stats.discarded }.add(1);
        is_kept
    }

    fn insert(&mut self, packet: &Packet<'_>, now: Instant) -> bool {
        self.ssrc = Some(packet.ssrc);
        let inserted = match self.buffer.insert(packet, now) {
            Inserted::Restart => {
                self.play(None);
                self.buffer.restart(now);
                self.decoder = Decoder::new(self.session.profile.format, ByteOrder::Big);
                self.buffer.insert(packet, now)
            }
            inserted => inserted,
        };
        inserted == Inserted::Kept
    }

    /// Hands the program what is due at this time; everything, without a time.
    pub(crate) fn play(&mut self, now: Option<Instant>) {
        let Self { session, buffer, decoder, samples, concealment, gap: rest, .. } = self;
        let (pipe, profile): (&Pipe, &Profile) = (&session.pipe, &session.profile);
        let dropped = &pipe.stats.dropped;
        while let Some(due) = buffer.pop(now) {
            samples.clear();
            match due {
                Due::Sound { payload, gap } => {
                    decoder.decode(payload, samples);
                    concealment.heard(samples);
                    *rest += gap;
                    let frame = i64::from(profile.frame_ticks());
                    pipe.inbox.push(samples, FrameKind::Sound, Gap::Frames((*rest / frame).unsigned_abs()), dropped);
                    *rest %= frame;
                }
                Due::Lost { ticks } => {
                    concealment.fill(profile.samples(ticks), samples);
                    pipe.stats.concealed.add(1);
                    pipe.inbox.push(samples, FrameKind::Concealed, Gap::Frames(0), dropped);
                }
            }
        }
        pipe.stats.lost.add(buffer.take_lost());
    }
}

/// Reads a packet. Comfort noise and events of the stream `ssrc` become packets without a payload: they are part of its
/// sequence.
fn parse<'bytes>(bytes: &'bytes [u8], ssrc: Option<u32>, profile: &Profile) -> Option<Packet<'bytes>> {
    let packet = RtpPacket::parse(bytes).ok()?;
    let payload = bytes.get(packet.payload_offset()..)?.get(..packet.payload_len())?;
    let is_sound = profile.accepts(packet.payload_type(), payload.len());
    if !is_sound && ssrc != Some(packet.ssrc()) {
        return None;
    }
    let payload = if is_sound { payload } else { &[] };
    Some(Packet {
        ssrc: packet.ssrc(),
        sequence: packet.sequence_number(),
        timestamp: packet.timestamp(),
        marker: packet.marker_bit(),
        ticks: profile.ticks(payload.len()),
        payload,
    })
}

/// What makes up for lost frames: the last one repeated, more and more quietly, then silence.
#[derive(Default)]
struct Concealment {
    last: Vec<i16>,
    /// How many samples have been made up.
    position: usize,
}

impl Concealment {
    fn heard(&mut self, samples: &[i16]) {
        self.position = 0;
        self.last.clear();
        self.last.extend_from_slice(samples);
    }

    fn fill(&mut self, count: usize, into: &mut Vec<i16>) {
        let length = self.last.len();
        let end = length * FADE;
        for position in self.position..self.position + count {
            let sample = if position < end { self.last[position % length] } else { 0 };
            // Never more than the sample, as the factor is at most one.
            let left = i64::try_from(end.saturating_sub(position)).unwrap_or(0);
            let faded = i64::from(sample) * left / i64::try_from(end.max(1)).unwrap_or(i64::MAX);
            into.push(i16::try_from(faded).unwrap_or(0));
        }
        self.position = (self.position + count).min(end);
    }
}
