//! Bridges.

mod members;
mod requests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::World;
use super::events::{Event, Topic};
use super::models::BridgeModel;
use super::{Outcome, refuse};
use crate::exchange::Reply;

#[derive(Debug, Default)]
pub(super) struct Bridge {
    id: String,
    name: String,
    kind: Type,
    pub(super) channels: Vec<String>,
    created: String,
    video_source: Option<String>,
    vars: BTreeMap<String, String>,
    reported: BTreeSet<String>,
    /// The playbacks that wait for the one that plays.
    pub(super) queue: VecDeque<String>,
    pub(super) playing: Option<String>,
    pub(super) recordings: BTreeSet<String>,
    pub(super) has_moh: bool,
}

const NOT_CREATED: &str = "Unable to create bridge";

/// What a bridge was asked to be.
#[derive(Debug, Default, Clone, Copy)]
struct Type {
    is_holding: bool,
    is_sfu: bool,
    is_single: bool,
}

impl Type {
    fn read(text: &str) -> Result<Self, Reply> {
        let mut kind = Self::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            match word {
                "mixing" | "dtmf_events" | "proxy_media" | "sdp_label" => {}
                "holding" => kind.is_holding = true,
                "video_sfu" => kind.is_sfu = true,
                "video_single" => kind.is_single = true,
                _ => return Err(Reply { reason: Some("Internal Error"), ..Reply::message(500, NOT_CREATED) }),
            }
        }
        Ok(kind)
    }
}

impl Bridge {
    /// Whether its channels hear music and announcements alone.
    pub(super) fn is_holding(&self) -> bool {
        self.kind.is_holding
    }

    fn technology(&self) -> &'static str {
        match self.kind {
            Type { is_holding: true, .. } => "holding_bridge",
            Type { is_sfu: true, .. } => "softmix",
            _ if self.channels.len() > 2 => "softmix",
            _ => "simple_bridge",
        }
    }
}

impl World {
    pub(super) fn bridge_model<'a>(&self, bridge: &'a Bridge) -> BridgeModel<'a> {
        let reported = bridge.reported.iter();
        BridgeModel {
            id: &bridge.id,
            technology: bridge.technology(),
            bridge_type: if bridge.kind.is_holding { "holding" } else { "mixing" },
            bridge_class: "stasis",
            creator: "Stasis",
            name: &bridge.name,
            channels: &bridge.channels,
            creationtime: self.traits.has_bridge_time.then_some(&*bridge.created),
            video_mode: match bridge.kind {
                _ if bridge.video_source.is_some() => "single",
                Type { is_sfu: true, .. } => "sfu",
                Type { is_single: true, .. } => "single",
                _ => "talker",
            },
            video_source_id: bridge.video_source.as_deref(),
            bridgevars: reported.filter_map(|name| Some((name.as_str(), bridge.vars.get(name)?.as_str()))).collect(),
        }
    }

    pub(super) fn bridge(&self, id: &str) -> Result<&Bridge, Reply> {
        let missing = || Reply { reason: Some("Not found"), ..Reply::message(404, "Bridge not found") };
        self.bridges.get(id).ok_or_else(missing)
    }

    fn bridge_reply(&self, id: &str) -> Outcome {
        // The one reply with the usual phrase.
        let bridge = self.bridge(id).map_err(|missing| Reply { reason: None, ..missing })?;
        Ok(Reply::json(200, &self.bridge_model(bridge)))
    }

    /// Sends an event about a bridge, perhaps with the channel that enters or leaves it.
    fn bridge_event(&mut self, id: &str, event: Event, channel: Option<&str>) {
        let Some(bridge) = self.bridges.get(id).filter(|_| self.is_wanted(Topic::Bridge(id))) else { return };
        let event = event.with("bridge", &self.bridge_model(bridge));
        let channel = channel.and_then(|channel| self.channels.get(channel));
        let model = channel.map(|channel| self.channel_model(channel));
        let event = event.with_some("channel", model.as_ref());
        self.emit(Topic::Bridge(id), &event);
    }

    fn create_bridge(&mut self, id: &str, name: &str, kind: &str) -> Outcome {
        let kind = Type::read(kind)?;
        let id = if id.is_empty() { self.uuid() } else { id.to_owned() };
        if self.bridges.contains_key(&id) {
            return refuse(409, format!("Bridge with id '{id}' already exists"));
        }
        let created = self.clock.stamp();
        let bridge = Bridge { id: id.clone(), name: name.to_owned(), kind, created, ..Bridge::default() };
        self.bridges.insert(id.clone(), bridge);
        self.bridge_event(&id, Event::new("BridgeCreated"), None);
        self.bridge_reply(&id)
    }
}
