//! The task that owns the connection of one channel.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};

use super::control::{Command, Dialect, Event, MediaStart};
use super::progress::Progress;
use crate::codec::{ByteOrder, Decoder, Encoder};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::format::{Format, frames_in};
use crate::frame::FrameKind;
use crate::media::Media;
use crate::pipe::inbox::Gap;
use crate::pipe::outbox::{Mark, Work};
use crate::pipe::{Pipe, TransportEnd};

/// The largest message that Asterisk sends or takes.
const LARGEST_MESSAGE: usize = 65_535;

/// How much sound a message has at most, in frames.
const BATCH: u32 = 5;

/// How far ahead the sound is sent in passthrough mode, in which the channel cannot drop it.
const PASSTHROUGH_LEAD: Duration = Duration::from_millis(160);

/// How much relayed sound may always wait: a frame, and by how much the reports of the channel may be late.
const MOST_RELAY_DELAY: Duration = Duration::from_millis(25);

/// How often the channel has to answer a ping. It sends none.
const PING: Duration = Duration::from_secs(10);

/// How long the channel may take to confirm that the connection is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The limits of a WebSocket.
pub(super) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        // Each message is flushed, so this only keeps the memory small.
        .write_buffer_size(8 << 10)
        .max_write_buffer_size(256 << 10)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}

/// What a channel says about itself first.
pub(crate) struct Introduction {
    pub(crate) start: MediaStart,
    dialect: Dialect,
}

/// Reads the first message.
pub(crate) async fn introduce<S>(socket: &mut WebSocketStream<S>) -> Result<Introduction, MediaError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let text = loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => break text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(_)) => return Err(MediaError::Protocol("it does not begin with MEDIA_START".into())),
            Some(Err(error)) => return Err(fault(error)),
            None => return Err(lost()),
        }
    };
    let dialect = Dialect::of(&text);
    match Event::read(dialect, &text) {
        Event::MediaStart(start) => Ok(Introduction { start, dialect }),
        _ => Err(MediaError::Protocol("it does not begin with MEDIA_START".into())),
    }
}

/// Starts the task that serves a channel. It keeps `guard` until the end.
pub(crate) fn start<S>(
    socket: WebSocketStream<S>,
    introduction: &Introduction,
    config: &MediaConfig,
    guard: impl Send + 'static,
) -> Result<Media, MediaError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Introduction { start, dialect } = introduction;
    check(start, config.format)?;
    let pipe = Pipe::new(config)?;
    let media = Media::new(Arc::clone(&pipe), config)?;
    let session = Session::new(socket, pipe, config, *dialect, start.frame_bytes == 0);
    tokio::spawn(async move {
        session.run().await;
        drop(guard);
    });
    Ok(media)
}

fn check(start: &MediaStart, format: Format) -> Result<(), MediaError> {
    if start.format != format.name() {
        let name: String = start.format.chars().take(40).collect();
        return Err(MediaError::invalid("format", format!("{format}; the channel has {name}")));
    }
    if start.frame_bytes != 0 && Some(start.frame_bytes) != format.frame_bytes() {
        return Err(MediaError::Protocol(
            format!("frames of {} bytes in the format {format}", start.frame_bytes).into(),
        ));
    }
    Ok(())
}

#[allow(clippy::struct_excessive_bools, reason = "each is independent of the others")]
struct Session<S> {
    socket: WebSocketStream<S>,
    pipe: TransportEnd,
    dialect: Dialect,
    /// A message is a frame, and there are neither marks nor `FLUSH_MEDIA`.
    is_passthrough: bool,
    /// How many samples are sent ahead of what has been played, and in one message.
    lead: usize,
    batch: usize,
    encoder: Encoder,
    decoder: Decoder,
    samples: Vec<i16>,
    encoded: Vec<u8>,
    message: BytesMut,
    progress: Progress,
    /// The channel's queue is nearly full.
    is_full: bool,
    /// Sound has been sent that is to go on.
    is_flowing: bool,
    /// What was sent has not reached the system yet.
    is_unflushed: bool,
    is_pinged: bool,
}

/// What a session waits for.
enum Next {
    Flushed,
    Message(Message),
    /// The connection is closed.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(
        socket: WebSocketStream<S>,
        pipe: Arc<Pipe>,
        config: &MediaConfig,
        dialect: Dialect,
        is_passthrough: bool,
    ) -> Self {
        let format = config.format;
        pipe.out.set_most_delay(MOST_RELAY_DELAY);
        let lead = if is_passthrough { config.lead.min(PASSTHROUGH_LEAD) } else { config.lead };
        Self {
            socket,
            pipe: TransportEnd(pipe),
            dialect,
            is_passthrough,
            lead: usize::try_from(frames_in(lead)).unwrap_or(usize::MAX).saturating_mul(format.frame_samples()),
            batch: if is_passthrough { 1 } else { BATCH as usize } * format.frame_samples(),
            encoder: Encoder::new(format, ByteOrder::Little),
            decoder: Decoder::new(format, ByteOrder::Little),
            samples: Vec::new(),
            encoded: Vec::new(),
            message: BytesMut::new(),
            // JSON came with marks.
            progress: Progress::new(format, dialect == Dialect::Json && !is_passthrough),
            is_full: false,
            is_flowing: false,
            is_unflushed: false,
            is_pinged: false,
        }
    }

    async fn run(mut self) {
        let result = self.serve().await;
        if let Err(error) = &result {
            tracing::debug!("the connection of a channel has failed: {error}");
        }
        self.pipe.end(result);
    }

    async fn serve(&mut self) -> Result<(), MediaError> {
        let pipe = Arc::clone(&self.pipe.0);
        if self.dialect == Dialect::PlainText && !self.is_passthrough {
            // Its answer shows that the channel knows marks.
            self.command(Command::MarkMedia(Mark { cuts: 0, position: 0 }))?;
        }
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // One message at a time, so that a channel that does not read costs no memory.
            if !self.is_unflushed && self.send_next()? == Sent::Close {
                return self.close().await;
            }
            let due = self.progress.due();
            tokio::select! {
                next = poll_fn(|cx| self.poll_next(cx)) => match next? {
                    Next::Flushed => {}
                    Next::Message(Message::Close(frame)) => return self.closed(frame).await,
                    Next::Message(message) => self.receive(message),
                    Next::End => return Err(lost()),
                },
                () = pipe.out.changed(), if !self.is_unflushed => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some(command) = self.progress.ask() {
                        self.command(command)?;
                    }
                }
                _ = ping.tick() => self.ping()?,
            }
        }
    }
}

/// Whether the program has closed the medium.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    All,
    Close,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Sends the next sound or command, if the channel has room for it.
    fn send_next(&mut self) -> Result<Sent, MediaError> {
        let out = &self.pipe.out;
        let ahead = out.in_flight();
        let room = if self.is_full { 0 } else { self.lead.saturating_sub(ahead).min(self.batch) };
        match out.take(room, &mut self.samples) {
            Work::Send(mark) => {
                self.is_flowing = true;
                self.send_samples(mark)?;
            }
            Work::Cut => {
                self.is_flowing = false;
                if self.is_passthrough {
                    return self.send_next();
                }
                self.command(Command::FlushMedia)?;
            }
            Work::Close => return Ok(Sent::Close),
            Work::Nothing => {
                self.is_flowing = false;
                let end = out.complete_at();
                if let Some(command) = end.and_then(|end| self.progress.complete(end)) {
                    self.command(command)?;
                }
            }
            Work::Starved => {
                if room > 0 && ahead == 0 && std::mem::take(&mut self.is_flowing) {
                    self.pipe.stats.underruns.add(1);
                }
            }
        }
        Ok(Sent::All)
    }

    fn send_samples(&mut self, mark: Mark) -> Result<(), MediaError> {
        self.encoded.clear();
        self.encoder.encode(&self.samples, &mut self.encoded);
        self.message.extend_from_slice(&self.encoded);
        let message = self.message.split().freeze();
        self.send(Message::Binary(message))?;
        self.pipe.stats.sent.add((self.samples.len() / self.pipe.format.frame_samples()) as u64);
        match self.progress.sent(mark) {
            Some(command) => self.command(command),
            None => Ok(()),
        }
    }

    fn command(&mut self, command: Command) -> Result<(), MediaError> {
        self.send(Message::text(command.write(self.dialect)))
    }

    fn ping(&mut self) -> Result<(), MediaError> {
        if std::mem::replace(&mut self.is_pinged, true) {
            return Err(MediaError::from(io::Error::new(io::ErrorKind::TimedOut, "Asterisk does not answer pings")));
        }
        self.send(Message::Ping(Bytes::new()))
    }

    fn send(&mut self, message: Message) -> Result<(), MediaError> {
        self.socket.start_send_unpin(message).map_err(fault)?;
        self.is_unflushed = true;
        Ok(())
    }

    /// Writes and reads at the same time, since Asterisk drops a connection that does not read.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next, MediaError>> {
        if self.is_unflushed
            && let Poll::Ready(flushed) = self.socket.poll_flush_unpin(cx)
        {
            flushed.map_err(fault)?;
            self.is_unflushed = false;
            return Poll::Ready(Ok(Next::Flushed));
        }
        self.socket.poll_next_unpin(cx).map(|next| match next {
            Some(Ok(message)) => Ok(Next::Message(message)),
            Some(Err(error)) => Err(fault(error)),
            None => Ok(Next::End),
        })
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Binary(bytes) => self.receive_sound(&bytes),
            Message::Text(text) => self.receive_event(&text),
            Message::Pong(_) => self.is_pinged = false,
            _ => {}
        }
    }

    fn receive_sound(&mut self, bytes: &[u8]) {
        let pipe = &self.pipe;
        self.samples.clear();
        self.decoder.decode(bytes, &mut self.samples);
        if !self.samples.is_empty() {
            let frames = self.samples.len().div_ceil(pipe.format.frame_samples());
            pipe.stats.received.add(frames as u64);
            pipe.inbox.push(&self.samples, FrameKind::Sound, Gap::ByClock, &pipe.stats.dropped);
        }
    }

    fn receive_event(&mut self, text: &str) {
        match Event::read(self.dialect, text) {
            Event::MediaXoff => self.is_full = true,
            Event::MediaXon => self.is_full = false,
            Event::MarkProcessed(mark) => {
                self.progress.use_marks();
                if let Some(mark) = mark {
                    self.pipe.out.heard(mark);
                }
            }
            Event::Status(frames) => {
                if let Some(mark) = self.progress.status(frames) {
                    self.pipe.out.heard(mark);
                }
            }
            Event::DtmfEnd(digit) => self.pipe.digit(digit),
            Event::Error(reason) => tracing::warn!("Asterisk refuses a command of a media channel: {reason}"),
            Event::MediaStart(_) | Event::Unknown(_) => tracing::debug!("Asterisk sends {text}"),
        }
    }

    /// The program has closed the medium: Asterisk hangs up the channel.
    async fn close(&mut self) -> Result<(), MediaError> {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let closing = async {
            self.socket.close(Some(frame)).await?;
            self.read_to_end().await
        };
        // The connection is over in any case.
        let _ = timeout(CLOSE_TIMEOUT, closing).await;
        Ok(())
    }

    /// Asterisk has closed the connection: the channel is gone.
    async fn closed(&mut self, frame: Option<CloseFrame>) -> Result<(), MediaError> {
        // Sends the confirmation.
        let _ = timeout(CLOSE_TIMEOUT, self.read_to_end()).await;
        match frame {
            Some(frame) if !matches!(frame.code, CloseCode::Normal | CloseCode::Away | CloseCode::Status) => {
                Err(MediaError::Protocol(format!("Asterisk closed the connection: {}", frame.code).into()))
            }
            _ => Ok(()),
        }
    }

    async fn read_to_end(&mut self) -> Result<(), WsError> {
        while self.socket.next().await.transpose()?.is_some() {}
        Ok(())
    }
}

/// The reason of an error of the WebSocket.
pub(super) fn fault(error: WsError) -> MediaError {
    match error {
        WsError::Io(error) => error.into(),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => lost(),
        error => MediaError::Protocol(error.to_string().into()),
    }
}

fn lost() -> MediaError {
    MediaError::from(io::Error::new(io::ErrorKind::ConnectionReset, "the connection closed without a Close frame"))
}
