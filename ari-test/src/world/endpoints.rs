//! Endpoints: phones that are registered or not.

use std::collections::BTreeMap;

use super::channels::Endpoint;
use super::dialplan::Act;
use super::events::{Event, Topic};
use super::models::EndpointModel;
use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

/// Phones, by technology and resource.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    phones: BTreeMap<(String, String), Phone>,
}

#[derive(Debug, Default)]
struct Phone {
    is_online: bool,
    /// What its owner does when it rings.
    script: Vec<Act>,
    /// The channels of the calls that have rung at it.
    calls: Vec<String>,
}

impl Endpoints {
    /// What the owner of a phone does about a call on this channel.
    pub(super) fn call(&mut self, tech: &str, resource: &str, channel: &str) -> Option<Vec<Act>> {
        let phone = self.phones.get_mut(&(tech.to_owned(), resource.to_owned()))?;
        phone.calls.push(channel.to_owned());
        Some(phone.script.clone())
    }
}

impl World {
    /// Adds a phone, or changes what its owner does.
    pub(crate) fn set_phone(&mut self, tech: &str, resource: &str, script: Vec<Act>) {
        let phone = self.endpoints.phones.entry((tech.to_owned(), resource.to_owned())).or_default();
        phone.is_online = true;
        phone.script = script;
    }

    /// The channels of all calls to a phone, also of those that have ended.
    pub(crate) fn calls_to(&self, tech: &str, resource: &str) -> &[String] {
        let phone = self.endpoints.phones.get(&(tech.to_owned(), resource.to_owned()));
        phone.map_or(&[], |phone| &phone.calls)
    }

    /// Registers or unregisters a phone.
    pub(crate) fn set_phone_online(&mut self, tech: &str, resource: &str, is_online: bool) {
        if let Some(phone) = self.endpoints.phones.get_mut(&(tech.to_owned(), resource.to_owned())) {
            phone.is_online = is_online;
        }
        let endpoint = Endpoint { tech: tech.to_owned(), resource: resource.to_owned() };
        let event = Event::new("EndpointStateChange").with("endpoint", &self.endpoint_model(tech, resource));
        self.emit(Topic::Endpoint(&endpoint), &event);
    }

    /// Whether there is such an endpoint, or a technology of that name.
    pub(super) fn has_endpoint(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((tech, resource)) => self.endpoints.phones.contains_key(&(tech.to_owned(), resource.to_owned())),
            None => name == "PJSIP" || self.endpoints.phones.keys().any(|(tech, _)| tech == name),
        }
    }

    /// Whether calls reach a phone.
    pub(super) fn is_online(&self, tech: &str, resource: &str) -> bool {
        self.endpoints.phones.get(&(tech.to_owned(), resource.to_owned())).is_some_and(|phone| phone.is_online)
    }

    pub(super) fn endpoint_device_state(&self, name: &str) -> Option<&'static str> {
        let (tech, resource) = name.split_once('/')?;
        let phone = self.endpoints.phones.get(&(tech.to_owned(), resource.to_owned()))?;
        let in_use = self.endpoint_channels(tech, resource).next().is_some();
        Some(match phone {
            Phone { is_online: false, .. } => "UNAVAILABLE",
            _ if in_use => "INUSE",
            _ => "NOT_INUSE",
        })
    }

    fn endpoint_channels<'a>(&'a self, tech: &'a str, resource: &'a str) -> impl Iterator<Item = &'a str> {
        let is_here = move |endpoint: &Endpoint| endpoint.tech == tech && endpoint.resource == resource;
        let channels = self.channels.values();
        channels.filter(move |channel| channel.endpoint.as_ref().is_some_and(is_here)).map(|channel| &*channel.id)
    }

    pub(super) fn endpoint_model<'a>(&'a self, tech: &'a str, resource: &'a str) -> EndpointModel<'a> {
        let phone = self.endpoints.phones.get(&(tech.to_owned(), resource.to_owned()));
        EndpointModel {
            technology: tech,
            resource,
            state: if phone.is_some_and(|phone| phone.is_online) { "online" } else { "offline" },
            channel_ids: self.endpoint_channels(tech, resource).collect(),
        }
    }

    pub(super) fn endpoint_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let text = |name: &str| arguments.text(name).unwrap_or_default();
        let (tech, resource) = (text("tech"), text("resource"));
        let models = |world: &Self, tech: Option<&str>| {
            let phones = world.endpoints.phones.keys().filter(|phone| tech.is_none_or(|tech| phone.0 == tech));
            let models: Vec<_> = phones.map(|(tech, resource)| world.endpoint_model(tech, resource)).collect();
            Reply::json(200, &models)
        };
        Some(match operation {
            "list" => Ok(models(self, None)),
            "listByTech" if self.has_endpoint(tech) => Ok(models(self, Some(tech))),
            "listByTech" => refuse(404, format!("No Endpoints found - invalid tech {tech}")),
            "get" if self.has_endpoint(&format!("{tech}/{resource}")) => {
                Ok(Reply::json(200, &self.endpoint_model(tech, resource)))
            }
            "get" => refuse(404, "Endpoint not found"),
            "sendMessage" | "refer" => self.message(text("to")),
            "sendMessageToEndpoint" | "referToEndpoint" => self.message_to(tech, resource),
            _ => return None,
        })
    }

    fn message(&self, to: &str) -> Outcome {
        let (tech, resource) = to.split_once(':').unwrap_or(("", to));
        self.message_to(&tech.to_ascii_uppercase(), resource)
    }

    fn message_to(&self, tech: &str, resource: &str) -> Outcome {
        if self.has_endpoint(&format!("{tech}/{resource}")) {
            Ok(Reply::empty(202))
        } else {
            refuse(404, "Endpoint not found")
        }
    }
}
