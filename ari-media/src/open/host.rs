use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;

use ari_bindings::Client;
use tokio::net::{UdpSocket, lookup_host};
use tokio::sync::OnceCell;

use super::Open;
use super::available::Available;
use crate::audiosocket::AudioSocketListener;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::rtp::RtpPorts;
use crate::websocket::WebSocketConnector;

/// Where one Asterisk and this program meet for media. Clones share the ports.
///
/// The default suits a program that Asterisk can reach at the address from which the program reaches Asterisk. Otherwise,
/// as behind a NAT or in a container, [`MediaHost::advertise`] gives the address:
///
/// ```no_run
/// # async fn example(ari: &ari_bindings::Client) -> Result<(), ari_media::MediaError> {
/// use ari_media::{Audio, MediaConfig, MediaHost};
///
/// let host = MediaHost::new().advertise([192, 0, 2, 7].into()).rtp_ports(40_000..=40_999);
/// let opened = host.open(ari, "hello-world", MediaConfig::at_rate(16_000)).await?;
/// // The channel is in the application now: a bridge connects it with others.
/// println!("{} by {}", opened.channel.channel_id(), opened.transport);
/// opened.media.play(Audio::wav("welcome.wav")?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct MediaHost {
    advertised: Option<IpAddr>,
    rtp_ports: Option<RangeInclusive<u16>>,
    audiosocket_address: Option<SocketAddr>,
    connector: Option<WebSocketConnector>,
    shared: Arc<Shared>,
}

/// What is found out or bound with the first medium that needs it.
#[derive(Default)]
struct Shared {
    available: OnceCell<Available>,
    local: OnceCell<IpAddr>,
    audiosocket: OnceCell<AudioSocketListener>,
    rtp: OnceCell<RtpPorts>,
}

impl MediaHost {
    /// A host with the default addresses.
    pub fn new() -> Self {
        Self::default()
    }

    /// The address at which Asterisk reaches this program. By default, the one from which the program reaches Asterisk.
    pub fn advertise(mut self, ip: IpAddr) -> Self {
        self.advertised = Some(ip);
        self
    }

    /// The local ports for RTP, of which the even ones are used: one for each medium.
    pub fn rtp_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.rtp_ports = Some(ports);
        self
    }

    /// Where to listen for AudioSocket, with the first medium that needs it. By default, any free port.
    pub fn audiosocket(mut self, address: SocketAddr) -> Self {
        self.audiosocket_address = Some(address);
        self
    }

    /// How to connect to `chan_websocket`. By default, at the address of ARI. A program to which Asterisk connects has to
    /// give one, or uses another transport.
    pub fn websocket(mut self, connector: WebSocketConnector) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Opens a medium: creates its channel in this application, and connects the program with it.
    ///
    /// Awaiting it returns once sound can flow. The channel is in no bridge then. It is hung up when the medium is closed
    /// or dropped, when nothing connects in time, and when the future is dropped.
    ///
    /// Over RTP, the program does not learn from the medium that Asterisk has hung up its channel: end it by
    /// [`Media::watch`](crate::Media::watch) with the channel's event.
    pub fn open(&self, ari: &Client, app: impl Into<String>, config: impl Into<MediaConfig>) -> Open {
        Open::new(self.clone(), ari, app.into(), config.into())
    }

    pub(super) async fn available(&self, ari: &Client) -> Result<&Available, MediaError> {
        // Where Asterisk has connected to the program, its HTTP port is unknown.
        let is_reachable = self.connector.is_some() || ari.base_url().starts_with("http");
        let available = self.shared.available.get_or_try_init(|| Available::of(ari, is_reachable)).await;
        available.map_err(MediaError::Ari)
    }

    pub(super) fn connector(&self, ari: &Client) -> Result<WebSocketConnector, MediaError> {
        self.connector.clone().map_or_else(|| WebSocketConnector::new(ari.base_url()), Ok)
    }

    pub(super) async fn listener(&self, ari: &Client) -> Result<&AudioSocketListener, MediaError> {
        let bind = || async {
            let address = match self.audiosocket_address {
                Some(address) => address,
                None => SocketAddr::new(self.local(ari).await?, 0),
            };
            AudioSocketListener::builder().bind(address).await
        };
        self.shared.audiosocket.get_or_try_init(bind).await
    }

    /// The address at which Asterisk reaches a local one.
    pub(super) async fn reachable(&self, local: SocketAddr, ari: &Client) -> Result<SocketAddr, MediaError> {
        let ip = match self.advertised {
            Some(ip) => ip,
            None if local.ip().is_unspecified() => self.local(ari).await?,
            None => local.ip(),
        };
        Ok(SocketAddr::new(ip, local.port()))
    }

    pub(super) async fn rtp(&self, ari: &Client) -> Result<&RtpPorts, MediaError> {
        let make = || async {
            let local = self.local(ari).await?;
            let mut ports = RtpPorts::new(local);
            if let Some(range) = &self.rtp_ports {
                ports = ports.range(range.clone());
            }
            Ok(ports.advertise(self.advertised.unwrap_or(local)))
        };
        self.shared.rtp.get_or_try_init(make).await
    }

    /// The address from which the system reaches Asterisk.
    async fn local(&self, ari: &Client) -> Result<IpAddr, MediaError> {
        self.shared.local.get_or_try_init(|| route(ari.base_url())).await.copied()
    }
}

/// The local address of the route to a server.
async fn route(url: &str) -> Result<IpAddr, MediaError> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let target = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let Some(server) = lookup_host(target).await?.next() else {
        return Err(MediaError::invalid("URL", format!("{authority} has no address")));
    };
    let any: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // This sends nothing.
    socket.connect(server).await?;
    Ok(socket.local_addr()?.ip())
}

impl fmt::Debug for MediaHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaHost").field("advertised", &self.advertised).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn route_to_loopback_is_loopback() {
        for url in ["http://127.0.0.1:8088/ari", "https://127.0.0.1/ari", "ws://127.0.0.1:51234"] {
            assert_eq!(route(url).await.unwrap(), IpAddr::from([127, 0, 0, 1]), "{url}");
        }
        assert!(route("http://no-such-host.invalid/ari").await.is_err());
    }
}
