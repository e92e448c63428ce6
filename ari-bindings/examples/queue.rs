//! A queue: callers hear music in a holding bridge, and the first free agent gets the caller who has waited longest.
//! Agents rest for a while after each call, answered or not. If an agent hangs up, the caller is first in the queue again.
//!
//! The dialplan sends the callers in; the program calls the agents:
//!
//! ```text
//! exten => 2005,1,Stasis(queue)
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari AGENTS=PJSIP/phone-b,Local/1001@default cargo run --example queue
//! $ cargo xtask asterisk call 2005 --scenario hangup --duration 30000
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk, `AGENTS` lists the endpoints of the agents.

use std::collections::VecDeque;
use std::env;
use std::time::Duration;

use ari_bindings::handles::BridgeHandle;
use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::models::Channel;
use ari_bindings::{Client, Error, Event, Events};
use tokio::time::{Instant, sleep_until};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("queue").resync(true).await?;
    println!("waiting for calls to the application queue");
    let agents = setting("AGENTS", "PJSIP/phone-b").split(',').map(str::to_owned).collect();
    serve(ari, events, Settings { agents, ring_seconds: 15, rest: Duration::from_secs(10) }).await
}

/// The agents and their timeouts.
pub struct Settings {
    /// Endpoints, in the order in which they are called.
    pub agents: Vec<String>,
    /// How long an agent's telephone rings, in seconds.
    pub ring_seconds: i64,
    /// How long an agent rests after a call, answered or not.
    pub rest: Duration,
}

/// Handles events and the ends of agents' rests one after the other.
pub async fn serve(ari: Client, mut events: Events, settings: Settings) -> Result<(), Error> {
    let agents = settings.agents.iter().map(|endpoint| Agent { endpoint: endpoint.clone(), state: State::Free });
    let agents = agents.collect();
    let line = make_line(&ari).await?;
    let mut queue = Queue { ari, settings, line, agents, waiting: VecDeque::new() };
    loop {
        // Cancelling `next` loses no event.
        let next = tokio::select! {
            next = events.next() => next,
            () = queue.rested() => {
                queue.call_agents().await;
                continue;
            }
        };
        let Some(event) = next else { break };
        let event = event?;
        match queue.react(&event).await {
            Ok(()) => {}
            // A party hung up at the same moment, and the event follows.
            Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
        queue.call_agents().await;
    }
    queue.line.destroy().await
}

/// A bridge in which callers hear music.
async fn make_line(ari: &Client) -> Result<BridgeHandle, Error> {
    let line = ari.bridge(ari.bridges().create().r#type("holding").name("queue").await?.id);
    line.start_moh().await?;
    Ok(line)
}

struct Queue {
    ari: Client,
    settings: Settings,
    /// The bridge in which callers wait.
    line: BridgeHandle,
    agents: Vec<Agent>,
    waiting: VecDeque<ChannelId>,
}

struct Agent {
    endpoint: String,
    state: State,
}

enum State {
    Free,
    Resting(Instant),
    Ringing(ChannelId),
    Talking {
        agent: ChannelId,
        caller: ChannelId,
        bridge: BridgeId,
    },
    /// Still ringing for a caller who has given up. Until the channel is gone, the telephone would be busy.
    Leaving(ChannelId),
}

impl Queue {
    async fn react(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            Event::StasisStart(start) => match &start.replace_channel {
                // A telephone has transferred its call, and Asterisk has replaced its channel by another one.
                Some(replaced) => {
                    self.replace(&replaced.id, &start.channel.id);
                    Ok(())
                }
                None if start.args.first().is_some_and(|argument| argument == "agent") => {
                    self.connect(start.args.get(1), &start.channel.id).await
                }
                None => self.wait(&start.channel).await,
            },
            Event::StasisEnd(end) => self.gone(&end.channel.id).await,
            // The only event about an agent who has not answered.
            Event::ChannelDestroyed(end) => self.destroyed(&end.channel.id).await,
            Event::Resynced(change) => {
                for id in &change.channels.vanished {
                    if let Err(error) = self.destroyed(id).await {
                        println!("too late: {error}");
                    }
                }
                Ok(())
            }
            Event::Disconnected(gap) => {
                println!("{gap}: calls continue, nobody is connected");
                Ok(())
            }
            // All calls are gone, and so is the holding bridge.
            Event::Reconnected(gap) if gap.restarted == Some(true) => {
                self.waiting.clear();
                for agent in &mut self.agents {
                    agent.state = State::Free;
                }
                self.line = make_line(&self.ari).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A caller enters the queue.
    async fn wait(&mut self, caller: &Channel) -> Result<(), Error> {
        println!("{} waits", caller.name);
        self.ari.channel(caller).answer().await?;
        self.line.add_channel(&caller.id).await?;
        self.waiting.push_back(caller.id.clone());
        Ok(())
    }

    /// Calls one agent for each waiting caller.
    async fn call_agents(&mut self) {
        let mut wanted = self.waiting.len();
        for agent in &mut self.agents {
            let State::Ringing(channel) = &agent.state else { continue };
            if wanted > 0 {
                wanted -= 1;
            } else {
                // The caller has hung up. The agent may have, too.
                let _ = self.ari.channel(channel).hangup().await;
                agent.state = State::Leaving(channel.clone());
            }
        }
        let now = Instant::now();
        let is_free = |agent: &Agent| match agent.state {
            State::Free => true,
            State::Resting(until) => until <= now,
            State::Ringing(_) | State::Talking { .. } | State::Leaving(_) => false,
        };
        for (number, agent) in self.agents.iter_mut().enumerate().filter(|(_, agent)| is_free(agent)).take(wanted) {
            let args = format!("agent,{number}");
            let originate = self.ari.channels().originate(&agent.endpoint).app("queue").app_args(args);
            agent.state = match originate.timeout(self.settings.ring_seconds).await {
                Ok(channel) => State::Ringing(channel.id),
                Err(error) => {
                    println!("{}: {error}", agent.endpoint);
                    State::Resting(now + self.settings.rest)
                }
            };
        }
    }

    /// Waits until the first rest of an agent ends; never returns without a waiting caller.
    async fn rested(&self) {
        let rests = self.agents.iter().filter_map(|agent| match agent.state {
            State::Resting(until) => Some(until),
            _ => None,
        });
        match rests.min().filter(|_| !self.waiting.is_empty()) {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    /// Connects an agent who has answered with the next caller. The arguments contain the agent's number: if the call was
    /// picked up, this is a different channel, and the called one may have ended already.
    async fn connect(&mut self, number: Option<&String>, agent: &ChannelId) -> Result<(), Error> {
        let found = number.and_then(|number| self.agents.get_mut(number.parse::<usize>().ok()?));
        let found = found.filter(|it| !matches!(it.state, State::Talking { .. } | State::Leaving(_)));
        let (Some(found), Some(caller)) = (found, self.waiting.front().cloned()) else {
            // No caller is waiting any more.
            return self.ari.channel(agent).hangup().await;
        };
        let bridge = match self.ari.bridges().create().r#type("mixing").await {
            Ok(bridge) => bridge.id,
            Err(error) => {
                // The caller waits for the next agent.
                let _ = self.ari.channel(agent).hangup().await;
                return Err(error);
            }
        };
        println!("{} takes {caller}", found.endpoint);
        self.waiting.pop_front();
        found.state = State::Talking { agent: agent.clone(), caller: caller.clone(), bridge: bridge.clone() };
        self.line.remove_channel(&caller).await?;
        self.ari.bridge(&bridge).add_channel([&caller, agent]).await
    }

    /// Puts the channel that replaces another one in its place.
    fn replace(&mut self, old: &ChannelId, new: &ChannelId) {
        let talking = self.agents.iter_mut().filter_map(|it| match &mut it.state {
            State::Talking { agent, caller, .. } => Some([agent, caller]),
            _ => None,
        });
        for id in talking.flatten().chain(&mut self.waiting).filter(|id| *id == old) {
            println!("{new} replaces {old}");
            *id = new.clone();
        }
    }

    /// Handles the end of a channel. If it was an agent's, the agent can be called again.
    async fn destroyed(&mut self, id: &ChannelId) -> Result<(), Error> {
        let result = self.gone(id).await;
        for agent in &mut self.agents {
            if matches!(&agent.state, State::Leaving(channel) if channel == id) {
                agent.state = State::Free;
            }
        }
        result
    }

    /// Handles the departure of a waiting caller, an agent, or a caller talking to an agent.
    async fn gone(&mut self, id: &ChannelId) -> Result<(), Error> {
        self.waiting.retain(|waiting| waiting != id);
        for it in &mut self.agents {
            match &it.state {
                State::Ringing(agent) if agent == id => it.state = State::Resting(Instant::now() + self.settings.rest),
                State::Talking { agent, caller, bridge } if agent == id => {
                    let (caller, bridge) = (caller.clone(), self.ari.bridge(bridge));
                    println!("{} leaves {caller}", it.endpoint);
                    it.state = State::Resting(Instant::now() + self.settings.rest);
                    self.waiting.push_front(caller.clone());
                    bridge.destroy().await?;
                    return self.line.add_channel(&caller).await;
                }
                State::Talking { agent, caller, bridge } if caller == id => {
                    let (agent, bridge) = (agent.clone(), self.ari.bridge(bridge));
                    it.state = State::Resting(Instant::now() + self.settings.rest);
                    // They may have hung up together.
                    let _ = self.ari.channel(agent).hangup().await;
                    return bridge.destroy().await;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
