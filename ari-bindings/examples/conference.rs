//! Conferences: all callers of the same number meet in the same room. The first one hears music, a new member is
//! announced, the key 1 mutes and unmutes, and the room is deleted when its last member leaves.
//!
//! The program keeps almost no state: the id of a room's bridge follows from its number, and Asterisk knows the members.
//! So conferences survive a restart of the program and gaps in the events.
//!
//! The dialplan chooses the room:
//!
//! ```text
//! exten => 2002,1,Stasis(conference,${EXTEN})
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension, 20021 and so on:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example conference
//! $ cargo xtask asterisk call 2002 --scenario talk
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::collections::HashSet;
use std::env;

use ari_bindings::handles::BridgeHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::models::Channel;
use ari_bindings::values::Direction;
use ari_bindings::{Client, Error, Event, Events};

/// How the ids of the rooms' bridges begin.
const ROOM: &str = "conference-";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("conference").resync(true).await?;
    println!("waiting for calls to the application conference");
    serve(ari, events).await
}

/// Handles events one after the other. A request takes a millisecond or two, and further events wait meanwhile, so that
/// simultaneous events in one room cannot interfere.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    let mut conferences = Conferences { ari, muted: HashSet::new() };
    while let Some(event) = events.next().await {
        let event = event?;
        match conferences.react(&event).await {
            Ok(()) => {}
            // The caller hung up at the same moment: 404 not found, 409 no longer in the application; bridges answer 400
            // and 422.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

struct Conferences {
    ari: Client,
    muted: HashSet<ChannelId>,
}

impl Conferences {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            // A member's telephone has transferred its call, and Asterisk has updated the room.
            Event::StasisStart(start) if start.replace_channel.is_some() => {}
            Event::StasisStart(start) => match start.args.first() {
                Some(number) => self.come_in(&start.channel, number).await?,
                None => self.ari.channel(&start.channel).hangup().await?,
            },
            Event::ChannelEnteredBridge(entered) => self.settle(&self.ari.bridge(&entered.bridge)).await?,
            Event::ChannelLeftBridge(left) => self.settle(&self.ari.bridge(&left.bridge)).await?,
            Event::ChannelDtmfReceived(dtmf) if dtmf.digit == "1" => self.toggle(&dtmf.channel.id).await?,
            Event::StasisEnd(end) => {
                println!("{} is gone", end.channel.name);
                self.muted.remove(&end.channel.id);
            }
            Event::Disconnected(gap) => println!("{gap}: conferences continue, keys are lost"),
            Event::Reconnected(gap) => println!("{gap}"),
            Event::Resynced(change) => {
                for bridge in change.bridges.changed.iter().chain(&change.bridges.appeared) {
                    self.settle(&self.ari.bridge(bridge)).await?;
                }
                for channel in &change.channels.vanished {
                    self.muted.remove(channel);
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn come_in(&self, channel: &Channel, number: &str) -> Result<(), Error> {
        println!("{} comes to room {number}", channel.name);
        self.ari.channel(channel).answer().await?;
        let room = self.ari.bridge(format!("{ROOM}{number}"));
        let bridge = match room.get().await {
            Err(error) if error.is_not_found() => {
                room.create_with_id().r#type("mixing,dtmf_events").name(number).await?
            }
            found => found?,
        };
        if let Err(error) = room.add_channel(&channel.id).await {
            // The room may have been created in vain.
            self.settle(&room).await?;
            return Err(error);
        }
        if bridge.channels.is_empty() {
            self.ari.channel(channel).play("sound:conf-onlyperson").await?;
        } else {
            room.play("sound:conf-hasjoin").await?;
        }
        Ok(())
    }

    /// Adapts a room to the number of its members. Asterisk is asked for it, since the event may be out of date.
    async fn settle(&self, room: &BridgeHandle) -> Result<(), Error> {
        if !room.bridge_id().as_str().starts_with(ROOM) {
            return Ok(());
        }
        match room.get().await?.channels.len() {
            0 => {
                println!("{} is empty", room.bridge_id());
                room.destroy().await
            }
            1 => room.start_moh().await,
            _ => match room.stop_moh().await {
                // There was no music.
                Err(error) if error.status() == Some(409) => Ok(()),
                result => result,
            },
        }
    }

    async fn toggle(&mut self, id: &ChannelId) -> Result<(), Error> {
        let channel = self.ari.channel(id);
        if self.muted.remove(id) {
            channel.unmute(Direction::In).await?;
            channel.play("sound:conf-now-unmuted").await?;
        } else {
            channel.mute(Direction::In).await?;
            self.muted.insert(id.clone());
            channel.play("sound:conf-now-muted").await?;
        }
        Ok(())
    }
}
