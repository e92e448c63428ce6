//! What fuzz targets need from the inside: transports without a socket. Only with `--cfg fuzzing`.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::rtp::{BareReceiver, bare};
use crate::{Format, Media, MediaConfig, MediaError, MediaStart};

/// The receiving side of an RTP session.
pub struct Rtp(BareReceiver);

impl Rtp {
    /// A session without a known peer, and the medium of its program.
    ///
    /// # Panics
    ///
    /// Never: the settings are right.
    #[must_use]
    pub fn new(format: Format) -> (Media, Self) {
        let (media, receiver) = bare(&MediaConfig::new(format).fill_silence(false));
        (media, Self(receiver))
    }

    /// Takes in what came from the network, and hands the program what is due. Returns whether it was of use.
    pub fn packet(&mut self, bytes: &[u8], from: SocketAddr) -> bool {
        let now = Instant::now();
        let is_kept = self.0.packet(bytes, from, now);
        self.0.play(Some(now));
        is_kept
    }

    /// Hands the program everything.
    pub fn finish(mut self) {
        self.0.play(None);
    }
}

/// A connection of AudioSocket on which the UUID has come.
pub fn audiosocket(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    config: &MediaConfig,
) -> Result<Media, MediaError> {
    crate::audiosocket::bare(stream, config)
}

/// The WebSocket of a channel on which the handshake is complete.
pub async fn websocket(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    config: &MediaConfig,
) -> Result<(MediaStart, Media), MediaError> {
    crate::websocket::bare(stream, config).await
}
