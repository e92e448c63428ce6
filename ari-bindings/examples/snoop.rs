//! A supervisor listens to a call: the key 1 only listens, 2 whispers to the observed party, and 3 talks to both.
//!
//! The audio comes from a snoop channel that shares a bridge with the supervisor. The mode of a snoop channel is fixed at
//! its creation, so each key creates a new one. The observed call need not be in an application.
//!
//! The dialplan chooses the call by its caller's number:
//!
//! ```text
//! exten => _2007.,1,Stasis(snoop,${EXTEN:4})
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension and calls phone-a 1111:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example snoop
//! $ cargo xtask asterisk call 1007 --scenario hangup --duration 30000 &
//! $ cargo xtask asterisk call 20071111 --phone phone-b --digit 2
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::collections::HashMap;
use std::env;

use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::models::Channel;
use ari_bindings::values::{Spy, Whisper};
use ari_bindings::{Client, Error, Event, Events};

/// The argument of snoop channels, which distinguishes them from supervisors.
const SNOOP: &str = "snoop";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("snoop").resync(true).await?;
    println!("waiting for calls to the application snoop");
    serve(ari, events).await
}

/// Handles events one after the other.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    let mut supervisors = Supervisors { ari, listening: HashMap::new() };
    while let Some(event) = events.next().await {
        let event = event?;
        match supervisors.react(&event).await {
            Ok(()) => {}
            // A party hung up at the same moment, and the event follows.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

struct Supervisors {
    ari: Client,
    /// Keyed by the supervisor's channel.
    listening: HashMap<ChannelId, Listening>,
}

struct Listening {
    target: ChannelId,
    bridge: BridgeId,
    /// The current channel; earlier ones are being hung up.
    snoop: Option<ChannelId>,
}

impl Supervisors {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            // The supervisor's telephone has transferred the call, and Asterisk has updated the bridge.
            Event::StasisStart(start) if start.replace_channel.is_some() => {
                let replaced = start.replace_channel.as_ref().and_then(|old| self.listening.remove(&old.id));
                self.listening.extend(replaced.map(|listening| (start.channel.id.clone(), listening)));
                Ok(())
            }
            Event::StasisStart(start) => match start.args.first().map(String::as_str) {
                Some(SNOOP) => self.hear(&start.channel.id).await,
                Some(number) => self.come_in(&start.channel, number).await,
                None => self.ari.channel(&start.channel).hangup().await,
            },
            Event::ChannelDtmfReceived(dtmf) => match dtmf.digit.as_str() {
                "1" => self.snoop(&dtmf.channel.id, Whisper::None).await,
                // Audio to the target goes "out".
                "2" => self.snoop(&dtmf.channel.id, Whisper::Out).await,
                "3" => self.snoop(&dtmf.channel.id, Whisper::Both).await,
                _ => Ok(()),
            },
            Event::StasisEnd(end) => self.gone(&end.channel.id).await,
            Event::Resynced(change) => {
                for id in &change.channels.vanished {
                    if let Err(error) = self.gone(id).await {
                        println!("too late: {error}");
                    }
                }
                Ok(())
            }
            Event::Disconnected(gap) => {
                println!("{gap}: calls continue, keys are lost");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn come_in(&mut self, supervisor: &Channel, number: &str) -> Result<(), Error> {
        let channel = self.ari.channel(supervisor);
        channel.answer().await?;
        let channels = self.ari.channels().list().await?;
        let Some(target) = channels.iter().find(|it| it.caller.number == number && it.id != supervisor.id) else {
            println!("{} asks for {number}, which has no call", supervisor.name);
            return channel.hangup().await;
        };
        println!("{} listens to {}", supervisor.name, target.name);
        let bridge = self.ari.bridges().create().r#type("mixing,dtmf_events").await?.id;
        let listening = Listening { target: target.id.clone(), bridge: bridge.clone(), snoop: None };
        self.listening.insert(supervisor.id.clone(), listening);
        self.ari.bridge(&bridge).add_channel(&supervisor.id).await?;
        let snooping = self.snoop(&supervisor.id, Whisper::None).await;
        if snooping.is_err() {
            // For example, the target has hung up.
            let _ = channel.hangup().await;
        }
        snooping
    }

    /// Listens to both sides of the target's call, and sends the supervisor's voice to the given ones.
    async fn snoop(&mut self, supervisor: &ChannelId, whisper: Whisper) -> Result<(), Error> {
        let Some(listening) = self.listening.get_mut(supervisor) else { return Ok(()) };
        println!("{supervisor}: whispers to {whisper}");
        let snoop = self.ari.channel(&listening.target).snoop_channel("snoop").spy(Spy::Both).whisper(whisper);
        let snoop = snoop.app_args(SNOOP).await?.id;
        match listening.snoop.replace(snoop) {
            Some(old) => self.ari.channel(old).hangup().await,
            None => Ok(()),
        }
    }

    /// Connects a new snoop channel with its supervisor.
    async fn hear(&self, snoop: &ChannelId) -> Result<(), Error> {
        let is_of = |listening: &&Listening| listening.snoop.as_ref() == Some(snoop);
        match self.listening.values().find(is_of) {
            Some(listening) => self.ari.bridge(&listening.bridge).add_channel(snoop).await,
            None => self.ari.channel(snoop).hangup().await,
        }
    }

    /// Ends the session of a channel that no longer exists: the supervisor, or the snoop channel, which ends with the
    /// target.
    async fn gone(&mut self, id: &ChannelId) -> Result<(), Error> {
        let is_part =
            |supervisor: &ChannelId, listening: &Listening| supervisor == id || listening.snoop.as_ref() == Some(id);
        let found = self.listening.iter().find(|(supervisor, listening)| is_part(supervisor, listening));
        let Some(supervisor) = found.map(|(supervisor, _)| supervisor.clone()) else { return Ok(()) };
        let Some(listening) = self.listening.remove(&supervisor) else { return Ok(()) };
        println!("{supervisor} stops listening");
        // One of them no longer exists.
        for channel in [Some(supervisor), listening.snoop].into_iter().flatten() {
            let _ = self.ari.channel(channel).hangup().await;
        }
        self.ari.bridge(listening.bridge).destroy().await
    }
}
