//! Transfers with the keys of any telephone: the called party, here the agent, transfers the caller.
//!
//! - `#` number `#` is a blind transfer: the agent is released immediately, and the caller hears the target ring.
//! - `*` number `#` is an attended one: the caller hears music while the agent talks to the target. When the agent hangs
//!   up, caller and target are connected; when the target does, or with `*`, the agent gets the caller back.
//!
//! A blind transfer is an attended one in which the agent does not wait, so one state covers both. Telephones can also
//! transfer calls themselves; Asterisk reports such a transfer as a channel that replaces another one.
//!
//! The dialplan passes the number to call. Numbers are extensions of its context `default`:
//!
//! ```text
//! exten => _2006.,1,Stasis(transfer,${EXTEN:4})
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example transfer
//! $ cargo xtask asterisk call 20061006 --scenario hangup --duration 30000
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;

use ari_bindings::events::StasisStart;
use ari_bindings::handles::BridgeHandle;
use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::models::Channel;
use ari_bindings::{Client, Error, Event, Events};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("transfer").resync(true).await?;
    println!("waiting for calls to the application transfer");
    serve(ari, events).await
}

/// Handles events one after the other.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    let mut calls = Calls { ari, calls: Vec::new() };
    while let Some(event) = events.next().await {
        let event = event?;
        match calls.react(&event).await {
            Ok(()) => {}
            // A party hung up at the same moment, and the event follows.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

struct Calls {
    ari: Client,
    calls: Vec<Call>,
}

/// Up to three parties, two of whom talk. All talk in the same bridge, which the caller leaves to hear music.
struct Call {
    ari: Client,
    bridge: BridgeId,
    caller: ChannelId,
    /// The party that talks to the caller and can transfer; none after a blind transfer.
    agent: Option<ChannelId>,
    /// The target of a transfer.
    next: Option<ChannelId>,
    is_next_there: bool,
    /// The keys of a transfer that is being dialled.
    keys: String,
}

impl Calls {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::StasisStart(start) => match (&start.replace_channel, start.args.first().map(String::as_str)) {
                // A telephone has transferred its call, and Asterisk has replaced its channel by another one.
                (Some(replaced), _) => {
                    self.replace(&replaced.id, &start.channel.id);
                    Ok(())
                }
                (None, Some("called")) => self.answered(start).await,
                (None, Some(number)) => self.begin(&start.channel, number).await,
                (None, None) => self.ari.channel(&start.channel).hangup().await,
            },
            Event::ChannelDtmfReceived(dtmf) => match self.call_with(&dtmf.channel.id) {
                Some(call) if call.agent.as_ref() == Some(&dtmf.channel.id) => call.key(&dtmf.digit).await,
                _ => Ok(()),
            },
            Event::StasisEnd(end) => self.gone(&end.channel.id).await,
            // Picked up elsewhere: the channel that picked up the call enters the application with the same arguments.
            Event::ChannelDestroyed(end) if end.cause == 26 => Ok(()),
            // The only event about a party that has not answered.
            Event::ChannelDestroyed(end) => self.gone(&end.channel.id).await,
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

    fn replace(&mut self, old: &ChannelId, new: &ChannelId) {
        if let Some(role) = self.call_with(old).and_then(|call| call.role(old)) {
            println!("{new} replaces {old}");
            *role = new.clone();
        }
    }

    async fn begin(&mut self, caller: &Channel, number: &str) -> Result<(), Error> {
        self.ari.channel(caller).ring().await?;
        let bridge = self.ari.bridges().create().r#type("mixing,dtmf_events").await?.id;
        let agent = match call(&self.ari, number, &caller.id).await {
            Ok(agent) => agent,
            Err(error) => {
                // Often the caller has hung up; otherwise no other party is left to wait for.
                let _ = self.ari.bridge(&bridge).destroy().await;
                let _ = self.ari.channel(caller).hangup().await;
                return Err(error);
            }
        };
        println!("{} calls {number}", caller.name);
        self.calls.push(Call {
            ari: self.ari.clone(),
            bridge,
            caller: caller.id.clone(),
            agent: Some(agent),
            next: None,
            is_next_there: false,
            keys: String::new(),
        });
        Ok(())
    }

    /// A called party has answered, or its call was picked up: then this is a different channel, and only the arguments
    /// identify the party.
    async fn answered(&mut self, start: &StasisStart) -> Result<(), Error> {
        let (id, caller) = (&start.channel.id, start.args.get(1));
        if let Some(call) = self.call_with(id) {
            return call.answered(id).await;
        }
        match self.calls.iter_mut().find(|call| caller.is_some_and(|caller| call.caller == **caller)) {
            Some(call) => {
                let role = if call.next.is_some() { &mut call.next } else { &mut call.agent };
                *role = Some(id.clone());
                call.answered(id).await
            }
            // The call is over.
            None => self.ari.channel(id).hangup().await,
        }
    }

    fn call_with(&mut self, id: &ChannelId) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.has(id))
    }

    async fn gone(&mut self, id: &ChannelId) -> Result<(), Error> {
        let Some(position) = self.calls.iter().position(|call| call.has(id)) else { return Ok(()) };
        if self.calls[position].goes_on_without(id) {
            return self.calls[position].left(id).await;
        }
        let call = self.calls.swap_remove(position);
        println!("the call of {} is over", call.caller);
        call.end().await
    }
}

/// Calls a number for a caller.
async fn call(ari: &Client, number: &str, caller: &ChannelId) -> Result<ChannelId, Error> {
    let originate = ari.channels().originate(format!("Local/{number}@default")).app("transfer");
    Ok(originate.app_args(format!("called,{caller}")).originator(caller).timeout(20).await?.id)
}

impl Call {
    fn has(&self, id: &ChannelId) -> bool {
        self.caller == *id || self.agent.as_ref() == Some(id) || self.next.as_ref() == Some(id)
    }

    /// The place of a channel in the call.
    fn role(&mut self, id: &ChannelId) -> Option<&mut ChannelId> {
        [Some(&mut self.caller), self.agent.as_mut(), self.next.as_mut()].into_iter().flatten().find(|it| *it == id)
    }

    /// Whether a party is left to talk to the caller.
    fn goes_on_without(&self, id: &ChannelId) -> bool {
        let others = [&self.agent, &self.next].into_iter().flatten().filter(|other| *other != id);
        self.caller != *id && others.count() > 0
    }

    fn bridge(&self) -> BridgeHandle {
        self.ari.bridge(&self.bridge)
    }

    /// The agent or the target of a transfer has answered.
    async fn answered(&mut self, id: &ChannelId) -> Result<(), Error> {
        self.bridge().add_channel(id).await?;
        if self.next.as_ref() != Some(id) {
            self.ari.channel(&self.caller).answer().await?;
            return self.bridge().add_channel(&self.caller).await;
        }
        self.is_next_there = true;
        match &self.agent {
            Some(agent) => self.ari.channel(agent).ring_stop().await,
            None => self.hand_over().await,
        }
    }

    /// The agent has pressed a key.
    async fn key(&mut self, key: &str) -> Result<(), Error> {
        if let Some(next) = &self.next {
            // The end of the target brings the caller back.
            return if key == "*" { self.ari.channel(next).hangup().await } else { Ok(()) };
        }
        if self.keys.is_empty() && key != "#" && key != "*" {
            return Ok(());
        }
        self.keys.push_str(key);
        let keys = self.keys.clone();
        let (Some(number), Some(agent)) = (keys[1..].strip_suffix('#'), &self.agent) else { return Ok(()) };
        println!("{agent} sends {} to {number}", self.caller);
        self.keys.clear();
        let agent = self.ari.channel(agent);
        self.next = Some(call(&self.ari, number, &self.caller).await?);
        self.is_next_there = false;
        self.bridge().remove_channel(&self.caller).await?;
        self.ari.channel(&self.caller).start_moh().await?;
        if keys.starts_with('#') { agent.hangup().await } else { agent.ring().await }
    }

    /// The agent or the target has left, and the other one talks or still rings.
    async fn left(&mut self, id: &ChannelId) -> Result<(), Error> {
        if self.next.as_ref() == Some(id) {
            self.next = None;
            if let Some(agent) = &self.agent {
                self.ari.channel(agent).ring_stop().await?;
            }
            return self.bring_back().await;
        }
        self.agent = None;
        if self.is_next_there {
            return self.hand_over().await;
        }
        let caller = self.ari.channel(&self.caller);
        caller.stop_moh().await?;
        caller.ring().await
    }

    /// The target takes over the call and can transfer it in turn.
    async fn hand_over(&mut self) -> Result<(), Error> {
        self.agent = self.next.take();
        self.bring_back().await
    }

    /// Moves the caller from the music or the ringing back to the others.
    async fn bring_back(&self) -> Result<(), Error> {
        let caller = self.ari.channel(&self.caller);
        caller.stop_moh().await?;
        caller.ring_stop().await?;
        self.bridge().add_channel(&self.caller).await
    }

    /// Removes the bridge and the channels that still exist.
    async fn end(self) -> Result<(), Error> {
        for channel in [Some(&self.caller), self.agent.as_ref(), self.next.as_ref()].into_iter().flatten() {
            let _ = self.ari.channel(channel).hangup().await;
        }
        self.bridge().destroy().await
    }
}
