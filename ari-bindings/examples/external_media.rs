//! The sound of a call in the hands of the program: an echo over RTP, as a voicebot or a transcription would begin.
//!
//! Asterisk sends what the caller says to a UDP socket of the program, as RTP in the format that was asked for, and plays to
//! the caller what comes back. Each call has a socket and a task of its own.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2008,1,Stasis(external_media)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has that extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example external_media
//! $ cargo xtask asterisk call 2008 --scenario talk
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` say where Asterisk is, `MEDIA_ADDRESS` at which address of this machine it
//! reaches the program.

use std::collections::HashMap;
use std::net::IpAddr;
use std::{env, io};

use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::{Client, Error, Event, Events};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// What the ids of the channels of the media begin with, to tell them from callers.
const MEDIA: &str = "media-";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let address = setting("MEDIA_ADDRESS", "127.0.0.1").parse().expect("MEDIA_ADDRESS is an IP address");
    let events = ari.events(["external_media"]).resync(true).await?;
    println!("waiting for calls to the application external_media");
    serve(ari, events, address).await
}

/// Reacts to one event after the other.
pub async fn serve(ari: Client, mut events: Events, address: IpAddr) -> Result<(), Error> {
    let mut calls = Calls { ari, address, open: HashMap::new() };
    while let Some(event) = events.next().await {
        let event = event?;
        match calls.react(&event).await {
            Ok(()) => {}
            // Somebody has hung up at the same moment, which its own event tells.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

struct Calls {
    ari: Client,
    address: IpAddr,
    /// By the caller's channel.
    open: HashMap<ChannelId, Call>,
}

struct Call {
    media: ChannelId,
    bridge: BridgeId,
    echo: JoinHandle<io::Result<()>>,
}

impl Calls {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::StasisStart(start) => match start.channel.id.strip_prefix(MEDIA) {
                None => {
                    println!("{} calls on {}", start.channel.caller.number, start.channel.name);
                    let answered = self.answer(&start.channel.id).await;
                    if answered.is_err() {
                        // Better than silence; often it has hung up itself.
                        let _ = self.ari.channel(&start.channel).hangup().await;
                    }
                    answered
                }
                Some(caller) => match self.open.get(caller) {
                    Some(call) => self.ari.bridge(&call.bridge).add_channel([&start.channel.id]).await,
                    None => self.ari.channel(&start.channel).hangup().await,
                },
            },
            // Without its sound, a call is over as well.
            Event::StasisEnd(end) => self.close(end.channel.id.strip_prefix(MEDIA).unwrap_or(&end.channel.id)).await,
            Event::Resynced(change) => {
                for id in &change.channels.vanished {
                    if let Err(error) = self.close(id.strip_prefix(MEDIA).unwrap_or(id)).await {
                        println!("too late: {error}");
                    }
                }
                Ok(())
            }
            Event::Disconnected(gap) => {
                println!("{gap}: the calls go on, and so does their sound");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn answer(&mut self, caller: &ChannelId) -> Result<(), Error> {
        self.ari.channel(caller).answer().await?;
        let (socket, host) = match bind(self.address).await {
            Ok(bound) => bound,
            Err(error) => {
                eprintln!("no socket at {}: {error}", self.address);
                return self.ari.channel(caller).hangup().await;
            }
        };
        let media = self.ari.channels().external_media("external_media", "ulaw").external_host(host);
        let media = media.channel_id(format!("{MEDIA}{caller}")).await?.id;
        let bridge = self.ari.bridges().create().r#type("mixing").await?.id;
        let echo = tokio::spawn(echo(socket));
        self.open.insert(caller.clone(), Call { media, bridge: bridge.clone(), echo });
        self.ari.bridge(&bridge).add_channel([caller]).await
    }

    async fn close(&mut self, caller: &str) -> Result<(), Error> {
        let Some(call) = self.open.remove(caller) else { return Ok(()) };
        call.echo.abort();
        // One of them is gone already.
        let _ = self.ari.channel(caller).hangup().await;
        let _ = self.ari.channel(&call.media).hangup().await;
        self.ari.bridge(&call.bridge).destroy().await
    }
}

/// A socket, and where it is.
async fn bind(address: IpAddr) -> io::Result<(UdpSocket, String)> {
    let socket = UdpSocket::bind((address, 0)).await?;
    let host = socket.local_addr()?.to_string();
    Ok((socket, host))
}

/// Sends back what comes. A packet of RTP has a header of 12 bytes; the last 4 of them tell who sends, and two who talk to
/// each other are not the same.
async fn echo(socket: UdpSocket) -> io::Result<()> {
    let mut packet = [0; 1500];
    loop {
        let (length, from) = socket.recv_from(&mut packet).await?;
        if length > 12 {
            packet[8] ^= 0xff;
            socket.send_to(&packet[..length], from).await?;
        }
    }
}
