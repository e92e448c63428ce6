//! The task of a connection.

use std::io;
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::frame::{self, Frame};
use crate::error::MediaError;
use crate::format::Format;
use crate::frame::FrameKind;
use crate::pace::Pace;
use crate::pipe::inbox::Gap;
use crate::pipe::outbox::Work;
use crate::pipe::{Pipe, TransportEnd};

/// How long the peer may take to read a frame, and to send one that it has begun.
const STALL: Duration = Duration::from_secs(2);

/// How long a peer may take to hang up.
const LINGER: Duration = Duration::from_secs(1);

/// How long nothing may be sent. Asterisk may wait for a frame with its channel locked, which halts the creation of all
/// others, too: a program that has nothing to say sends a frame of silence from time to time. An empty frame ends the
/// connection.
const SILENCE: Duration = Duration::from_millis(100);

/// How much sound a peer may send ahead of time: more than an interrupted network holds back.
const AHEAD: Duration = Duration::from_secs(10);

/// How much each frame counts at least, so that small ones are limited, too.
const LEAST: Duration = Duration::from_millis(1);

/// How many bytes are read at a time, at least.
const READ: usize = 2048;

/// When the peer is asked whether it is still there, for calls on which neither side sends.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Sets up the socket so that a frame leaves at once, at most one waits, and a peer that is gone is noticed.
pub(super) fn prepare(stream: &TcpStream, format: Format) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    // What waits in the socket cannot be cut any more. A frame must not be torn apart, either: Asterisk hangs up if the
    // rest does not follow within 5 ms.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket
        .set_tcp_notsent_lowat(format.frame_bytes().and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(u32::MAX))?;
    Ok(())
}

/// Runs a connection to its end, after the frame with the UUID.
pub(super) async fn run(reader: impl AsyncRead + Unpin, writer: impl AsyncWrite + Unpin, pipe: TransportEnd, kind: u8) {
    let mut receiving = std::pin::pin!(receive(reader, &pipe));
    let result = tokio::select! {
        result = &mut receiving => result,
        result = send(writer, &pipe, kind) => {
            if result.is_ok() {
                // Closing a socket with unread bytes would reset the connection before the peer has read the hang-up.
                let _ = timeout(LINGER, receiving).await;
            }
            result
        }
    };
    pipe.end(result.or_else(hung_up));
}

/// Asterisk hangs up by closing the connection, which the system reports as a failure if there are unread bytes.
fn hung_up(error: MediaError) -> Result<(), MediaError> {
    match error {
        MediaError::Io(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Ok(())
        }
        error => Err(error),
    }
}

/// Sends frames until the program closes the medium.
async fn send(mut writer: impl AsyncWrite + Unpin, pipe: &Pipe, kind: u8) -> Result<(), MediaError> {
    let (mut pace, mut samples, mut bytes) = (Pace::default(), Vec::new(), Vec::new());
    let mut is_starved = false;
    loop {
        // A frame is chosen when it is due, so that a cut holds for it.
        pace.due().await;
        let work = pipe.out.take(pipe.format.frame_samples(), &mut samples);
        if work == Work::Starved && !is_starved {
            pipe.stats.underruns.add(1);
        }
        is_starved = work == Work::Starved;
        match work {
            Work::Send(mark) => {
                pace.tick(&pipe.stats.late).await;
                frame::encode(kind, &samples, &mut bytes);
                write(&mut writer, &bytes).await?;
                pipe.stats.sent.add(1);
                pipe.out.heard(mark);
            }
            // Nothing waits behind the last frame.
            Work::Cut => {}
            Work::Close => {
                write(&mut writer, &frame::HANG_UP).await?;
                return writer.shutdown().await.map_err(MediaError::from);
            }
            Work::Nothing | Work::Starved => {
                pace.pause();
                if timeout(SILENCE, pipe.out.changed()).await.is_err() {
                    // Sound that comes now follows it after the length of a frame.
                    pace.tick(&pipe.stats.late).await;
                    samples.resize(pipe.format.frame_samples(), 0);
                    frame::encode(kind, &samples, &mut bytes);
                    write(&mut writer, &bytes).await?;
                }
            }
        }
    }
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), MediaError> {
    match timeout(STALL, writer.write_all(bytes)).await {
        Ok(written) => written.map_err(MediaError::from),
        Err(_) => Err(MediaError::Timeout("the peer does not read what it is sent")),
    }
}

/// Receives frames until the peer hangs up.
async fn receive(mut reader: impl AsyncRead + Unpin, pipe: &Pipe) -> Result<(), MediaError> {
    let (mut receiver, mut bytes, mut deadline) = (Receiver::new(pipe), BytesMut::with_capacity(READ * 4), None);
    loop {
        while let Some((frame, length)) = Frame::parse(&bytes).map_err(|fault| protocol(&fault))? {
            if !receiver.take(frame)? {
                return Ok(());
            }
            bytes.advance(length);
            deadline = None;
        }
        let is_between_frames = bytes.is_empty();
        bytes.reserve(READ);
        let reading = reader.read_buf(&mut bytes);
        let read = if is_between_frames {
            reading.await
        } else {
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + STALL);
            timeout_at(deadline, reading).await.map_err(|_| MediaError::Timeout("the rest of a frame did not come"))?
        };
        match read {
            Ok(0) if is_between_frames => return Ok(()),
            Ok(0) => return Err(protocol(&"it closed the connection within a frame")),
            read => read.map_err(MediaError::from)?,
        };
    }
}

fn protocol(fault: &impl ToString) -> MediaError {
    MediaError::Protocol(fault.to_string().into())
}

/// What becomes of received frames.
struct Receiver<'pipe> {
    pipe: &'pipe Pipe,
    samples: Vec<i16>,
    format: Option<Format>,
    start: Instant,
    /// Up to when the peer has sent sound, counted from the start.
    sent: Duration,
}

impl<'pipe> Receiver<'pipe> {
    fn new(pipe: &'pipe Pipe) -> Self {
        Self { pipe, samples: Vec::new(), format: None, start: Instant::now(), sent: Duration::ZERO }
    }

    /// Returns whether the call goes on.
    fn take(&mut self, frame: Frame<'_>) -> Result<bool, MediaError> {
        let mut duration = LEAST;
        match frame {
            Frame::HangUp => return Ok(false),
            Frame::Uuid(_) => return Err(protocol(&"a second UUID")),
            Frame::Error(code) => return Err(MediaError::Peer(frame::error(code).into())),
            Frame::Digit(digit) => self.pipe.digit(digit),
            Frame::Audio(format, payload) => {
                self.set_format(format)?;
                frame::decode(payload, &mut self.samples);
                duration = duration.max(format.duration(self.samples.len() as u64));
                let Pipe { inbox, stats, .. } = self.pipe;
                stats.received.add(1);
                inbox.push(&self.samples, FrameKind::Sound, Gap::ByClock, &stats.dropped);
            }
        }
        // A peer that was silent has gained nothing by it.
        let now = self.start.elapsed();
        self.sent = self.sent.max(now) + duration;
        if self.sent > now + AHEAD {
            return Err(protocol(
                &"it sends more sound than time passes, so it floods, or its sound is not what its frames say",
            ));
        }
        Ok(true)
    }

    /// The first frame decides about the format.
    fn set_format(&mut self, format: Format) -> Result<(), MediaError> {
        match self.format {
            Some(known) if known == format => Ok(()),
            Some(known) => Err(protocol(&format!("{format} after {known}"))),
            None => {
                self.format = Some(format);
                self.pipe.inbox.set_format(format)
            }
        }
    }
}

#[cfg(test)]
mod tests;
