use std::time::Duration;

use crate::error::MediaError;
use crate::format::{FRAMES_PER_SECOND, Format};

/// The rates that samples can have in the program.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// The least and the most that may wait, in either direction.
const BUFFERS: std::ops::RangeInclusive<Duration> = Duration::from_millis(40)..=Duration::from_secs(3600);

/// How far sound can be sent ahead: enough for a mark to come back, and no more than Asterisk's queue holds.
const LEADS: std::ops::RangeInclusive<Duration> = Duration::from_millis(200)..=Duration::from_secs(18);

/// How a medium is opened: the format on the wire, and what the program sees.
///
/// ```
/// use std::time::Duration;
///
/// use ari_media::{Format, MediaConfig};
///
/// // A speech service that takes 24 kHz, over a channel at 16 kHz.
/// let config = MediaConfig::new(Format::SLIN16).rate(24_000).buffer(Duration::from_secs(60));
/// # let _ = config;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct MediaConfig {
    pub(crate) format: Format,
    /// Whether the transport may choose another format.
    #[cfg_attr(not(feature = "ari"), allow(dead_code, reason = "only `MediaHost` chooses a format"))]
    pub(crate) is_flexible: bool,
    pub(crate) rate: u32,
    pub(crate) buffer: Duration,
    pub(crate) receive_buffer: Duration,
    pub(crate) lead: Duration,
    pub(crate) fills_silence: bool,
}

impl MediaConfig {
    /// A medium of this format. The samples in the program have its rate.
    pub const fn new(format: Format) -> Self {
        Self {
            format,
            is_flexible: false,
            rate: format.rate(),
            buffer: Duration::from_secs(30),
            receive_buffer: Duration::from_secs(2),
            lead: Duration::from_secs(2),
            fills_silence: true,
        }
    }

    /// A medium whose samples have this rate in the program, in the best format that the transport has for it: linear where
    /// it can be.
    ///
    /// Over RTP that is G.722 above 8 kHz and µ-law otherwise: Asterisk does not read linear sound there.
    pub fn at_rate(hertz: u32) -> Self {
        let enough = Format::ALL.iter().find(|format| format.is_linear() && format.rate() >= hertz);
        let format = enough.copied().unwrap_or(Format::SLIN48);
        Self { is_flexible: true, ..Self::new(format).rate(hertz) }
    }

    /// The rate of the samples that the program receives and writes, from 8,000 to 48,000 Hz in steps of 50. The crate
    /// converts between it and the rate of the format.
    pub const fn rate(mut self, hertz: u32) -> Self {
        self.rate = hertz;
        self
    }

    /// How much sound may wait to be heard before writing it waits: 40 ms to one hour, 30 s by default.
    pub const fn buffer(mut self, most: Duration) -> Self {
        self.buffer = most;
        self
    }

    /// How much received sound is kept for a program that reads slowly: 40 ms to one hour, 2 s by default. The oldest is dropped first.
    pub const fn receive_buffer(mut self, most: Duration) -> Self {
        self.receive_buffer = most;
        self
    }

    /// How far sound is sent ahead of what has been played, where Asterisk has a queue for it: on a WebSocket. 2 s by
    /// default, from 200 ms to 18 s.
    ///
    /// A long lead bridges a busy program or network; it makes neither a cut nor [`relay`](crate::Media::relay) later.
    pub const fn lead(mut self, most: Duration) -> Self {
        self.lead = most;
        self
    }

    /// Whether frames of silence are received while Asterisk sends nothing, as during hold and mute; they are by default.
    pub const fn fill_silence(mut self, yes: bool) -> Self {
        self.fills_silence = yes;
        self
    }

    pub(crate) fn check(&self) -> Result<(), MediaError> {
        if !RATES.contains(&self.rate) || !self.rate.is_multiple_of(FRAMES_PER_SECOND) {
            let why = format!("{} Hz; give 8000 to 48000 Hz in steps of {FRAMES_PER_SECOND}", self.rate);
            return Err(MediaError::invalid("rate", why));
        }
        for (what, buffer) in [("buffer", self.buffer), ("receive_buffer", self.receive_buffer)] {
            if !BUFFERS.contains(&buffer) {
                return Err(MediaError::invalid(what, format!("{buffer:?}; give 40 ms to one hour")));
            }
        }
        if !LEADS.contains(&self.lead) {
            return Err(MediaError::invalid("lead", format!("{:?}; give 200 ms to 18 s", self.lead)));
        }
        Ok(())
    }
}

impl From<Format> for MediaConfig {
    fn from(format: Format) -> Self {
        Self::new(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_the_argument_and_its_limits() {
        let config = MediaConfig::new(Format::ULAW);
        assert!(config.check().is_ok());
        for (config, what) in [
            (config.clone().rate(7_999), "`rate`: 7999 Hz"),
            (config.clone().rate(11_025), "`rate`: 11025 Hz"),
            (config.clone().buffer(Duration::ZERO), "`buffer`: 0ns"),
            (config.clone().receive_buffer(Duration::from_secs(9_999)), "`receive_buffer`: 9999s"),
            (config.clone().lead(Duration::from_millis(100)), "`lead`: 100ms"),
            (config.lead(Duration::from_secs(19)), "`lead`: 19s"),
        ] {
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("give"), "{error}");
        }
    }
}
