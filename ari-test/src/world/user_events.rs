//! User events, calls that are offered to several applications, and talking.

use std::time::Duration;

use serde_json::{Map, Value};

use super::channels::{Hangup, NORMAL};
use super::events::{Event, Topic};
use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(super) fn event_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        Some(match operation {
            "userEvent" => self.user_event(arguments),
            "claimChannel" => self.claim(arguments),
            _ => return None,
        })
    }

    fn user_event(&mut self, arguments: &Arguments) -> Outcome {
        let app = arguments.text("application").unwrap_or_default();
        if !self.has_app(app) {
            return refuse(404, "Application not found");
        }
        let name = arguments.text("eventName").unwrap_or_default();
        let mut members = arguments.object("variables").cloned().unwrap_or_default();
        members.insert("eventname".to_owned(), name.into());
        let mut event = Event::new("ChannelUserevent").with("eventname", name).with("userevent", &members);
        for source in arguments.texts("source") {
            event = self.with_source(event, source)?;
        }
        self.emit(Topic::App(app), &event);
        Ok(Reply::empty(204))
    }

    fn with_source(&self, event: Event, source: &str) -> Result<Event, Reply> {
        let missing = || Reply::message(422, "Event source was not found");
        match source.split_once(':') {
            Some(("channel", id)) => {
                let channel = self.channels.get(id).ok_or_else(missing)?;
                Ok(event.with("channel", &self.channel_model(channel)))
            }
            Some(("bridge", id)) => {
                let bridge = self.bridges.get(id).ok_or_else(missing)?;
                Ok(event.with("bridge", &self.bridge_model(bridge)))
            }
            Some(("endpoint", id)) => {
                let (tech, resource) = id.split_once('/').filter(|_| self.has_endpoint(id)).ok_or_else(missing)?;
                Ok(event.with("endpoint", &self.endpoint_model(tech, resource)))
            }
            _ => refuse(400, "Invalid event source URI scheme"),
        }
    }

    /// The dialplan raises an event, which goes to the applications subscribed to the channel.
    pub(super) fn dialplan_user_event(&mut self, id: &str, name: &str, headers: &[(String, String)]) {
        let mut members: Map<String, Value> =
            headers.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        members.insert("eventname".to_owned(), name.into());
        self.channel_event(id, Event::new("ChannelUserevent").with("eventname", name).with("userevent", &members));
    }

    /// Offers a call to all applications whose names begin so, until one claims it.
    pub(super) fn broadcast(&mut self, id: &str, timeout: Duration, prefix: &str) {
        let apps: Vec<_> = self.apps.keys().filter(|app| app.starts_with(prefix)).cloned().collect();
        let Some(channel) = self.channels.get_mut(id) else { return };
        channel.offered_to = Some(apps.clone());
        let Some(channel) = self.channels.get(id) else { return };
        let event = Event::new("CallBroadcast").with("channel", &self.channel_model(channel));
        let event = event.with("caller", &channel.caller.number).with("called", &channel.location.exten);
        for app in &apps {
            self.emit(Topic::App(app), &event);
        }
        let id = id.to_owned();
        self.after(timeout, move |world| {
            if world.channels.get_mut(&id).is_some_and(|channel| channel.offered_to.take().is_some()) {
                world.hang_up(&id, Hangup::Dialplan(NORMAL));
            }
        });
    }

    fn claim(&mut self, arguments: &Arguments) -> Outcome {
        let text = |name: &str| arguments.text(name).unwrap_or_default();
        let (id, app) = (text("channelId"), text("application"));
        let Some(channel) = self.channels.get_mut(id) else {
            return refuse(404, "Channel not found or not in broadcast state");
        };
        let Some(apps) = channel.offered_to.take() else {
            return refuse(409, "Channel has already been claimed by another application");
        };
        let Some(channel) = self.channels.get(id) else { return refuse(404, "Channel not found") };
        let event = Event::new("CallClaimed").with("channel", &self.channel_model(channel)).with("winner_app", app);
        for offered in &apps {
            self.emit(Topic::App(offered), &event);
        }
        let (id, app) = (id.to_owned(), app.to_owned());
        self.after(super::order::step(0), move |world| {
            world.enter_stasis(&id, &app, &[]);
        });
        Ok(Reply::empty(204))
    }
}
