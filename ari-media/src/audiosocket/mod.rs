//! AudioSocket: Asterisk connects to the program by TCP.

mod frame;
mod session;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpStream, ToSocketAddrs};
use uuid::Uuid;

use crate::admission::{Admission, Admitted, Expected};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::listener::{Listener, Settings};
use crate::media::Media;
use crate::pipe::{Pipe, TransportEnd};
use frame::Frame;

/// Accepts the AudioSocket connections of Asterisk.
///
/// A connection begins with the UUID of its call, which Asterisk gets from the dialplan or from the program:
///
/// - The program makes the channel itself, by ARI's `externalMedia`: it expects the UUID first, since Asterisk connects
///   before it replies.
///
///   ```no_run
///   # use std::time::Duration;
///   # use ari_media::{AudioSocketListener, Format, MediaError, Uuid};
///   # async fn example() -> Result<(), MediaError> {
///   let listener = AudioSocketListener::bind("192.0.2.1:9092").await?;
///   let uuid = Uuid::new_v4();
///   let expected = listener.expect(uuid, Format::SLIN16)?;
///   // `POST /channels/externalMedia` with `external_host=192.0.2.1:9092`, `encapsulation=audiosocket`, `transport=tcp`,
///   // `format=slin16` and `data` set to the UUID.
///   let media = expected.media(Duration::from_secs(5)).await?;
///   # Ok(())
///   # }
///   ```
///
/// - The dialplan does, by `AudioSocket(UUID,192.0.2.1:9092)` or `Dial(AudioSocket/192.0.2.1:9092/UUID/c(slin))`: the
///   program states whom it [admits](AudioSocketBuilder::admit), and [accepts](AudioSocketListener::accept) them.
///
/// The UUID is the only secret of the protocol, and nothing is encrypted: let no one else reach the port.
///
/// # Releases
///
/// The application, the channel driver and `externalMedia` have it from Asterisk 18 on; Asterisk 16 has none of it. DTMF
/// digits came with 20.14, 21.9 and 22.4. Rates above 8 kHz came to the releases of 20 to 23 at the end of 2025, and are
/// tested with 22.10; older releases hang up when they receive them.
///
/// # Limits
///
/// Sound is linear, at 8, 12, 16, 24, 32, 44.1 or 48 kHz. The format of the configuration is what is sent; what is
/// received may have another rate, which the first frame decides about. The dialplan application sends 8 kHz.
///
/// `Dial` without `c(slin)`, and `externalMedia` with another format than the linear ones, make Asterisk send encoded
/// sound in frames that claim to be linear: it cannot be told apart, and is noise.
///
/// While the program says nothing, a frame of silence is sent ten times a second at most: Asterisk may wait for a frame
/// with its channel locked, and no channel can be created until one comes (seen with 22.10.1).
///
/// A connection that has not sent its UUID is *pending*. Where there are too many of these, the oldest one of the address
/// that has most is closed. A peer that breaks the protocol, does not read what it is sent, stops within a frame, or sends
/// faster than a line for a while ends its own session, with the reason; no other one notices. Refused connections are
/// logged (`tracing`, as warnings).
///
/// Dropping the listener stops accepting; its sessions continue.
pub struct AudioSocketListener(Listener<Uuid>);

/// Builds an [`AudioSocketListener`]; [`AudioSocketListener::builder`] returns one.
#[must_use = "`bind` makes the listener"]
pub struct AudioSocketBuilder(Settings<Uuid>);

impl AudioSocketListener {
    /// Starts a listener.
    pub fn builder() -> AudioSocketBuilder {
        AudioSocketBuilder(Settings::default())
    }

    /// Listens on an address for the connections that the program [expects](Self::expect), with the default limits.
    pub async fn bind(address: impl ToSocketAddrs + fmt::Debug) -> Result<Self, MediaError> {
        Self::builder().bind(address).await
    }

    /// Admits one connection with this UUID, until [`Expected`] is dropped.
    ///
    /// # Errors
    ///
    /// [`MediaError::Invalid`] if the UUID is expected already, or AudioSocket does not have the format.
    pub fn expect(&self, uuid: Uuid, config: impl Into<MediaConfig>) -> Result<Expected, MediaError> {
        let config = config.into();
        check(&config)?;
        self.0.expect(uuid, config)
    }

    /// Waits for the next connection that is [admitted](AudioSocketBuilder::admit) without being expected.
    ///
    /// Cancel-safe: when the future is dropped, no connection is lost.
    pub async fn accept(&self) -> Result<(Uuid, Media), MediaError> {
        self.0.accept().await
    }

    /// The local address, with the port that the system chose where that of [`bind`](AudioSocketBuilder::bind) has
    /// port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// The number of sessions, including those not yet returned by [`accept`](Self::accept).
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.0.open_sessions()
    }
}

impl AudioSocketBuilder {
    /// Admits connections that the program does not expect: the function returns the configuration for a UUID, or `None`
    /// to refuse it. By default, all are refused.
    ///
    /// [`AudioSocketListener::accept`] returns them.
    pub fn admit(mut self, admit: impl Fn(&Uuid) -> Option<MediaConfig> + Send + Sync + 'static) -> Self {
        self.0.admit = Some(Box::new(admit));
        self
    }

    /// The maximum number of concurrent sessions; 1000 by default. Further connections are closed, upon which Asterisk
    /// hangs up their channels.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.0.max_sessions = sessions;
        self
    }

    /// The maximum number of connections that have not sent their UUID yet; 256 by default, and at least 1.
    pub fn max_pending(mut self, connections: usize) -> Self {
        self.0.limits.pending = connections;
        self
    }

    /// How long a connection may take to send its UUID; 5 s by default. Asterisk does so immediately.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.0.limits.timeout = timeout;
        self
    }

    /// Listens on an address such as `0.0.0.0:9092`.
    ///
    /// # Errors
    ///
    /// [`MediaError::Io`] if it cannot be bound.
    pub async fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<AudioSocketListener, MediaError> {
        self.0.bind(address, handshake).await.map(AudioSocketListener)
    }
}

/// Turns a connection into a session, or says why not.
async fn handshake(mut stream: TcpStream, admission: Arc<Admission<Uuid>>) -> Result<(), String> {
    let mut first = [0; frame::HEADER + 16];
    stream.read_exact(&mut first).await.map_err(|error| format!("no UUID: {error}"))?;
    let uuid = match Frame::parse(&first) {
        Ok(Some((Frame::Uuid(uuid), _))) => Uuid::from_bytes(uuid),
        Ok(_) => return Err("its first frame is not a UUID".to_owned()),
        Err(fault) => return Err(format!("its first frame is {fault}")),
    };
    let Admitted { config, permit, expected } = admission.admit(&uuid)?;
    let start = || {
        let kind = check(&config)?;
        session::prepare(&stream, config.format).map_err(MediaError::from)?;
        let pipe = Pipe::new(&config)?;
        Ok((kind, Media::new(Arc::clone(&pipe), &config)?, TransportEnd(pipe)))
    };
    let (kind, media, pipe) = start().map_err(|error: MediaError| format!("{uuid}: {error}"))?;
    tokio::spawn(async move {
        let (reader, writer) = stream.split();
        session::run(reader, writer, pipe, kind).await;
        drop(permit);
    });
    admission.deliver(uuid, media, expected);
    Ok(())
}

/// The medium of a stream on which the UUID has come.
#[cfg(fuzzing)]
pub(crate) fn bare(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    config: &MediaConfig,
) -> Result<Media, MediaError> {
    let kind = check(config)?;
    let pipe = Pipe::new(config)?;
    let media = Media::new(Arc::clone(&pipe), config)?;
    let (reader, writer) = tokio::io::split(stream);
    tokio::spawn(session::run(reader, writer, TransportEnd(pipe), kind));
    Ok(media)
}

/// The kind of the frames that a configuration asks for.
fn check(config: &MediaConfig) -> Result<u8, MediaError> {
    config.check()?;
    frame::kind(config.format).ok_or_else(|| {
        let why = format!("AudioSocket does not carry {}; give one of {}", config.format, frame::formats());
        MediaError::invalid("format", why)
    })
}

impl fmt::Debug for AudioSocketListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug("AudioSocketListener", f)
    }
}

#[cfg(test)]
mod tests;
