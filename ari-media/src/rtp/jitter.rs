//! The jitter buffer: packets in any order, at any time, with holes; sound in order, when it is due.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::Instant;

use super::profile::Profile;
use super::timing::{Fit, Timing};

/// How many packets may wait.
const SLOTS: u8 = 64;
const REACH: i64 = SLOTS as i64;

/// How many packets may be missing at once before that is another stream (RFC 3550, A.1).
const MOST_LOST: i64 = 3_000;

/// Keeps packets until they are due. Bounded: at most [`SLOTS`] packets.
pub(super) struct JitterBuffer {
    clock: u32,
    frame: u32,
    limits: RangeInclusive<Duration>,
    slots: Box<[Slot]>,
    stream: Option<Stream>,
    /// The sequence number that would confirm that the sender has begun anew.
    suspect: Option<u16>,
    /// What is missing before the next packet, in ticks, besides what timestamps say.
    gap: i64,
    lost: u64,
}

#[derive(Default)]
struct Slot {
    is_filled: bool,
    sequence: i64,
    timestamp: i64,
    ticks: u32,
    payload: Vec<u8>,
}

/// The packets of one source, whose sequence numbers and timestamps are counted on beyond their 16 and 32 bits.
struct Stream {
    ssrc: u32,
    /// What comes next.
    sequence: i64,
    timestamp: i64,
    /// The newest that has come.
    newest: i64,
    newest_timestamp: i64,
    /// How long the last packet was.
    ticks: u32,
    has_played: bool,
    timing: Timing,
}

/// A packet as it came. One without a payload holds a place in the sequence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'bytes> {
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) ticks: u32,
    pub(super) payload: &'bytes [u8],
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inserted {
    Kept,
    /// It came twice, or too late, or does not fit to the others.
    Discarded,
    /// The sender has begun anew: play everything, [`JitterBuffer::restart`], insert the packet again.
    Restart,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due<'buffer> {
    /// A payload, after so many ticks in which nothing was sent.
    Sound { payload: &'buffer [u8], gap: i64 },
    /// A hole of so many ticks.
    Lost { ticks: u32 },
}

impl JitterBuffer {
    pub(super) fn new(profile: &Profile, limits: RangeInclusive<Duration>) -> Self {
        Self {
            clock: profile.clock,
            frame: profile.frame_ticks(),
            limits,
            slots: std::iter::repeat_with(Slot::default).take(SLOTS.into()).collect(),
            stream: None,
            suspect: None,
            gap: 0,
            lost: 0,
        }
    }

    pub(super) fn insert(&mut self, packet: &Packet<'_>, now: Instant) -> Inserted {
        let stream = self.stream.get_or_insert_with(|| {
            let timing = Timing::new(self.clock, &self.limits, now, packet.timestamp.into());
            Stream::new(packet, self.frame, timing)
        });
        if packet.ssrc != stream.ssrc {
            return Inserted::Restart;
        }
        let (sequence, timestamp) = stream.place(packet);
        if sequence < stream.sequence && !stream.has_played && stream.newest - sequence < REACH {
            // It was overtaken by the first one.
            (stream.sequence, stream.timestamp) = (sequence, timestamp);
        }
        if !(stream.sequence - REACH..stream.sequence + REACH).contains(&sequence) {
            return self.doubt(packet.sequence, sequence);
        }
        self.suspect = None;
        let slot = &mut self.slots[index(sequence)];
        if sequence < stream.sequence || slot.is_filled {
            return Inserted::Discarded;
        }
        let is_sound = !packet.payload.is_empty();
        if is_sound && stream.has_jumped(now, timestamp) {
            return Inserted::Restart;
        }
        slot.fill(packet, sequence, timestamp);
        if is_sound {
            stream.timing.arrived(now, timestamp, packet.marker);
        }
        if sequence >= stream.newest {
            (stream.newest, stream.newest_timestamp) = (sequence, timestamp);
        }
        Inserted::Kept
    }

    /// Deals with a sequence number that is far off: one packet is a stray, two in a row a new beginning.
    fn doubt(&mut self, sequence: u16, place: i64) -> Inserted {
        if self.suspect != Some(sequence) {
            self.suspect = Some(sequence.wrapping_add(1));
            return Inserted::Discarded;
        }
        let missing = self.stream.as_ref().map_or(0, |stream| place - stream.newest - 1);
        if (0..MOST_LOST).contains(&missing) {
            self.lost += missing.unsigned_abs();
        }
        Inserted::Restart
    }

    /// Begins anew with the next packet. What is missing is what the time says.
    pub(super) fn restart(&mut self, now: Instant) {
        if let Some(stream) = self.stream.take() {
            let overdue = stream.timing.overdue(now, stream.timestamp);
            // Less is jitter.
            self.gap += if overdue > i64::from(self.frame) * 2 { overdue } else { 0 };
        }
        self.suspect = None;
        for slot in &mut self.slots {
            slot.is_filled = false;
        }
    }

    /// When [`JitterBuffer::pop`] will have something.
    pub(super) fn due(&self) -> Option<Instant> {
        let stream = self.stream.as_ref()?;
        let next = self.slot(stream.sequence);
        match next {
            Some(slot) if !slot.payload.is_empty() => Some(stream.timing.play_at(slot.timestamp)),
            None if stream.newest < stream.sequence => None,
            _ => Some(stream.timing.play_at(stream.timestamp)),
        }
    }

    /// Takes what is due at this time, or the next of everything without a time.
    pub(super) fn pop(&mut self, now: Option<Instant>) -> Option<Due<'_>> {
        loop {
            let due = self.due()?;
            if now.is_some_and(|now| now < due) {
                return None;
            }
            let stream = self.stream.as_mut()?;
            stream.has_played = true;
            let slot = index(stream.sequence);
            stream.sequence += 1;
            if !self.slots[slot].is_filled {
                self.lost += 1;
                let next = self.next_timestamp();
                let stream = self.stream.as_mut()?;
                let left = next.map_or(0, |next| (next - stream.timestamp).max(0));
                let ticks = stream.ticks.min(u32::try_from(left).unwrap_or(u32::MAX));
                stream.timestamp += i64::from(ticks);
                if ticks > 0 {
                    return Some(Due::Lost { ticks });
                }
                continue;
            }
            self.slots[slot].is_filled = false;
            if !self.slots[slot].payload.is_empty() {
                let slot = &self.slots[slot];
                let gap = (slot.timestamp - stream.timestamp).max(0) + std::mem::take(&mut self.gap);
                stream.timestamp = slot.timestamp + i64::from(slot.ticks);
                stream.ticks = slot.ticks;
                return Some(Due::Sound { payload: &slot.payload, gap });
            }
        }
    }

    /// How many packets have been missing since the last call.
    pub(super) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// When the sound behind a hole begins.
    fn next_timestamp(&self) -> Option<i64> {
        let stream = self.stream.as_ref()?;
        let mut slots = (stream.sequence..=stream.newest).filter_map(|sequence| self.slot(sequence));
        slots.find(|slot| !slot.payload.is_empty()).map(|slot| slot.timestamp)
    }

    fn slot(&self, sequence: i64) -> Option<&Slot> {
        let slot = &self.slots[index(sequence)];
        (slot.is_filled && slot.sequence == sequence).then_some(slot)
    }
}

impl Stream {
    fn new(packet: &Packet<'_>, frame: u32, timing: Timing) -> Self {
        let (sequence, timestamp) = (i64::from(packet.sequence), i64::from(packet.timestamp));
        Self {
            ssrc: packet.ssrc,
            sequence,
            timestamp,
            newest: sequence,
            newest_timestamp: timestamp,
            ticks: if packet.ticks == 0 { frame } else { packet.ticks },
            has_played: false,
            timing,
        }
    }

    /// The sequence number and the timestamp, counted on from those of the newest packet.
    fn place(&self, packet: &Packet<'_>) -> (i64, i64) {
        let [a, b, ..] = self.newest.to_le_bytes();
        let ahead = packet.sequence.wrapping_sub(u16::from_le_bytes([a, b])).cast_signed();
        let [a, b, c, d, ..] = self.newest_timestamp.to_le_bytes();
        let later = packet.timestamp.wrapping_sub(u32::from_le_bytes([a, b, c, d])).cast_signed();
        (self.newest + i64::from(ahead), self.newest_timestamp + i64::from(later))
    }

    /// Whether a timestamp cannot come from a pause, the network, or the order of packets.
    fn has_jumped(&self, now: Instant, timestamp: i64) -> bool {
        match self.timing.fit(now, timestamp) {
            Fit::Early => true,
            Fit::Late => timestamp < self.timestamp,
            Fit::Regular => false,
        }
    }
}

impl Slot {
    fn fill(&mut self, packet: &Packet<'_>, sequence: i64, timestamp: i64) {
        self.is_filled = true;
        (self.sequence, self.timestamp, self.ticks) = (sequence, timestamp, packet.ticks);
        self.payload.clear();
        self.payload.extend_from_slice(packet.payload);
    }
}

fn index(sequence: i64) -> usize {
    usize::try_from(sequence.rem_euclid(REACH)).unwrap_or(0)
}
