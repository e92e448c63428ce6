//! The peers of an echo: each sends a frame every 20 ms and checks what comes back.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::{HeaderName, HeaderValue, SEC_WEBSOCKET_PROTOCOL};

use super::echo::Transport;
use crate::{Failure, child};

/// Between two frames.
const FRAME: Duration = Duration::from_millis(20);

/// The sound of a frame at 8 kHz, and what comes before it over AudioSocket.
const PAYLOAD: usize = 320;
const HEADER: [u8; 3] = [0x10, 1, 64];

/// The subprotocol of `chan_websocket`.
pub(super) const PROTOCOL: (HeaderName, HeaderValue) = (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("media"));

/// How long the last frames may take.
const REST: Duration = Duration::from_secs(1);

/// Peers of an echo
#[derive(Debug, clap::Args)]
pub(crate) struct Peers {
    /// `HOST:PORT` of the echo
    address: String,
    #[arg(value_enum)]
    transport: Transport,
    /// How many
    #[arg(long)]
    sessions: u32,
    /// For how long
    #[arg(long)]
    seconds: u32,
}

/// What came back.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Echoed {
    pub(crate) sent: usize,
    /// Of the sent ones, those that came back, in their order.
    pub(crate) received: usize,
    /// Came back more than 20 ms later than the quickest of its session.
    pub(crate) late: usize,
    /// How long they took, in milliseconds.
    pub(crate) median: f64,
    pub(crate) p99: f64,
}

/// The child's part.
pub(crate) fn run(peers: &Peers) -> Result<(), Failure> {
    let echoed = child::block_on(async {
        let (start, frames) = (Instant::now() + REST, peers.seconds * 50);
        let mut sessions = JoinSet::new();
        for index in 0..peers.sessions {
            // Spread over the time of a frame.
            let call = Call::new(start + FRAME * index / peers.sessions, frames);
            let address = peers.address.clone();
            match peers.transport {
                Transport::AudioSocket => sessions.spawn(audiosocket(address, index, call)),
                Transport::WebSocket => sessions.spawn(websocket(address, index, call)),
            };
        }
        let (mut echoed, mut all) = (Echoed::default(), Vec::new());
        while let Some(session) = sessions.join_next().await {
            let delays = session??;
            let least = delays.iter().min().copied().unwrap_or_default();
            echoed.late += delays.iter().filter(|delay| **delay > least + FRAME).count();
            echoed.sent += frames as usize;
            echoed.received += delays.len();
            all.extend(delays);
        }
        all.sort_unstable();
        let at = |share: usize| all.get(all.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
        (echoed.median, echoed.p99) = (at(50), at(99));
        Ok(echoed)
    })?;
    child::send(&echoed)
}

/// The frames of a call: each carries its number, and when it was sent.
#[derive(Clone)]
struct Call {
    start: Instant,
    frames: u32,
    /// The number that comes back next, at least.
    next: u32,
    delays: Vec<Duration>,
}

impl Call {
    fn new(start: Instant, frames: u32) -> Self {
        Self { start, frames, next: 0, delays: Vec::with_capacity(frames as usize) }
    }

    /// When nothing comes back any more.
    fn end(&self) -> Instant {
        self.due(self.frames) + REST
    }

    fn due(&self, number: u32) -> Instant {
        self.start + FRAME * number
    }

    fn write(&self, number: u32, payload: &mut [u8]) {
        payload[..4].copy_from_slice(&number.to_be_bytes());
        payload[4..12].copy_from_slice(&self.nanoseconds().to_be_bytes());
    }

    fn read(&mut self, payload: &[u8]) -> Result<(), Failure> {
        if payload.iter().all(|byte| *byte == 0) {
            return Ok(()); // The silence of an echo that has nothing to say; a frame has its time.
        }
        let (number, sent) = payload.split_first_chunk().ok_or("an empty frame")?;
        let number = u32::from_be_bytes(*number);
        if payload.len() != PAYLOAD || number < self.next {
            return Err(format!("not a frame that was sent: {:?}", &payload[..payload.len().min(12)]).into());
        }
        self.next = number + 1;
        let sent = u64::from_be_bytes(*sent.first_chunk().ok_or("a short frame")?);
        self.delays.push(Duration::from_nanos(self.nanoseconds().saturating_sub(sent)));
        Ok(())
    }

    fn nanoseconds(&self) -> u64 {
        self.start.elapsed().as_nanos().try_into().unwrap_or(u64::MAX)
    }
}

/// One call; returns how long each frame took that came back.
async fn audiosocket(address: String, index: u32, mut call: Call) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut uuid = [0; 19];
    (uuid[0], uuid[2]) = (1, 16);
    uuid[15..].copy_from_slice(&index.to_be_bytes());
    stream.write_all(&uuid).await?;
    let (reader, writer) = stream.into_split();
    let speaking = tokio::spawn(speak(writer, call.clone()));
    // The end of the connection ends it, too.
    let _ = timeout_at(call.end(), listen(reader, &mut call)).await;
    speaking.await??;
    Ok(call.delays)
}

async fn speak(mut writer: OwnedWriteHalf, call: Call) -> Result<OwnedWriteHalf, std::io::Error> {
    let mut bytes = [0; HEADER.len() + PAYLOAD];
    bytes[..3].copy_from_slice(&HEADER);
    for number in 0..call.frames {
        sleep_until(call.due(number)).await;
        call.write(number, &mut bytes[3..]);
        writer.write_all(&bytes).await?;
    }
    Ok(writer)
}

async fn listen(mut reader: OwnedReadHalf, call: &mut Call) -> Result<(), Failure> {
    let mut bytes = [0; HEADER.len() + PAYLOAD];
    loop {
        reader.read_exact(&mut bytes).await?;
        call.read(bytes.strip_prefix(&HEADER).ok_or("not a frame of sound")?)?;
    }
}

/// As a channel of `chan_websocket` whose queue is empty, so that marks are processed as they come.
async fn websocket(address: String, index: u32, mut call: Call) -> Result<Vec<Duration>, Failure> {
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/?token={index}").into_client_request()?;
    request.headers_mut().insert(PROTOCOL.0, PROTOCOL.1);
    let (mut socket, _) = client_async(request, stream).await?;
    let start = format!(
        r#"{{"event":"MEDIA_START","connection_id":"c","channel":"WebSocket/{index}","channel_id":"{index}",
            "format":"slin","optimal_frame_size":{PAYLOAD},"ptime":20}}"#
    );
    socket.send(Message::text(start)).await?;
    let (mut payload, mut number) = ([0; PAYLOAD], 0);
    loop {
        tokio::select! {
            () = sleep_until(call.due(number)), if number < call.frames => {
                call.write(number, &mut payload);
                socket.send(Message::binary(payload.to_vec())).await?;
                number += 1;
            }
            message = socket.next() => match message.ok_or("the echo has hung up")?? {
                Message::Binary(frames) => frames.chunks(PAYLOAD).try_for_each(|frame| call.read(frame))?,
                Message::Text(command) if command.contains("MARK_MEDIA") => {
                    let event = command.replace(r#""command":"MARK_MEDIA""#, r#""event":"MEDIA_MARK_PROCESSED""#);
                    socket.send(Message::text(event)).await?;
                }
                _ => {}
            },
            () = sleep_until(call.end()) => return Ok(call.delays),
        }
    }
}
