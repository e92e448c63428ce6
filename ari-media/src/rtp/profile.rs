//! How Asterisk carries a format over RTP.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crate::format::{Codec, FRAMES_PER_SECOND, Format};

/// The payload types that the profile of RTP leaves to the two ends.
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// A format on RTP: its clock, and the payload type by which both ends know it.
pub(super) struct Profile {
    pub(super) format: Format,
    /// Ticks of a timestamp a second.
    pub(super) clock: u32,
    payload_type: AtomicU8,
    learns: bool,
    has_learnt: AtomicBool,
}

impl Profile {
    /// The profile of a format, with a payload type other than Asterisk's own if one is given.
    pub(super) fn new(format: Format, payload_type: Option<u8>) -> Self {
        let default = default_payload_type(format);
        let is_static = matches!(format.codec, Codec::Ulaw | Codec::Alaw | Codec::G722);
        Self {
            format,
            // The RTP profile gives G.722 half its real rate, by a mistake that has become the standard.
            clock: if format.codec == Codec::G722 { 8_000 } else { format.rate() },
            payload_type: AtomicU8::new(payload_type.unwrap_or(default)),
            learns: payload_type.is_none() && !is_static,
            has_learnt: false.into(),
        }
    }

    /// Whether Asterisk takes the format: it sends those with a dynamic payload type, but discards them where no SDP has
    /// agreed on it.
    pub(super) fn is_taken(&self) -> bool {
        !DYNAMIC.contains(&self.payload_type())
    }

    pub(super) fn payload_type(&self) -> u8 {
        self.payload_type.load(Ordering::Relaxed)
    }

    /// Whether a payload is sound of the format. The payload type of a format that has no fixed one is learnt from the
    /// first payload that has the size of a frame: rtp.conf may have changed it.
    pub(super) fn accepts(&self, payload_type: u8, bytes: usize) -> bool {
        if self.ticks(bytes) == 0 {
            return false;
        }
        if payload_type == self.payload_type() {
            self.has_learnt.store(true, Ordering::Relaxed);
            return true;
        }
        let is_frame = self.format.frame_bytes().is_none_or(|frame| bytes == frame);
        let may_learn = self.learns && is_frame && !self.has_learnt.load(Ordering::Relaxed);
        // Asterisk knows slin by two numbers.
        let is_possible = DYNAMIC.contains(&payload_type) || (payload_type == 11 && self.format == Format::SLIN);
        if may_learn && is_possible {
            self.payload_type.store(payload_type, Ordering::Relaxed);
            self.has_learnt.store(true, Ordering::Relaxed);
        }
        may_learn && is_possible
    }

    /// How long a payload lasts.
    pub(super) fn ticks(&self, bytes: usize) -> u32 {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        match self.format.codec {
            Codec::Ulaw | Codec::Alaw | Codec::G722 => bytes,
            Codec::Slin => bytes / 2,
            // Asterisk's packets of Opus last 20 ms.
            #[cfg(feature = "opus")]
            Codec::Opus if bytes == 0 => 0,
            #[cfg(feature = "opus")]
            Codec::Opus => self.frame_ticks(),
        }
    }

    pub(super) const fn frame_ticks(&self) -> u32 {
        self.clock / FRAMES_PER_SECOND
    }

    /// How many samples last so many ticks.
    pub(super) fn samples(&self, ticks: u32) -> usize {
        let samples = u64::from(ticks) * u64::from(self.format.rate()) / u64::from(self.clock);
        usize::try_from(samples).unwrap_or(usize::MAX)
    }
}

/// The number that Asterisk gives a format unless rtp.conf says otherwise; the same from version 16 to 23.
fn default_payload_type(format: Format) -> u8 {
    match format {
        Format::ULAW => 0,
        Format::ALAW => 8,
        Format::G722 => 9,
        Format::SLIN => 10,
        Format::SLIN12 => 122,
        Format::SLIN16 => 118,
        Format::SLIN24 => 123,
        Format::SLIN32 => 124,
        Format::SLIN44 => 125,
        Format::SLIN48 => 126,
        _ => 107,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g722_has_a_clock_of_8_khz_and_samples_of_16() {
        let profile = Profile::new(Format::G722, None);
        assert_eq!((profile.clock, profile.frame_ticks(), profile.ticks(160)), (8_000, 160, 160));
        assert_eq!(profile.samples(160), Format::G722.frame_samples());
    }

    #[test]
    fn accepts_learns_a_dynamic_payload_type_once() {
        let profile = Profile::new(Format::SLIN16, None);
        assert_eq!(profile.payload_type(), 118);
        assert!(!profile.accepts(98, 100) && !profile.accepts(0, 640) && !profile.accepts(118, 1));
        assert!(profile.accepts(98, 640));
        assert_eq!(profile.payload_type(), 98);
        assert!(!profile.accepts(99, 640) && profile.accepts(98, 320));
    }

    #[test]
    fn accepts_learns_nothing_for_a_static_or_a_given_payload_type() {
        assert!(!Profile::new(Format::ULAW, None).accepts(98, 160));
        let given = Profile::new(Format::SLIN16, Some(100));
        assert!(!given.accepts(118, 640) && given.accepts(100, 640));
    }
}
