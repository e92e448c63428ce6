//! The other end of a call: RTP with nothing between the program and the network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use ari_e2e::{Line, numbered};
use ari_media::{FRAME, Format};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Failure;

/// Bytes before the sound of a packet.
const HEADER: usize = 12;

#[derive(Clone)]
pub(crate) struct Probe {
    socket: Arc<UdpSocket>,
    to: SocketAddr,
}

impl Probe {
    /// Adds its channel to a line.
    pub(crate) async fn join(line: &mut Line) -> Result<(ChannelHandle, Self), Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let (channel, to) = line.rtp_to(&socket.local_addr()?.to_string(), Format::ULAW).await;
        Ok((channel, Self { socket: Arc::new(socket), to }))
    }

    /// Sends so many numbered frames, one every 20 ms. Returns when each was sent.
    pub(crate) async fn send(self, frames: u32) -> Result<Vec<Instant>, Failure> {
        let start = Instant::now();
        let mut sent = Vec::with_capacity(frames as usize);
        for number in 0..frames {
            sleep_until(start + FRAME * number).await;
            let mut packet = [0; HEADER + numbered::FRAME];
            // Version 2, µ-law; the timestamp counts samples.
            packet[0] = 0x80;
            packet[2..4].copy_from_slice(&u16::try_from(number & 0xffff)?.to_be_bytes());
            packet[4..8].copy_from_slice(&number.wrapping_mul(160).to_be_bytes());
            packet[11] = 7;
            packet[HEADER..].copy_from_slice(&numbered::bytes(number));
            sent.push(Instant::now());
            self.socket.send_to(&packet, self.to).await?;
        }
        Ok(sent)
    }

    /// The next frame, and when it came; `None` once there is silence.
    pub(crate) async fn receive(&self, silence: Duration) -> Result<Option<(Option<u32>, Instant)>, Failure> {
        let mut packet = [0; 2_048];
        let Ok(received) = timeout(silence, self.socket.recv_from(&mut packet)).await else { return Ok(None) };
        let (length, now) = (received?.0, Instant::now());
        Ok(Some((numbered::number(packet.get(HEADER..length).unwrap_or_default()), now)))
    }
}
