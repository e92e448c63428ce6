//! Channels that enter and leave bridges.

use super::super::World;
use super::super::applications::Kind;
use super::super::channels::{Busy, Channel, Command};
use super::super::events::Event;
use super::super::order::{DESTROY_BRIDGE, ENTER_BRIDGE, STEP, step};
use super::super::{Answer, Ticket, refuse};
use super::Bridge;
use crate::exchange::Reply;

/// The variable that names the other channels of a bridge.
const PEER: &str = "BRIDGEPEER";

impl World {
    /// Adds channels, each once it has done what it was asked before.
    pub(super) fn add_to_bridge(&mut self, id: &str, channels: &[&str], ticket: Ticket) -> Answer {
        self.bridge(id)?;
        if channels.is_empty() {
            return refuse(400, "Missing parameter channel");
        }
        for channel in channels {
            let Some(channel) = self.channels.get(*channel) else {
                return refuse(400, "Channel not found");
            };
            if channel.stasis().is_none() {
                return refuse(422, "Channel not in Stasis application");
            }
            if let Some(Busy::Recording(_)) = channel.busy {
                return refuse(409, format!("Channel {} currently recording", channel.id));
            }
        }
        let delay = self.place(ENTER_BRIDGE);
        if delay.is_zero() && self.channels_are_idle(channels) {
            self.reply(ticket, Reply::empty(204));
        }
        let channels = channels.iter().map(ToString::to_string).collect();
        self.enter_next(id.to_owned(), channels, ticket);
        Ok(None)
    }

    fn channels_are_idle(&self, channels: &[&str]) -> bool {
        channels.iter().all(|id| self.channels.get(*id).is_some_and(|channel| channel.busy.is_none()))
    }

    /// Adds the first channel, and then the others.
    fn enter_next(&mut self, bridge: String, mut channels: Vec<String>, ticket: Ticket) {
        if channels.is_empty() {
            return self.reply_after(STEP / 2, ticket, Reply::empty(204));
        }
        let channel = channels.remove(0);
        let entering = channel.clone();
        let job = move |world: &mut Self| {
            world.enter_bridge(&bridge, &entering);
            world.enter_next(bridge, channels, ticket);
        };
        if self.channels.contains_key(&channel) {
            self.enqueue(&channel, Command::run(job));
        } else {
            job(self);
        }
    }

    pub(in super::super) fn enter_bridge(&mut self, id: &str, channel: &str) {
        let Some(app) = self.channels.get(channel).and_then(Channel::stasis).map(|call| call.app.clone()) else {
            return;
        };
        if !self.bridges.contains_key(id) || self.channels.get(channel).is_none_or(|channel| channel.is_hanging_up) {
            return;
        }
        self.leave_bridge(channel);
        self.subscribe(&app, Kind::Bridge, id);
        let Some(bridge) = self.bridges.get_mut(id) else { return };
        bridge.channels.push(channel.to_owned());
        if bridge.has_moh {
            self.hears(channel, "moh");
        }
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.bridge = Some(id.to_owned());
        }
        self.bridge_event(id, Event::new("ChannelEnteredBridge"), Some(channel));
        let id = id.to_owned();
        self.after(STEP, move |world| world.name_peers(&id));
    }

    /// Keeps in a variable of each channel of a bridge which others are in it.
    fn name_peers(&mut self, id: &str) {
        let Some(bridge) = self.bridges.get(id) else { return };
        let members: Vec<_> = bridge.channels.iter().filter_map(|member| self.channels.get(member)).collect();
        let mut changes = Vec::new();
        for member in &members {
            let others = members.iter().filter(|other| other.id != member.id).map(|other| other.name.as_str());
            let others = others.collect::<Vec<_>>().join(",");
            if member.vars.get(PEER).map_or("", String::as_str) != others {
                changes.push((member.id.clone(), others));
            }
        }
        for (member, others) in changes {
            self.set_variable(&member, PEER, &others);
        }
    }

    /// Takes a channel out of its bridge, if it is in one.
    pub(in super::super) fn leave_bridge(&mut self, channel: &str) {
        let Some(id) = self.channels.get_mut(channel).and_then(|channel| channel.bridge.take()) else { return };
        let Some(bridge) = self.bridges.get_mut(&id) else { return };
        bridge.channels.retain(|member| member != channel);
        let is_empty = bridge.channels.is_empty();
        if bridge.video_source.as_deref() == Some(channel) {
            bridge.video_source = None;
        }
        if self.channels.get(channel).is_some_and(|channel| channel.vars.contains_key(PEER)) {
            self.set_variable(channel, PEER, "");
        }
        self.bridge_event(&id, Event::new("ChannelLeftBridge"), Some(channel));
        self.name_peers(&id);
        if is_empty {
            self.end_announcements(&id);
        }
        if let Some(app) = self.channels.get(channel).and_then(Channel::stasis).map(|call| call.app.clone()) {
            self.unsubscribe(&app, Kind::Bridge, &id);
        }
    }

    /// The announcer and the recorder do not stay in a bridge alone.
    fn end_announcements(&mut self, id: &str) {
        let Some(bridge) = self.bridges.get_mut(id) else { return };
        let playbacks: Vec<_> = bridge.playing.take().into_iter().chain(std::mem::take(&mut bridge.queue)).collect();
        let recordings = std::mem::take(&mut bridge.recordings);
        for playback in playbacks {
            self.fail_playback(&playback);
        }
        for recording in recordings {
            self.finish_recording(&recording);
        }
    }

    pub(super) fn remove_from_bridge(&mut self, id: &str, channels: &[&str], ticket: Ticket) -> Answer {
        self.bridge(id)?;
        if channels.is_empty() {
            return refuse(400, "Missing parameter channel");
        }
        for channel in channels {
            let Some(channel) = self.channels.get(*channel) else {
                return refuse(400, "Channel not found");
            };
            if channel.stasis().is_none() {
                return refuse(422, "Channel not in Stasis application");
            }
            if channel.bridge.as_deref() != Some(id) {
                return refuse(422, "Channel not in this bridge");
            }
        }
        let channels = channels.iter().map(ToString::to_string).collect();
        self.leave_next(channels, ticket);
        Ok(None)
    }

    fn leave_next(&mut self, mut channels: Vec<String>, ticket: Ticket) {
        if channels.is_empty() {
            return self.reply_after(STEP / 2, ticket, Reply::empty(204));
        }
        let channel = channels.remove(0);
        let leaving = channel.clone();
        let job = move |world: &mut Self| {
            world.leave_bridge(&leaving);
            world.leave_next(channels, ticket);
        };
        if self.channels.contains_key(&channel) {
            self.enqueue(&channel, Command::run(job));
        } else {
            job(self);
        }
    }

    /// Destroys a bridge, whose channels stay in their applications.
    pub(super) fn destroy_bridge(&mut self, id: &str, ticket: Ticket) -> Answer {
        let Bridge { channels, .. } = self.bridge(id)?;
        let mut leaving = channels.clone();
        self.shuffle(&mut leaving);
        let place = self.place(DESTROY_BRIDGE);
        let bridge = id.to_owned();
        self.after(step(0), move |world| {
            let rest = leaving.split_off(leaving.len().min(1));
            for channel in leaving {
                world.leave_bridge(&channel);
            }
            world.after(STEP, move |world| {
                for channel in rest {
                    world.leave_bridge(&channel);
                }
                world.end_announcements(&bridge);
                world.bridge_event(&bridge, Event::new("BridgeDestroyed"), None);
                world.bridges.remove(&bridge);
                world.forget(Kind::Bridge, &bridge);
            });
        });
        self.reply_after(place, ticket, Reply::empty(204));
        Ok(None)
    }
}
