//! Sessions over loopback, and the receiving side over a bad network.

mod buffer;
mod network;

use std::net::SocketAddr;
use std::time::Duration;

use rtp_types::{RtpPacket, RtpPacketBuilder};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use super::*;
use crate::{Audio, FRAME, Format, FrameKind, Media, MediaConfig, MediaError};

/// What a test waits for before it fails.
const ARRIVAL: Duration = Duration::from_secs(10);

/// What the byte 0x80 means in µ-law.
const LOUDEST: i16 = 32_124;

/// The peer of a session: a socket that a test reads and writes.
struct Peer {
    socket: UdpSocket,
    sequence: u16,
    timestamp: u32,
}

/// A packet as the peer sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    marker: bool,
    payload: Vec<u8>,
}

impl Peer {
    async fn bind(ip: &str) -> Self {
        let socket = UdpSocket::bind((ip, 0)).await.unwrap();
        Self { socket, sequence: 65_530, timestamp: u32::MAX - 1_000 }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    async fn send(&mut self, to: SocketAddr, payload_type: u8, payload: &[u8]) {
        let ticks = u32::try_from(payload.len()).unwrap();
        let bytes = packet(7, payload_type, self.sequence, self.timestamp, payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(ticks);
        self.socket.send_to(&bytes, to).await.unwrap();
    }

    async fn recv(&self) -> (Seen, SocketAddr) {
        let mut bytes = [0; 2_048];
        let (length, from) = timeout(ARRIVAL, self.socket.recv_from(&mut bytes)).await.expect("a packet").unwrap();
        (Seen::parse(&bytes[..length]), from)
    }
}

impl Seen {
    fn parse(bytes: &[u8]) -> Self {
        let packet = RtpPacket::parse(bytes).unwrap();
        Self {
            payload_type: packet.payload_type(),
            sequence: packet.sequence_number(),
            timestamp: packet.timestamp(),
            ssrc: packet.ssrc(),
            marker: packet.marker_bit(),
            payload: packet.payload().to_vec(),
        }
    }
}

fn packet(ssrc: u32, payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    RtpPacketBuilder::<&[u8], &[u8]>::new()
        .ssrc(ssrc)
        .payload_type(payload_type)
        .sequence_number(sequence)
        .timestamp(timestamp)
        .payload(payload)
        .write_vec_unchecked()
}

fn ports(ip: &str) -> RtpPorts {
    RtpPorts::new(ip.parse().unwrap())
}

async fn open(ports: &RtpPorts, config: impl Into<MediaConfig>, peer: Option<SocketAddr>) -> (Media, SocketAddr) {
    let port = ports.bind().await.unwrap();
    let address = port.external_host().parse().unwrap();
    (port.open(config, peer).unwrap(), address)
}

/// The next frame that is no silence.
async fn sound(media: &mut Media) -> (FrameKind, Vec<i16>, Duration) {
    loop {
        let frame = timeout(ARRIVAL, media.recv()).await.expect("a frame").unwrap().expect("no end");
        if frame.kind() != FrameKind::Silence {
            return (frame.kind(), frame.samples().to_vec(), frame.timestamp());
        }
    }
}

#[tokio::test]
async fn sound_goes_both_ways_in_network_byte_order() {
    for ip in ["127.0.0.1", "::1"] {
        let mut peer = Peer::bind(ip).await;
        let (mut media, address) = open(&ports(ip), Format::SLIN, Some(peer.address())).await;
        media.write(&[0x0102; 320]).await.unwrap();
        let ((one, from), (two, _)) = (peer.recv().await, peer.recv().await);
        assert_eq!((from, one.payload_type, one.marker, one.payload), (address, 10, true, [1, 2].repeat(160)));
        assert_eq!(two.sequence, one.sequence.wrapping_add(1));
        assert_eq!((two.timestamp, two.marker, two.ssrc), (one.timestamp.wrapping_add(160), false, one.ssrc));
        peer.send(address, 10, &[3, 4].repeat(160)).await;
        assert_eq!(sound(&mut media).await, (FrameKind::Sound, vec![0x0304; 160], Duration::ZERO));
        assert_eq!((media.stats().sent, media.stats().received), (2, 1));
    }
}

#[tokio::test]
async fn g722_advances_its_timestamp_by_half_its_samples() {
    let peer = Peer::bind("127.0.0.1").await;
    let (media, _) = open(&ports("127.0.0.1"), Format::G722, Some(peer.address())).await;
    media.write(&[0; 640]).await.unwrap();
    let ((one, _), (two, _)) = (peer.recv().await, peer.recv().await);
    assert_eq!((one.payload_type, one.payload.len()), (9, 160));
    assert_eq!(two.timestamp.wrapping_sub(one.timestamp), 160);
}

#[tokio::test]
async fn pause_moves_the_timestamp_on_by_its_duration_and_sets_the_marker() {
    let peer = Peer::bind("127.0.0.1").await;
    let (media, _) = open(&ports("127.0.0.1"), Format::ULAW, Some(peer.address())).await;
    media.write(&[0; 160]).await.unwrap();
    let (before, _) = peer.recv().await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_millis(250)).await;
    media.write(&[0; 160]).await.unwrap();
    let (after, _) = peer.recv().await;
    let elapsed = u32::try_from(start.elapsed().as_millis() * 8).unwrap();
    let moved = after.timestamp.wrapping_sub(before.timestamp);
    assert!(after.marker && moved.abs_diff(elapsed) < 80, "{moved} ticks for {elapsed}");
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
}

#[tokio::test]
async fn packets_are_sent_to_where_they_come_from_and_nobody_else_gets_in() {
    let (mut peer, mut stranger) = (Peer::bind("127.0.0.1").await, Peer::bind("127.0.0.1").await);
    let (mut media, address) = open(&ports("127.0.0.1"), Format::ULAW, None).await;
    media.write(&[0; 160]).await.unwrap();
    peer.socket.send_to(b"no RTP", address).await.unwrap();
    peer.send(address, 96, &[0x80; 160]).await;
    peer.send(address, 0, &[0x80; 160]).await;
    assert_eq!(sound(&mut media).await.1, [LOUDEST; 160]);
    peer.recv().await;
    stranger.send(address, 0, &[0xff; 160]).await;
    peer.send(address, 0, &[0x80; 160]).await;
    assert_eq!(sound(&mut media).await.1, [LOUDEST; 160]);
    media.write(&[0; 160]).await.unwrap();
    peer.recv().await;
    assert_eq!((media.stats().received, media.stats().discarded), (2, 3));
}

#[tokio::test]
async fn payload_type_is_learnt_from_what_asterisk_sends() {
    let mut peer = Peer::bind("127.0.0.1").await;
    let ports = ports("127.0.0.1");
    let refused = ports.bind().await.unwrap().open(Format::SLIN16, None);
    assert!(matches!(refused, Err(MediaError::Invalid { argument: "format", .. })));
    let (mut media, address) = open(&ports.listen_only(true), Format::SLIN16, Some(peer.address())).await;
    media.write(&[0; 320]).await.unwrap();
    assert_eq!(peer.recv().await.0.payload_type, 118);
    peer.send(address, 98, &[0; 640]).await;
    sound(&mut media).await;
    media.write(&[0; 320]).await.unwrap();
    assert_eq!(peer.recv().await.0.payload_type, 98);
}

#[tokio::test]
async fn session_ends_by_the_program_by_the_call_or_by_silence() {
    let peer = Peer::bind("127.0.0.1").await;
    let ports = ports("127.0.0.1");

    let (media, address) = open(&ports, Format::ULAW, Some(peer.address())).await;
    media.close();
    // The port is free as soon as the session is over.
    let free = async {
        while UdpSocket::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(ARRIVAL, free).await.expect("the session ends");

    let (mut media, address) = open(&ports, Format::ULAW, Some(peer.address())).await;
    peer.socket.send_to(&packet(7, 0, 1, 160, &[0xff; 160]), address).await.unwrap();
    peer.socket.send_to(&packet(7, 0, 2, 320, &[0xff; 160]), address).await.unwrap();
    sound(&mut media).await;
    media.watch().end();
    sound(&mut media).await;
    assert!(matches!(timeout(ARRIVAL, media.recv()).await, Ok(Ok(None))));
    assert!(matches!(media.play(Audio::samples(8_000, vec![0; 160])).await, Err(MediaError::Ended)));

    let impatient = ports.idle_timeout(Duration::from_millis(50));
    let (mut media, _) = open(&impatient, MediaConfig::new(Format::ULAW).fill_silence(false), None).await;
    let end = timeout(ARRIVAL, media.recv()).await.unwrap();
    assert!(matches!(end, Err(MediaError::Timeout(_))));
}

#[tokio::test]
async fn jitter_buffer_adds_a_frame_at_most_where_there_is_no_jitter() {
    let peer = Peer::bind("127.0.0.1").await;
    let (media, _) = open(&ports("127.0.0.1"), Format::SLIN, Some(peer.address())).await;
    let (sender, mut receiver) = media.split();
    tokio::spawn(async move {
        let mut bytes = [0; 2_048];
        while let Ok((length, from)) = peer.socket.recv_from(&mut bytes).await {
            let _ = peer.socket.send_to(&bytes[..length], from).await;
        }
    });
    let mut trips = Vec::new();
    for value in 1..=50 {
        let start = Instant::now();
        sender.write(&[value; 160]).await.unwrap();
        while receiver.recv().await.unwrap().unwrap().samples()[0] != value {}
        trips.push(start.elapsed());
        tokio::time::sleep(FRAME.saturating_sub(start.elapsed())).await;
    }
    trips.sort_unstable();
    println!("round trip: median {:?}, longest {:?}", trips[25], trips[49]);
    // Sent at once, echoed at once, one frame of delay; what others take longer is the machine's doing.
    assert!(trips[0] < FRAME + Duration::from_millis(5), "{trips:?}");
}
