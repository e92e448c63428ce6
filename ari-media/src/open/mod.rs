//! Media channels, made by ARI: the program's end of the sound and Asterisk's.

mod available;
mod host;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ari_bindings::Client;
use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::operations::channels::ExternalMedia;
use ari_bindings::values::{ExternalMediaConnectionType, ExternalMediaEncapsulation, ExternalMediaTransport};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

pub use host::MediaHost;

use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::media::Media;

/// How much later than its request a channel may come.
const LATE: Duration = Duration::from_secs(1);

/// How the sound travels between Asterisk and the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// `chan_websocket` (20.16, 21.11, 22.6, 23.0 and later), to which the program connects as it does to ARI. Asterisk
    /// keeps the time, so a busy program does no harm as long as it is ahead.
    WebSocket,
    /// `chan_audiosocket` over TCP, with linear formats alone. Asterisk connects to the program.
    AudioSocket,
    /// `chan_rtp` over UDP, without encryption. It exists in every release from 16 on.
    Rtp,
}

impl Transport {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::WebSocket, Self::AudioSocket, Self::Rtp];
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WebSocket => "WebSocket",
            Self::AudioSocket => "AudioSocket",
            Self::Rtp => "RTP",
        })
    }
}

/// A medium that is open, and its channel.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The program's end.
    pub media: Media,
    /// Asterisk's end: a channel in the application, which a bridge connects with others.
    pub channel: ChannelHandle,
    /// How the two are connected.
    pub transport: Transport,
}

/// Opens a medium; see [`MediaHost::open`]. Await it.
#[must_use = "nothing is opened until it is awaited"]
pub struct Open {
    host: MediaHost,
    ari: Client,
    app: String,
    config: MediaConfig,
    transport: Option<Transport>,
    channel: Option<ChannelId>,
    limit: Duration,
    /// Whether the channel was asked for.
    is_requested: AtomicBool,
}

impl Open {
    pub(super) fn new(host: MediaHost, ari: &Client, app: String, config: MediaConfig) -> Self {
        let limit = Duration::from_secs(10);
        Self {
            host,
            ari: ari.clone(),
            app,
            config,
            transport: None,
            channel: None,
            limit,
            is_requested: AtomicBool::new(false),
        }
    }

    /// The transport. By default, the first of [`Transport::ALL`] that the server and the format have.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The id of the channel, so that its events can be expected before it exists. A new one by default.
    pub fn channel_id(mut self, id: impl Into<ChannelId>) -> Self {
        self.channel = Some(id.into());
        self
    }

    /// How long it may take until both ends are connected; 10 s by default. Then the channel is hung up.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    async fn run(mut self) -> Result<Opened, MediaError> {
        self.config.check()?;
        let available = self.host.available(&self.ari).await?;
        let (transport, format) = available::choose(available, &self.config, self.transport)?;
        self.config.format = format;
        let id = self.channel.clone().unwrap_or_else(|| format!("ari-media-{}", Uuid::new_v4().simple()).into());
        let channel = self.ari.channel(&id);
        let limit = self.limit;
        // In a task: if the future is dropped while the request is under way, the channel must not stay.
        let connected = tokio::spawn(async move {
            let connecting = self.connect(transport, &id);
            let connected = timeout(limit, connecting).await;
            let connected = connected.unwrap_or(Err(MediaError::Timeout("nothing has connected to the media channel")));
            let channel = self.ari.channel(&id);
            match &connected {
                Ok(media) => drop(tokio::spawn(hang_up_after(media.watch(), channel))),
                // A channel of this id, if any, is another one.
                Err(MediaError::Ari(error)) if !error.maybe_executed() => {}
                Err(_) if !self.is_requested.load(Ordering::Relaxed) => {}
                Err(MediaError::Ari(_) | MediaError::Timeout(_)) => {
                    hang_up(&channel).await;
                    tokio::spawn(hang_up_late(channel));
                }
                Err(_) => hang_up(&channel).await,
            }
            connected
        });
        let media = match connected.await {
            Ok(connected) => connected?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(_) => return Err(MediaError::Ended),
        };
        Ok(Opened { media, channel, transport })
    }

    async fn connect(&self, transport: Transport, id: &ChannelId) -> Result<Media, MediaError> {
        match transport {
            Transport::WebSocket => self.connect_websocket(id).await,
            Transport::AudioSocket => self.connect_audiosocket(id).await,
            Transport::Rtp => self.connect_rtp(id).await,
        }
    }

    async fn connect_websocket(&self, id: &ChannelId) -> Result<Media, MediaError> {
        let connector = self.host.connector(&self.ari)?;
        let request = self.request(id).transport(ExternalMediaTransport::Websocket);
        let request = request.encapsulation(ExternalMediaEncapsulation::None);
        let channel = request.connection_type(ExternalMediaConnectionType::Server).await?;
        let connection = variable(&channel, "MEDIA_WEBSOCKET_CONNECTION_ID")?;
        let (_, media) = connector.connect(connection, self.config.clone()).await?;
        Ok(media)
    }

    async fn connect_audiosocket(&self, id: &ChannelId) -> Result<Media, MediaError> {
        let listener = self.host.listener(&self.ari).await?;
        let uuid = Uuid::new_v4();
        let expected = listener.expect(uuid, self.config.clone())?;
        let address = self.host.reachable(listener.local_addr(), &self.ari).await?;
        let request = self.request(id).transport(ExternalMediaTransport::Tcp);
        let request = request.encapsulation(ExternalMediaEncapsulation::Audiosocket);
        request.external_host(address.to_string()).data(uuid.to_string()).await?;
        expected.media(self.limit).await
    }

    async fn connect_rtp(&self, id: &ChannelId) -> Result<Media, MediaError> {
        let port = self.host.rtp(&self.ari).await?.bind().await?;
        let channel = self.request(id).external_host(port.external_host()).await?;
        let address = variable(&channel, "UNICASTRTP_LOCAL_ADDRESS")?;
        let number = variable(&channel, "UNICASTRTP_LOCAL_PORT")?;
        let peer = address.parse().ok().zip(number.parse().ok()).map(|(ip, port)| SocketAddr::new(ip, port));
        port.open(self.config.clone(), peer)
    }

    fn request(&self, id: &ChannelId) -> ExternalMedia {
        self.is_requested.store(true, Ordering::Relaxed);
        let request = self.ari.channels().external_media(&*self.app, self.config.format.name());
        request.channel_id(id.clone())
    }
}

impl IntoFuture for Open {
    type Output = Result<Opened, MediaError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Hangs up the channel of a medium that has ended. Over RTP, Asterisk does not notice the end otherwise.
async fn hang_up_after(watch: crate::media::MediaWatch, channel: ChannelHandle) {
    watch.closed().await;
    hang_up(&channel).await;
}

/// The channel may come after the request for it was given up.
async fn hang_up_late(channel: ChannelHandle) {
    sleep(LATE).await;
    hang_up(&channel).await;
}

async fn hang_up(channel: &ChannelHandle) {
    match channel.hangup().await {
        Err(error) if !error.is_gone() => {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot hang up a media channel");
        }
        _ => {}
    }
}

fn variable<'channel>(channel: &'channel Channel, name: &'static str) -> Result<&'channel str, MediaError> {
    let value = channel.channelvars.as_ref().and_then(|variables| variables.get(name));
    value.map(String::as_str).ok_or_else(|| MediaError::Protocol(format!("Asterisk has not set {name}").into()))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    use super::*;
    use crate::format::Format;

    const MODULE: &str =
        r#"{"name":"chan_rtp.so","description":"","use_count":0,"status":"Running","support_level":"core"}"#;

    /// A server that answers the request for a channel with this, or not at all. Returns a client of it, and the requests
    /// to hang up.
    async fn server(external_media: Option<&'static str>) -> (Client, mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ari", listener.local_addr().unwrap());
        let (hangups, hung_up) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                tokio::spawn(reply(listener.accept().await.unwrap().0, external_media, hangups.clone()));
            }
        });
        (Client::builder(url).credentials("a", "b").build().unwrap(), hung_up)
    }

    async fn reply(mut stream: TcpStream, external_media: Option<&'static str>, hangups: mpsc::UnboundedSender<()>) {
        let mut bytes = vec![0; 4_096];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            let request = String::from_utf8_lossy(&bytes[..count]);
            let (status, body) = if request.starts_with("DELETE") {
                hangups.send(()).unwrap();
                ("404 Not Found", r#"{"message":"Channel not found"}"#)
            } else if request.starts_with("POST") {
                let Some(status) = external_media else { continue };
                (status, r#"{"message":"no"}"#)
            } else {
                ("200 OK", MODULE)
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn refused_channel_is_another_one_and_stays() {
        let (ari, mut hung_up) = server(Some("409 Conflict")).await;
        let open = MediaHost::new().open(&ari, "app", Format::ULAW).transport(Transport::Rtp).channel_id("1");
        let error = open.await.unwrap_err();
        assert!(matches!(error, MediaError::Ari(_)), "{error}");
        assert!(hung_up.try_recv().is_err());
    }

    #[tokio::test]
    async fn channel_that_may_come_late_is_hung_up_twice() {
        let (ari, mut hung_up) = server(None).await;
        let open = MediaHost::new().open(&ari, "app", Format::ULAW).transport(Transport::Rtp);
        let error = open.timeout(Duration::from_millis(100)).await.unwrap_err();
        assert!(matches!(error, MediaError::Timeout(_)), "{error}");
        assert!(hung_up.recv().await.is_some() && hung_up.recv().await.is_some());
    }
}
