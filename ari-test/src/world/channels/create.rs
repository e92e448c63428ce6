//! New channels: those that requests create, and those that come in.

use std::time::Duration;

use super::super::applications::Kind;
use super::super::dialplan::stasis_data;
use super::super::events::Event;
use super::super::models::CallerId;
use super::super::order::{CREATE, ORIGINATE, REFUSED_CALL, step};
use super::super::variables::{Assignment, assignments};
use super::super::{Answer, Ticket, World, refuse};
use super::dial::Then;
use super::hangup::NORMAL;
use super::{Channel, Endpoint, Location, State};
use crate::exchange::Reply;
use crate::surface::{Arguments, split};

/// How long Asterisk waits for an answer by default.
const TIMEOUT: i64 = 30;

/// A call from outside.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// The extension that is called.
    pub(crate) exten: String,
    pub(crate) caller: String,
    /// The caller's name.
    pub(crate) name: String,
    /// The telephone, such as `PJSIP/alice`.
    pub(crate) endpoint: String,
}

/// What is dialled, such as `PJSIP/alice` or `Local/1000@default`.
pub(super) struct Target {
    endpoint: Endpoint,
    /// The extension and context of a Local channel.
    exten: String,
    context: String,
}

impl Target {
    fn read(text: &str) -> Option<Self> {
        let (tech, resource) =
            text.split_once('/').filter(|(tech, resource)| !tech.is_empty() && !resource.is_empty())?;
        let local = resource.split('/').next().unwrap_or_default();
        let (exten, context) = local.split_once('@').unwrap_or((local, "default"));
        let endpoint = Endpoint { tech: tech.to_owned(), resource: resource.to_owned() };
        Some(Self { endpoint, exten: exten.to_owned(), context: context.to_owned() })
    }

    /// An extension of the dialplan.
    pub(super) fn local(exten: &str, context: &str) -> Self {
        let endpoint = Endpoint { tech: "Local".to_owned(), resource: format!("{exten}@{context}") };
        Self { endpoint, exten: exten.to_owned(), context: context.to_owned() }
    }

    fn is_local(&self) -> bool {
        self.endpoint.tech.eq_ignore_ascii_case("Local")
    }
}

impl World {
    pub(super) fn originate(&mut self, arguments: &Arguments, ticket: Ticket) -> Answer {
        let target = target_of(arguments)?;
        let then = destination(arguments)?;
        self.check_formats(arguments)?;
        let variables = arguments.object("variables").map(assignments).transpose()?.unwrap_or_default();
        let id = self.create_channel(arguments, &target)?;
        self.set_outgoing(&id);
        self.prepare(&id, arguments.text("callerId"), &variables);
        if let Then::Stasis { app, .. } = &then {
            let app = app.clone();
            self.subscribe_pair(&app, &id);
        }
        let timeout = arguments.number("timeout").unwrap_or(TIMEOUT);
        let timeout = u64::try_from(timeout).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
        self.dial(&id, None, timeout, then);
        let refuses = target.is_local() && self.dialplan.refuses(&target.exten);
        let place = self.place(if refuses { REFUSED_CALL } else { ORIGINATE });
        let reply = self.channel_reply(&id);
        self.reply_after(place, ticket, reply);
        Ok(None)
    }

    pub(super) fn create(&mut self, arguments: &Arguments, ticket: Ticket) -> Answer {
        let target = target_of(arguments)?;
        self.check_formats(arguments)?;
        let variables = arguments.object("variables").map(assignments).transpose()?.unwrap_or_default();
        let id = self.create_channel(arguments, &target)?;
        self.prepare(&id, None, &variables);
        let place = self.place(CREATE);
        let reply = self.channel_reply(&id);
        self.reply_after(place, ticket, reply);
        let app = arguments.text("app").unwrap_or_default().to_owned();
        let args = app_args(arguments);
        self.subscribe(&app, Kind::Channel, &id);
        self.after(step(0), move |world| world.enter_created(&id, &app, &args));
        Ok(None)
    }

    /// Puts a channel that no dialplan runs into an application.
    pub(super) fn enter_created(&mut self, id: &str, app: &str, args: &[String]) {
        self.set_app(id, "Stasis", &stasis_data(app, args));
        if !self.enter_stasis(id, app, args) {
            self.destroy(id, 0);
        }
    }

    /// Notes that Asterisk has called, and nothing runs the channel yet.
    pub(super) fn set_outgoing(&mut self, id: &str) {
        let (name, data) = ("AppDial2", "(Outgoing Line)");
        if let Some(channel) = self.channels.get_mut(id) {
            channel.idle_app = (name, data);
        }
        self.set_app(id, name, data);
    }

    /// Notes which application of the dialplan runs a channel.
    pub(in super::super) fn set_app(&mut self, id: &str, name: &str, data: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            (channel.app_name, channel.app_data) = (name.to_owned(), data.to_owned());
            let event = Event::new("ChannelDialplan").with("dialplan_app", &channel.app_name);
            let event = event.with("dialplan_app_data", &channel.app_data);
            self.channel_event(id, event);
        }
    }

    fn check_formats(&self, arguments: &Arguments) -> Result<(), Reply> {
        let formats = arguments.text("formats").unwrap_or_default();
        let originator = arguments.text("originator").unwrap_or_default();
        if !formats.is_empty() && !originator.is_empty() {
            return refuse(400, "Originator and formats can't both be specified");
        }
        if !originator.is_empty() && !self.channels.contains_key(originator) {
            return refuse(400, "Provided originator channel was not found");
        }
        let unknown = formats.split(',').find(|format| !format.is_empty() && !super::external::is_format(format));
        unknown.map_or(Ok(()), |format| refuse(400, format!("Provided format ({format}) was not found")))
    }

    /// Makes the channel, or both halves of a Local channel.
    fn create_channel(&mut self, arguments: &Arguments, target: &Target) -> Result<String, Reply> {
        let given = |name: &str| arguments.text(name).filter(|id| !id.is_empty()).map(str::to_owned);
        let (id, other) = (given("channelId"), given("otherChannelId"));
        if [&id, &other].into_iter().flatten().any(|id| !self.is_free(id)) || (id.is_some() && id == other) {
            return refuse(409, "Channel with given unique ID already exists");
        }
        let Endpoint { tech, resource } = &target.endpoint;
        if !target.is_local() && !self.is_online(tech, resource) {
            return Err(Reply::allocation_failed());
        }
        let other = other.or_else(|| id.as_ref().map(|id| format!("{id};2")));
        let id = id.unwrap_or_else(|| self.unique_id());
        if target.is_local() {
            let other = other.unwrap_or_else(|| self.unique_id());
            self.create_local(&id, &other, target);
        } else {
            let name = format!("{tech}/{}-{:08x}", target.exten, self.channel_number());
            let protocol_id = self.uuid();
            let endpoint = Endpoint { tech: tech.clone(), resource: target.exten.clone() };
            let channel = Channel { name, protocol_id, endpoint: Some(endpoint), ..Channel::default() };
            self.add_channel(&id, channel);
        }
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.dialled.clone_from(resource);
        }
        Ok(id)
    }

    pub(super) fn create_local(&mut self, id: &str, other: &str, target: &Target) {
        let Target { exten, context, .. } = target;
        let number = self.local_number();
        for (half, own, peer, state) in [(1, id, other, State::Down), (2, other, id, State::Ring)] {
            let name = format!("Local/{exten}@{context}-{number:08x};{half}");
            let location = Location { context: context.clone(), exten: exten.clone(), priority: 1 };
            let peer = Some(peer.to_owned());
            self.add_channel(own, Channel { name, state, location, peer, ..Channel::default() });
        }
    }

    pub(super) fn add_channel(&mut self, id: &str, channel: Channel) {
        let mut channel = Channel {
            id: id.to_owned(),
            created: self.clock.stamp(),
            language: "en".to_owned(),
            hangup_cause: NORMAL,
            reported: self.reported.clone(),
            ..channel
        };
        if channel.location == Location::default() {
            channel.location = Location { context: "default".to_owned(), exten: "s".to_owned(), priority: 1 };
        }
        self.channels.insert(id.to_owned(), channel);
        self.meet(id);
        self.channel_event(id, Event::new("ChannelCreated"));
    }

    /// Gives a new outgoing channel its caller and its variables.
    fn prepare(&mut self, id: &str, caller_id: Option<&str>, variables: &[Assignment]) {
        let peer = self.channels.get(id).and_then(|channel| channel.peer.clone());
        if let Some(caller) = caller_id.filter(|text| !text.is_empty()).map(caller_id_of) {
            for channel in [Some(id), peer.as_deref()].into_iter().flatten() {
                if let Some(channel) = self.channels.get_mut(channel) {
                    channel.connected = caller.clone();
                    channel.caller = caller.clone();
                }
            }
            self.channel_event(id, Event::new("ChannelConnectedLine"));
        }
        for assignment in variables {
            self.assign(id, assignment);
            if let Some(peer) = peer.as_ref().filter(|_| !assignment.name.contains('(')) {
                self.assign(peer, assignment);
            }
        }
    }

    /// Subscribes an application to a channel and to its other half.
    fn subscribe_pair(&mut self, app: &str, id: &str) {
        self.subscribe(app, Kind::Channel, id);
        if let Some(peer) = self.channels.get(id).and_then(|channel| channel.peer.clone()) {
            self.subscribe(app, Kind::Channel, &peer);
        }
    }

    /// A call comes in. Returns the id of its channel.
    pub(crate) fn arrive(&mut self, Arrival { exten, caller, name: caller_name, endpoint }: &Arrival) -> String {
        let id = self.unique_id();
        let (tech, resource) = endpoint.split_once('/').unwrap_or(("PJSIP", endpoint));
        let name = format!("{tech}/{resource}-{:08x}", self.channel_number());
        let location = Location { context: "default".to_owned(), exten: exten.clone(), priority: 1 };
        let endpoint = Some(Endpoint { tech: tech.to_owned(), resource: resource.to_owned() });
        let protocol_id = self.uuid();
        let caller = CallerId { name: caller_name.clone(), number: caller.clone() };
        let channel =
            Channel { name, location, endpoint, protocol_id, caller, state: State::Ring, ..Channel::default() };
        self.add_channel(&id, channel);
        let next = id.clone();
        self.after(step(0), move |world| world.run_dialplan(&next));
        id
    }
}

/// What a request dials.
fn target_of(arguments: &Arguments) -> Result<Target, Reply> {
    let text = arguments.text("endpoint").unwrap_or_default();
    Target::read(text).ok_or_else(|| Reply::message(400, "Invalid endpoint specified"))
}

/// Where the call goes when it is answered.
fn destination(arguments: &Arguments) -> Result<Then, Reply> {
    let text = |name: &str| arguments.text(name).filter(|text| !text.is_empty());
    if let Some(app) = text("app") {
        return Ok(Then::Stasis { app: app.to_owned(), args: app_args(arguments) });
    }
    let Some(exten) = text("extension") else {
        return refuse(400, "Application or extension must be specified");
    };
    let priority =
        arguments.number("priority").and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    let context = text("context").unwrap_or("default").to_owned();
    Ok(Then::Dialplan(Location { context, exten: exten.to_owned(), priority: priority.unwrap_or(1) }))
}

/// The arguments of an application, separated by commas and perhaps in quotes.
pub(super) fn app_args(arguments: &Arguments) -> Vec<String> {
    let text = arguments.text("appArgs").unwrap_or_default();
    if text.is_empty() { Vec::new() } else { split(text) }
}

/// The caller in a text such as `"Ada" <100>`.
pub(in super::super) fn caller_id_of(text: &str) -> CallerId {
    let text = text.trim();
    match text.split_once('<') {
        Some((name, number)) => CallerId {
            name: name.trim().trim_matches('"').to_owned(),
            number: number.trim_end_matches('>').trim().to_owned(),
        },
        None if text.chars().all(|char| char.is_ascii_digit() || "+*#".contains(char)) => {
            CallerId { name: String::new(), number: text.to_owned() }
        }
        None => CallerId { name: text.trim_matches('"').to_owned(), number: String::new() },
    }
}
