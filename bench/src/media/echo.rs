//! The contenders: programs that play back what they receive.

use std::time::Duration;

use ari_media::{AudioSocketListener, Format, Media, MediaConfig, WebSocketListener};
use clap::ValueEnum;

use crate::Failure;
use crate::child::ServerProcess;

/// How much sound may wait, as in the echo by asyncio.
const MOST: Duration = Duration::from_millis(60);

#[cfg(feature = "peers")]
const PYTHON: &str = include_str!("echo.py");

/// The names of the contenders.
pub(crate) const MEDIA: &str = "ari-media";
#[cfg(feature = "peers")]
const ASYNCIO: &str = "asyncio";
#[cfg(feature = "peers")]
const ASTERISK_RS_ARI: &str = "asterisk-rs-ari";

/// What carries the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    AudioSocket,
    WebSocket,
}

impl Transport {
    pub(super) const ALL: [Self; 2] = [Self::AudioSocket, Self::WebSocket];

    pub(super) fn contenders(self) -> &'static [&'static str] {
        match self {
            #[cfg(feature = "peers")]
            Self::AudioSocket => &[MEDIA, ASYNCIO],
            #[cfg(feature = "peers")]
            Self::WebSocket => &[MEDIA, ASTERISK_RS_ARI],
            #[cfg(not(feature = "peers"))]
            _ => &[MEDIA],
        }
    }

    /// The name on the command line, and in titles.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::AudioSocket => ("audio-socket", "AudioSocket"),
            Self::WebSocket => ("web-socket", "WebSocket"),
        }
    }
}

/// One contender echoes the sound of calls
#[derive(Debug, clap::Args)]
pub(crate) struct Echo {
    contender: String,
    #[arg(value_enum)]
    transport: Transport,
}

/// Starts a contender, which echoes every call until it is killed.
pub(super) fn start(contender: &str, transport: Transport) -> Result<ServerProcess, Failure> {
    #[cfg(feature = "peers")]
    if contender == ASYNCIO {
        let mut python = std::process::Command::new("python3");
        python.args(["-c", PYTHON]);
        return ServerProcess::start_command(python);
    }
    ServerProcess::start_with(&["echo", contender, transport.names().0])
}

/// The child's part.
pub(crate) fn run(echo: &Echo) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match (&*echo.contender, echo.transport) {
            (MEDIA, Transport::AudioSocket) => audiosocket().await,
            (MEDIA, Transport::WebSocket) => websocket().await,
            #[cfg(feature = "peers")]
            (ASTERISK_RS_ARI, Transport::WebSocket) => asterisk_rs_ari::run().await,
            (name, transport) => Err(format!("{name} has no echo over {transport:?}").into()),
        }
    })
}

fn config() -> MediaConfig {
    MediaConfig::new(Format::SLIN).fill_silence(false)
}

async fn audiosocket() -> Result<(), Failure> {
    let listener = AudioSocketListener::builder().admit(|_| Some(config())).bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr().port());
    loop {
        let (_, media) = listener.accept().await?;
        tokio::spawn(play_back(media));
    }
}

async fn websocket() -> Result<(), Failure> {
    let listener = WebSocketListener::builder().admit(|_| Some(config())).bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr().port());
    loop {
        let (_, media) = listener.accept().await?;
        tokio::spawn(play_back(media));
    }
}

async fn play_back(media: Media) {
    let (sender, mut receiver) = media.split();
    while let Ok(Some(frame)) = receiver.recv().await {
        if sender.relay(frame.samples(), MOST).is_err() {
            break;
        }
    }
}

#[cfg(feature = "peers")]
mod asterisk_rs_ari {
    use asterisk_rs_ari::media::{MAX_MEDIA_PAYLOAD_BYTES, MediaChannel};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::accept_hdr_async_with_config;
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
    use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

    use super::super::peers::PROTOCOL;
    use crate::Failure;

    pub(super) async fn run() -> Result<(), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                if let Err(error) = play_back(stream).await {
                    eprintln!("asterisk-rs-ari: {error}");
                }
            });
        }
    }

    /// It neither keeps the time nor knows what has been played, so a frame goes back as soon as it comes.
    async fn play_back(stream: TcpStream) -> Result<(), Failure> {
        stream.set_nodelay(true)?;
        #[allow(clippy::result_large_err, reason = "the trait has it so")]
        let answer = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            // The crate's own `accept` does not answer to the subprotocol that Asterisk offers.
            response.headers_mut().insert(PROTOCOL.0, PROTOCOL.1);
            Ok(response)
        };
        let largest = Some(MAX_MEDIA_PAYLOAD_BYTES);
        let limits = WebSocketConfig::default().max_message_size(largest).max_frame_size(largest);
        let mut channel =
            MediaChannel::from_accepted(accept_hdr_async_with_config(stream, answer, Some(limits)).await?)?;
        while let Some(frame) = channel.recv_audio().await {
            channel.send_audio(frame).await?;
        }
        Ok(())
    }
}
