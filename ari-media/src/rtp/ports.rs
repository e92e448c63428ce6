use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;

use super::peer::Peer;
use super::profile::Profile;
use super::send::random_u16;
use super::session::{Session, run};
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::media::Media;
use crate::pipe::{Pipe, TransportEnd};

/// Below the ports that Linux gives to outgoing connections, and above those of Asterisk's rtp.conf.
const RANGE: RangeInclusive<u16> = 20_002..=29_998;

/// The delays that the jitter buffer may have.
const JITTER: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_millis(500);

/// Where Asterisk's RTP is received: an address, a range of UDP ports, and what is the same for all sessions on them.
///
/// Clones share the ports. Each session uses an even port of the range, in turn.
///
/// ```no_run
/// # async fn example() -> Result<(), ari_media::MediaError> {
/// use ari_media::{Format, RtpPorts};
///
/// let ports = RtpPorts::new([192, 0, 2, 7].into()).range(20_002..=20_998);
/// let port = ports.bind().await?;
/// // The `external_host` of ARI's `POST /channels/externalMedia`, whose answer says where Asterisk listens
/// // (UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT in `channelvars`).
/// println!("{}", port.external_host());
/// let media = port.open(Format::ULAW, Some("192.0.2.8:10000".parse().expect("an address")))?;
/// # drop(media);
/// # Ok(())
/// # }
/// ```
///
/// # The protocol
///
/// - Asterisk takes ulaw, alaw and g722, and slin in versions that send it, too: Asterisk 16 sends ulaw where slin is asked
///   for. It sends the other formats, but silently discards them when it receives them ([`RtpPorts::listen_only`]).
/// - There are no DTMF digits, in either direction: take them from ARI's events of the other channels.
/// - There is no SRTP: Asterisk's external media has none. Use RTP within one machine or a network that you trust.
/// - There is no RTCP: Asterisk neither sends nor reads it on these channels.
/// - There is no word for the end: a session ends when the program closes the medium, from where it
///   sees that the channel is gone ([`Media::watch`]), or after [`RtpPorts::idle_timeout`].
/// - Asterisk sends nothing while it has no sound for the channel, so that a session may be silent for long.
#[derive(Debug, Clone)]
#[must_use]
pub struct RtpPorts {
    ip: IpAddr,
    advertised: Option<IpAddr>,
    range: RangeInclusive<u16>,
    jitter: RangeInclusive<Duration>,
    payload_type: Option<u8>,
    idle_timeout: Option<Duration>,
    learns_source: bool,
    is_listen_only: bool,
    /// Which port of the range is next.
    next: Arc<AtomicUsize>,
}

/// A local port, before a session begins on it.
#[derive(Debug)]
pub struct RtpPort {
    socket: UdpSocket,
    local: SocketAddr,
    ports: RtpPorts,
}

impl RtpPorts {
    /// Even ports from 20002 to 29998 on a local address.
    pub fn new(ip: IpAddr) -> Self {
        Self {
            ip,
            advertised: None,
            range: RANGE,
            jitter: Duration::from_millis(20)..=Duration::from_millis(200),
            payload_type: None,
            idle_timeout: None,
            learns_source: true,
            is_listen_only: false,
            // A restarted program should not get what is still sent to the sessions of the one before.
            next: Arc::new(AtomicUsize::new(usize::from(random_u16()))),
        }
    }

    /// The ports, of which the even ones are used.
    pub fn range(mut self, ports: RangeInclusive<u16>) -> Self {
        self.range = ports;
        self
    }

    /// The address that Asterisk sends to, if that is not the local one: behind a NAT, or when the local one is
    /// unspecified (`0.0.0.0`, `::`).
    pub fn advertise(mut self, ip: IpAddr) -> Self {
        self.advertised = Some(ip);
        self
    }

    /// The least and the most delay of the jitter buffer; 20 ms and 200 ms by default, at most 500 ms.
    ///
    /// Within these limits, the delay is 10 ms more than the jitter of the last seconds.
    pub fn jitter(mut self, delay: RangeInclusive<Duration>) -> Self {
        self.jitter = delay;
        self
    }

    /// The payload type of the format, for an Asterisk whose rtp.conf changes it.
    ///
    /// Without this, a session uses Asterisk's default, and what Asterisk uses once it has sent something.
    pub fn payload_type(mut self, number: u8) -> Self {
        self.payload_type = Some(number);
        self
    }

    /// Ends a session with an error after a time without any packet. There is no such limit by default, as Asterisk is
    /// silent while it has no sound.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = Some(time);
        self
    }

    /// Whether a session may follow packets that come from elsewhere than the given address, as from behind a NAT; it may
    /// by default. Only the first packet decides.
    pub fn learn_source(mut self, yes: bool) -> Self {
        self.learns_source = yes;
        self
    }

    /// Allows the formats that Asterisk sends over RTP but does not take. What the program plays is not heard then.
    pub fn listen_only(mut self, yes: bool) -> Self {
        self.is_listen_only = yes;
        self
    }

    /// Binds the next free port.
    ///
    /// # Errors
    ///
    /// [`MediaError::Invalid`] for settings that cannot work; [`MediaError::Io`] if no port of the range is free.
    pub async fn bind(&self) -> Result<RtpPort, MediaError> {
        self.check()?;
        let lowest = self.range.start().next_multiple_of(2);
        let count = usize::from((self.range.end() - lowest) / 2) + 1;
        let mut fault = None;
        for _ in 0..count {
            let index = self.next.fetch_add(1, Ordering::Relaxed) % count;
            let number = lowest + u16::try_from(index * 2).unwrap_or(0);
            match UdpSocket::bind((self.ip, number)).await {
                Ok(socket) => {
                    let local = socket.local_addr()?;
                    return Ok(RtpPort { socket, local, ports: self.clone() });
                }
                // Another port would not help.
                Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => {
                    return Err(error.into());
                }
                Err(error) => fault = Some(error),
            }
        }
        Err(fault.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into()).into())
    }

    fn check(&self) -> Result<(), MediaError> {
        let (first, last) = (*self.range.start(), *self.range.end());
        if first == 0 || first == u16::MAX || first.next_multiple_of(2) > last {
            return Err(MediaError::invalid("range", format!("{first} to {last}; give one with an even port")));
        }
        if self.advertised.unwrap_or(self.ip).is_unspecified() {
            let why = format!("{}; give the address that Asterisk can reach by `advertise`", self.ip);
            return Err(MediaError::invalid("address", why));
        }
        let (min, max) = (self.jitter.start(), self.jitter.end());
        if min > max || !JITTER.contains(max) {
            return Err(MediaError::invalid("jitter", format!("{min:?} to {max:?}; give 0 to 500 ms")));
        }
        if let Some(number) = self.payload_type.filter(|number| *number > 127) {
            return Err(MediaError::invalid("payload_type", format!("{number}; give 0 to 127")));
        }
        Ok(())
    }
}

impl RtpPort {
    /// Where Asterisk has to send, as `ADDRESS:PORT`: the `external_host` of an external media channel.
    #[must_use]
    pub fn external_host(&self) -> String {
        let ip = self.ports.advertised.unwrap_or(self.ports.ip);
        SocketAddr::new(ip, self.local.port()).to_string()
    }

    /// Opens a session with the address at which Asterisk listens: `UNICASTRTP_LOCAL_ADDRESS` and
    /// `UNICASTRTP_LOCAL_PORT` of the channel. Without it, nothing is sent before the first packet has come, and its sender
    /// is the peer: playing then waits for that packet, without a limit unless there is an
    /// [`RtpPorts::idle_timeout`].
    ///
    /// Closing the medium does not hang up the channel, as RTP cannot signal the end of a call.
    ///
    /// # Panics
    ///
    /// If it is called outside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`MediaError::Invalid`] for settings that cannot work.
    pub fn open(self, config: impl Into<MediaConfig>, peer: Option<SocketAddr>) -> Result<Media, MediaError> {
        let config = config.into();
        let profile = Profile::new(config.format, self.ports.payload_type);
        if !profile.is_taken() && !self.ports.is_listen_only && self.ports.payload_type.is_none() {
            let why = "Asterisk sends it over RTP, but takes ulaw, alaw, g722 and slin alone; give one of them, or `listen_only`";
            return Err(MediaError::invalid("format", format!("{}: {why}", config.format)));
        }
        if let Some(peer) = peer.filter(|peer| peer.is_ipv6() && self.local.is_ipv4()) {
            let why = format!("{peer} cannot be reached from {}; give addresses of one family", self.local);
            return Err(MediaError::invalid("peer", why));
        }
        let pipe = Pipe::new(&config)?;
        let (media, end) = (Media::new(Arc::clone(&pipe), &config)?, TransportEnd(Arc::clone(&pipe)));
        let session = Session {
            pipe,
            peer: Peer::new(peer, self.ports.learns_source, self.local),
            profile,
            jitter: self.ports.jitter,
            idle_timeout: self.ports.idle_timeout,
        };
        tokio::spawn(run(session, self.socket, end));
        Ok(media)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bind_takes_even_ports_in_turn_and_skips_those_in_use() {
        let ports = RtpPorts::new([127, 0, 0, 1].into()).range(21_001..=21_006);
        let (one, two) = (ports.bind().await.unwrap(), ports.clone().bind().await.unwrap());
        let three = ports.bind().await.unwrap();
        let mut bound = [one.local.port(), two.local.port(), three.local.port()];
        bound.sort_unstable();
        assert_eq!(bound, [21_002, 21_004, 21_006]);
        let error = ports.bind().await.unwrap_err();
        assert!(matches!(&error, MediaError::Io(error) if error.kind() == std::io::ErrorKind::AddrInUse), "{error:?}");
        let freed = two.local;
        drop(two);
        assert_eq!(ports.bind().await.unwrap().local, freed);
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_refused() {
        let ports = RtpPorts::new([127, 0, 0, 1].into());
        let ms = Duration::from_millis;
        for (ports, what) in [
            (ports.clone().range(21_001..=21_001), "range"),
            (ports.clone().range(65_535..=65_535), "range"),
            #[expect(clippy::reversed_empty_ranges, reason = "a mistake of the caller")]
            (ports.clone().range(21_010..=21_000), "range"),
            (RtpPorts::new([0, 0, 0, 0].into()), "address"),
            (ports.clone().jitter(ms(20)..=ms(501)), "jitter"),
            (ports.clone().payload_type(128), "payload_type"),
        ] {
            let error = ports.bind().await.unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid `{what}`")), "{error}");
        }
        let port = ports.bind().await.unwrap();
        assert!(matches!(
            port.open(crate::Format::ULAW, Some("[::1]:9".parse().unwrap())),
            Err(MediaError::Invalid { argument: "peer", .. })
        ));
    }

    #[tokio::test]
    async fn external_host_is_the_advertised_address() {
        let ports = RtpPorts::new([0, 0, 0, 0].into()).advertise("2001:db8::1".parse().unwrap());
        let port = ports.bind().await.unwrap();
        assert_eq!(port.external_host(), format!("[2001:db8::1]:{}", port.local.port()));
    }
}
