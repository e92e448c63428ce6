//! Channels.

mod control;
pub(crate) mod create;
mod dial;
mod external;
mod far;
mod hangup;
mod leave;
mod pickup;
mod queue;
mod redirect;
mod requests;
mod snoop;
mod stasis;
mod transfer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) use hangup::{Hangup, NORMAL};
pub(super) use queue::{Busy, Command};
pub(super) use stasis::StasisCall;

use super::agenda::JobId;
use super::audio::{Directions, Snooping};
use super::dialplan::Program;
use super::events::{Event, Topic};
use super::models::{CallerId, ChannelModel, DialplanModel};
use super::{World, refuse};
use crate::exchange::Reply;

/// What can be dialled and subscribed to, such as `PJSIP/alice`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    pub(super) tech: String,
    pub(super) resource: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    #[default]
    Down,
    Ring,
    Ringing,
    Up,
    Busy,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Down => "Down",
            Self::Ring => "Ring",
            Self::Ringing => "Ringing",
            Self::Up => "Up",
            Self::Busy => "Busy",
        }
    }
}

/// Who runs a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Nobody: it is being dialled, or has just been created.
    #[default]
    Nowhere,
    Dialplan,
    Stasis(StasisCall),
}

/// A place in the dialplan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) context: String,
    pub(super) exten: String,
    pub(super) priority: u32,
}

#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact")]
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) protocol_id: String,
    pub(super) caller: CallerId,
    pub(super) connected: CallerId,
    pub(super) accountcode: String,
    pub(super) location: Location,
    pub(super) app_name: String,
    pub(super) app_data: String,
    /// What `app_name` and `app_data` are when no application of the dialplan runs it.
    pub(super) idle_app: (&'static str, &'static str),
    pub(super) created: String,
    pub(super) language: String,
    pub(super) vars: BTreeMap<String, String>,
    /// The variables that stand in `channelvars`.
    pub(super) reported: BTreeSet<String>,
    pub(super) endpoint: Option<Endpoint>,
    /// The other half of a Local channel.
    pub(super) peer: Option<String>,
    pub(super) place: Place,
    /// What the channel has been asked to do. One thing at a time.
    pub(super) queue: VecDeque<Command>,
    pub(super) busy: Option<Busy>,
    pub(super) is_pump_due: bool,
    pub(super) bridge: Option<String>,
    /// What was dialled to reach its other end.
    pub(super) dialled: String,
    pub(super) dial: Option<dial::Dialling>,
    /// The cause with which it ends along with its other end, which has refused the call.
    pub(super) refused: Option<u32>,
    /// It was created and then dialled, which keeps it in a bridge of Asterisk's own.
    pub(super) was_dialled: bool,
    /// What it does in the dialplan, or what the person does at its other end.
    pub(super) program: Option<Program>,
    pub(super) program_job: Option<JobId>,
    pub(super) hangup_cause: u32,
    pub(super) is_hanging_up: bool,
    /// Its other end is gone.
    pub(super) far_hung_up: bool,
    pub(super) snoops: Vec<String>,
    /// What it listens to.
    pub(super) snooping: Option<Snooping>,
    /// The directions in which its sound is muted.
    pub(super) muted: Directions,
    pub(super) has_moh: bool,
    /// A tone of the indication that it is called.
    pub(super) has_tone: bool,
    /// The dialplan plays something to its other end.
    pub(super) plays: bool,
    /// The person at its other end talks.
    pub(super) talks: bool,
    /// The applications that may claim it.
    pub(super) offered_to: Option<Vec<String>>,
    pub(super) detects_talking: bool,
    /// Since when sound arrives, where somebody notices.
    pub(super) talks_since: Option<tokio::time::Instant>,
}

impl Channel {
    pub(super) fn stasis(&self) -> Option<&StasisCall> {
        match &self.place {
            Place::Stasis(call) => Some(call),
            _ => None,
        }
    }

    /// Whether Asterisk has called it for an application, so that no dialplan runs it.
    pub(super) fn is_outgoing(&self) -> bool {
        !self.idle_app.0.is_empty()
    }

    pub(super) fn is_local(&self) -> bool {
        self.name.starts_with("Local/")
    }
}

impl World {
    pub(super) fn channel_model<'a>(&self, channel: &'a Channel) -> ChannelModel<'a> {
        let app = |text: &'a str| self.traits.has_dialplan_app.then_some(text);
        let value = |name: &str| channel.vars.get(name).map_or("", String::as_str);
        let vars = channel.reported.iter().map(|name| (name.as_str(), value(name)));
        ChannelModel {
            id: &channel.id,
            name: &channel.name,
            state: channel.state.name(),
            protocol_id: self.traits.has_protocol_id.then_some(&*channel.protocol_id),
            caller: &channel.caller,
            connected: &channel.connected,
            accountcode: &channel.accountcode,
            dialplan: DialplanModel {
                context: &channel.location.context,
                exten: &channel.location.exten,
                priority: channel.location.priority,
                app_name: app(&channel.app_name),
                app_data: app(&channel.app_data),
            },
            creationtime: &channel.created,
            language: &channel.language,
            channelvars: vars.collect(),
        }
    }

    /// The reply with a channel.
    pub(super) fn channel_reply(&self, id: &str) -> Reply {
        match self.channels.get(id) {
            Some(channel) => Reply::json(200, &self.channel_model(channel)),
            None => Reply::message(404, "Channel not found"),
        }
    }

    /// Sends an event about a channel, with its model.
    pub(super) fn channel_event(&mut self, id: &str, event: Event) {
        if let Some(channel) = self.channels.get(id).filter(|_| self.is_wanted(Topic::Channel(id))) {
            let event = event.with("channel", &self.channel_model(channel));
            self.emit(Topic::Channel(id), &event);
        }
    }

    pub(super) fn channel(&self, id: &str) -> Result<&Channel, Reply> {
        self.channels.get(id).ok_or_else(|| Reply::message(404, "Channel not found"))
    }

    /// A channel that an application controls.
    pub(super) fn controlled(&self, id: &str) -> Result<&Channel, Reply> {
        let channel = self.channel(id)?;
        match channel.place {
            Place::Stasis(_) => Ok(channel),
            _ => refuse(409, "Channel not in Stasis application"),
        }
    }

    /// One that is also answered, or rings.
    pub(super) fn usable(&self, id: &str) -> Result<&Channel, Reply> {
        let channel = self.controlled(id)?;
        if channel.state == State::Down { refuse(412, "Channel in invalid state") } else { Ok(channel) }
    }

    pub(super) fn set_state(&mut self, id: &str, state: State) {
        if let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.state != state) {
            channel.state = state;
            self.channel_event(id, Event::new("ChannelStateChange"));
            self.stir(id);
        }
    }
}
