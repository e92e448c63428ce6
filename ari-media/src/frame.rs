use std::time::Duration;

use crate::format::Format;

/// Received sound: 20 ms of samples, at the rate of the program.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'media> {
    pub(crate) samples: &'media [i16],
    pub(crate) kind: FrameKind,
    pub(crate) at: Duration,
    pub(crate) gap: Duration,
    pub(crate) format: Format,
}

/// Where the samples of a frame come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FrameKind {
    /// From Asterisk.
    #[default]
    Sound,
    /// Asterisk sent nothing: hold, mute, comfort noise, or nobody talks into the bridge. Also in the place of frames that
    /// were dropped because the program read too slowly; see [`MediaStats::dropped`](crate::MediaStats::dropped).
    Silence,
    /// The network lost the frame, and the crate made up for it from those before.
    Concealed,
}

impl<'media> Frame<'media> {
    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &'media [i16] {
        self.samples
    }

    /// Where the samples come from.
    #[must_use]
    pub fn kind(&self) -> FrameKind {
        self.kind
    }

    /// When the frame begins, counted from the first one.
    ///
    /// Over RTP this is the sender's clock, otherwise the number of samples received plus the pauses between them.
    #[must_use]
    pub fn timestamp(&self) -> Duration {
        self.at
    }

    /// How much is missing between the frame before and this one: not sent, lost, or dropped because the program read too
    /// slowly. Always zero unless [`MediaConfig::fill_silence`](crate::MediaConfig::fill_silence) is off.
    #[must_use]
    pub fn gap(&self) -> Duration {
        self.gap
    }

    /// The format in which it was received.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }
}
