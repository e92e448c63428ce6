use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::MediaError;

/// How long the sound of one frame lasts.
pub const FRAME: Duration = Duration::from_millis(20);

/// Frames a second.
pub(crate) const FRAMES_PER_SECOND: u32 = 50;

/// How sound is written on the wire: a codec and a sampling rate. Always one channel.
///
/// Asterisk's name of a format is what [`Format::name`] returns and what [`FromStr`] takes:
///
/// ```
/// use ari_media::Format;
///
/// assert_eq!("slin16".parse::<Format>()?, Format::SLIN16);
/// assert_eq!((Format::SLIN16.rate(), Format::SLIN16.frame_samples()), (16_000, 320));
/// # Ok::<(), ari_media::MediaError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format {
    name: &'static str,
    pub(crate) codec: Codec,
    rate: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Codec {
    Ulaw,
    Alaw,
    /// Signed linear samples of 16 bits, whose byte order depends on the transport.
    Slin,
    G722,
    #[cfg(feature = "opus")]
    Opus,
}

impl Format {
    /// G.711 µ-law at 8 kHz.
    pub const ULAW: Self = Self::new("ulaw", Codec::Ulaw, 8_000);
    /// G.711 A-law at 8 kHz.
    pub const ALAW: Self = Self::new("alaw", Codec::Alaw, 8_000);
    /// Linear samples at 8 kHz.
    pub const SLIN: Self = Self::new("slin", Codec::Slin, 8_000);
    /// Linear samples at 12 kHz.
    pub const SLIN12: Self = Self::new("slin12", Codec::Slin, 12_000);
    /// Linear samples at 16 kHz.
    pub const SLIN16: Self = Self::new("slin16", Codec::Slin, 16_000);
    /// Linear samples at 24 kHz.
    pub const SLIN24: Self = Self::new("slin24", Codec::Slin, 24_000);
    /// Linear samples at 32 kHz.
    pub const SLIN32: Self = Self::new("slin32", Codec::Slin, 32_000);
    /// Linear samples at 44.1 kHz.
    pub const SLIN44: Self = Self::new("slin44", Codec::Slin, 44_100);
    /// Linear samples at 48 kHz.
    pub const SLIN48: Self = Self::new("slin48", Codec::Slin, 48_000);
    /// G.722, which is wideband: 16 kHz.
    pub const G722: Self = Self::new("g722", Codec::G722, 16_000);
    /// Opus at 48 kHz.
    #[cfg(feature = "opus")]
    pub const OPUS: Self = Self::new("opus", Codec::Opus, 48_000);

    /// All formats, the narrowest first.
    pub const ALL: &'static [Self] = &[
        Self::ULAW,
        Self::ALAW,
        Self::SLIN,
        Self::SLIN12,
        Self::SLIN16,
        Self::G722,
        Self::SLIN24,
        Self::SLIN32,
        Self::SLIN44,
        Self::SLIN48,
        #[cfg(feature = "opus")]
        Self::OPUS,
    ];

    const fn new(name: &'static str, codec: Codec, rate: u32) -> Self {
        Self { name, codec, rate }
    }

    /// Asterisk's name, such as `slin16`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Samples a second.
    #[must_use]
    pub const fn rate(self) -> u32 {
        self.rate
    }

    /// Samples in a frame of 20 ms.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        (self.rate / FRAMES_PER_SECOND) as usize
    }

    /// Bytes in a frame of 20 ms on the wire; `None` if frames differ in size, as those of Opus do.
    #[must_use]
    pub const fn frame_bytes(self) -> Option<usize> {
        match self.codec {
            Codec::Ulaw | Codec::Alaw => Some(self.frame_samples()),
            Codec::Slin => Some(self.frame_samples() * 2),
            // Two samples a byte.
            Codec::G722 => Some(self.frame_samples() / 2),
            #[cfg(feature = "opus")]
            Codec::Opus => None,
        }
    }

    /// Whether the format is linear samples, which no codec distorts.
    #[must_use]
    pub const fn is_linear(self) -> bool {
        matches!(self.codec, Codec::Slin)
    }

    /// How long this many samples last.
    #[must_use]
    pub fn duration(self, samples: u64) -> Duration {
        duration_of(samples, self.rate)
    }

    /// How many samples last so long.
    pub(crate) fn samples_in(self, duration: Duration) -> usize {
        usize::try_from(samples_in(duration, self.rate)).unwrap_or(usize::MAX)
    }
}

/// How long this many samples of a rate last.
pub(crate) fn duration_of(samples: u64, rate: u32) -> Duration {
    let rate = u64::from(rate.max(1));
    // Whole seconds apart, so that the nanoseconds cannot overflow.
    Duration::from_secs(samples / rate) + Duration::from_nanos(samples % rate * 1_000_000_000 / rate)
}

/// How many samples of a rate last so long, to the nearest one.
pub(crate) fn samples_in(duration: Duration, rate: u32) -> u64 {
    let samples = (duration.as_nanos().saturating_mul(rate.into()) + 500_000_000) / 1_000_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

/// How many whole frames last so long.
pub(crate) fn frames_in(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos() / FRAME.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({})", self.name)
    }
}

impl FromStr for Format {
    type Err = MediaError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().find(|format| format.name == name).copied().ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|format| format.name).collect();
            MediaError::invalid("format", format!("{name:?} is not one of {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_last_20_ms_in_every_format() {
        for format in Format::ALL {
            assert_eq!(format.duration(format.frame_samples() as u64), FRAME, "{format}");
        }
        assert_eq!(Format::ULAW.frame_bytes(), Some(160));
        assert_eq!(Format::SLIN16.frame_bytes(), Some(640));
        assert_eq!(Format::G722.frame_bytes(), Some(160));
    }

    #[test]
    fn parsing_an_unknown_format_lists_the_known_ones() {
        let error = "gsm".parse::<Format>().unwrap_err().to_string();
        assert!(error.contains("\"gsm\"") && error.contains("ulaw, alaw, slin"), "{error}");
    }

    #[test]
    fn duration_of_a_year_does_not_overflow() {
        let year = 365 * 24 * 3600;
        assert_eq!(Format::SLIN48.duration(year * 48_000), Duration::from_secs(year));
        assert_eq!(samples_in(Duration::from_secs(year), 48_000), year * 48_000);
    }

    #[test]
    fn samples_in_is_the_inverse_of_duration_of() {
        for rate in [8_000, 11_025, 44_100, 48_000] {
            for samples in [0, 1, 2, 881, 882, 1_000_003] {
                assert_eq!(samples_in(duration_of(samples, rate), rate), samples, "{rate} Hz");
            }
        }
        assert_eq!((frames_in(Duration::from_millis(139)), frames_in(Duration::MAX) > 0), (6, true));
    }
}
