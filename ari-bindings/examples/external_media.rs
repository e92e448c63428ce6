//! Processes the audio of a call: an echo over RTP, as a starting point for a voice bot or a transcription.
//!
//! Asterisk sends the caller's audio to a UDP socket of the program, as RTP in the requested format, and plays the audio
//! that it receives to the caller. Each call has a socket and a task.
//!
//! External media channels outlive a program that crashes, so at its start the program removes the leftovers of an earlier
//! run, which it recognizes by the prefix of their ids.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2008,1,Stasis(external_media)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example external_media
//! $ cargo xtask asterisk call 2008 --scenario talk
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk; `MEDIA_ADDRESS` is the address of this machine as Asterisk
//! reaches it.

use std::net::IpAddr;
use std::{env, io};

use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::{Client, Error, Event, Events};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The application, and how the ids of its media channels and bridges begin.
const APP: &str = "external_media";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let address = setting("MEDIA_ADDRESS", "127.0.0.1").parse().expect("MEDIA_ADDRESS is an IP address");
    clean_up(&ari).await?;
    let events = ari.events(APP).resync(true).await?;
    println!("waiting for calls to the application external_media");
    serve(ari, events, address).await
}

/// Removes the leftovers of an earlier run: callers, media channels, and bridges. Called before the connection is opened,
/// so that no new caller is among them.
pub async fn clean_up(ari: &Client) -> Result<(), Error> {
    let is_ours = |id: &str| id.starts_with(&format!("{APP}-"));
    let callers = match ari.application(APP).get().await {
        Ok(application) => application.channel_ids,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let media = ari.channels().list().await?.into_iter().map(|channel| channel.id).filter(|id| is_ours(id.as_str()));
    for channel in media.chain(callers) {
        println!("hanging up {channel}");
        // May fail: some end together with others.
        let _ = ari.channel(channel).hangup().await;
    }
    for bridge in ari.bridges().list().await?.iter().filter(|bridge| is_ours(bridge.id.as_str())) {
        println!("destroying {}", bridge.id);
        let _ = ari.bridge(bridge).destroy().await;
    }
    Ok(())
}

/// Handles events one after the other.
pub async fn serve(ari: Client, mut events: Events, address: IpAddr) -> Result<(), Error> {
    let mut calls = Calls { ari, address, open: Vec::new() };
    while let Some(event) = events.next().await {
        let event = event?;
        match calls.react(&event).await {
            Ok(()) => {}
            // The caller hung up at the same moment, and the event follows.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

struct Calls {
    ari: Client,
    address: IpAddr,
    open: Vec<Call>,
}

struct Call {
    caller: ChannelId,
    media: ChannelId,
    bridge: BridgeId,
    echo: JoinHandle<io::Result<()>>,
}

impl Calls {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::StasisStart(start) => match &start.replace_channel {
                // The caller's telephone has transferred the call, and Asterisk has updated the bridge.
                Some(replaced) => self.replace(&replaced.id, &start.channel.id),
                None if start.channel.id.as_str().starts_with(APP) => self.connect(&start.channel.id).await?,
                None => {
                    println!("{} calls on {}", start.channel.caller.number, start.channel.name);
                    if let Err(error) = self.answer(&start.channel.id).await {
                        // Hangs up instead of leaving the caller in silence. Often the caller has already hung up.
                        let _ = self.ari.channel(&start.channel).hangup().await;
                        return Err(error);
                    }
                }
            },
            Event::StasisEnd(end) => self.close(&end.channel.id).await?,
            Event::Resynced(change) => {
                for id in &change.channels.vanished {
                    if let Err(error) = self.close(id).await {
                        println!("too late: {error}");
                    }
                }
            }
            Event::Disconnected(gap) => println!("{gap}: calls continue with their audio"),
            _ => {}
        }
        Ok(())
    }

    async fn answer(&mut self, caller: &ChannelId) -> Result<(), Error> {
        self.ari.channel(caller).answer().await?;
        let (socket, host) = match bind(self.address).await {
            Ok(bound) => bound,
            Err(error) => {
                eprintln!("no socket on {}: {error}", self.address);
                return self.ari.channel(caller).hangup().await;
            }
        };
        // Asterisk refuses an id that is a prefix of another channel's id, so the id does not end with the caller's.
        let (media, bridge) = (format!("{APP}-{caller}-media"), format!("{APP}-{caller}-bridge"));
        let bridge = self.ari.bridge(bridge).create_with_id().r#type("mixing").await?.id;
        let call = Call {
            caller: caller.clone(),
            media: ChannelId::new(&media),
            bridge: bridge.clone(),
            echo: tokio::spawn(echo(socket)),
        };
        self.open.push(call);
        self.ari.bridge(&bridge).add_channel(caller).await?;
        self.ari.channels().external_media(APP, "ulaw").external_host(host).channel_id(media).await?;
        Ok(())
    }

    /// Adds a media channel to the bridge of its call.
    async fn connect(&self, media: &ChannelId) -> Result<(), Error> {
        match self.open.iter().find(|call| call.media == *media) {
            Some(call) => self.ari.bridge(&call.bridge).add_channel(media).await,
            None => self.ari.channel(media).hangup().await,
        }
    }

    fn replace(&mut self, old: &ChannelId, new: &ChannelId) {
        for call in self.open.iter_mut().filter(|call| call.caller == *old) {
            call.caller = new.clone();
        }
    }

    /// Ends the call of a channel that no longer exists: the caller's or the media channel.
    async fn close(&mut self, id: &ChannelId) -> Result<(), Error> {
        let Some(position) = self.open.iter().position(|call| call.caller == *id || call.media == *id) else {
            return Ok(());
        };
        let call = self.open.swap_remove(position);
        call.echo.abort();
        // One of them no longer exists.
        let _ = self.ari.channel(&call.caller).hangup().await;
        let _ = self.ari.channel(&call.media).hangup().await;
        self.ari.bridge(&call.bridge).destroy().await
    }
}

/// A socket and its address.
async fn bind(address: IpAddr) -> io::Result<(UdpSocket, String)> {
    let socket = UdpSocket::bind((address, 0)).await?;
    let host = socket.local_addr()?.to_string();
    Ok((socket, host))
}

/// Sends received packets back. The header of an RTP packet has 12 bytes. The last 4 identify the sender, so they must
/// differ between the two directions.
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
