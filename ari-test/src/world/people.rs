//! What people at the other ends of channels do and hear.

use std::sync::Arc;

use tokio::sync::Notify;

use super::World;
use super::channels::{Channel, State};
use super::events::Event;
use crate::journal::What;

/// What is known of the person at the other end of a channel, also after its end.
#[derive(Debug, Default)]
pub(super) struct Person {
    heard: Vec<String>,
    /// The cause of the channel's end.
    ended: Option<u32>,
    /// Wakes those who wait for something to happen to the person.
    changed: Arc<Notify>,
}

impl World {
    /// There is a new channel of this id.
    pub(super) fn meet(&mut self, id: &str) {
        self.people.insert(id.to_owned(), Person::default());
    }

    /// Notes what the person at the other end of a channel hears.
    pub(super) fn hears(&mut self, id: &str, what: &str) {
        let Some(channel) = self.channels.get(id) else { return };
        let who = who(channel);
        if let Some(person) = self.people.get_mut(id) {
            person.heard.push(what.to_owned());
            person.changed.notify_waiters();
        }
        self.note(What::Heard { channel: id.to_owned(), who, what: what.to_owned() });
    }

    /// Has those who wait for something to happen on a channel look again.
    pub(super) fn stir(&self, id: &str) {
        if let Some(person) = self.people.get(id) {
            person.changed.notify_waiters();
        }
    }

    /// A channel has ended.
    pub(super) fn part(&mut self, id: &str, cause: u32) {
        if let Some(person) = self.people.get_mut(id) {
            person.ended = Some(cause);
            person.changed.notify_waiters();
        }
    }

    /// What the person at the other end of a channel has heard, also after its end.
    pub(crate) fn heard(&self, id: &str) -> &[String] {
        self.people.get(id).map_or(&[], |person| &person.heard)
    }

    /// The cause with which a channel has ended.
    pub(crate) fn ended(&self, id: &str) -> Option<u32> {
        self.people.get(id).and_then(|person| person.ended)
    }

    /// What wakes those who wait for something to happen to the person.
    pub(crate) fn changes(&self, id: &str) -> Option<Arc<Notify>> {
        self.people.get(id).map(|person| Arc::clone(&person.changed))
    }

    pub(crate) fn is_up(&self, id: &str) -> bool {
        self.channels.get(id).is_some_and(|channel| channel.state == State::Up)
    }

    /// Notes what a person does.
    pub(crate) fn acts(&mut self, id: &str, act: impl Into<String>) {
        if let Some(channel) = self.channels.get(id) {
            let who = who(channel);
            self.note(What::Act { channel: id.to_owned(), who, act: act.into() });
        }
    }

    /// The person answers.
    pub(crate) fn picks_up(&mut self, id: &str) {
        self.acts(id, "answers");
        self.answered(id);
    }

    /// The person does not take the call.
    pub(crate) fn turns_down(&mut self, id: &str, cause: u32) {
        self.acts(id, if cause == 17 { "is busy" } else { "declines" });
        self.refused(id, cause);
    }

    /// The person puts the other party on hold, or takes it back.
    pub(crate) fn holds(&mut self, id: &str, is_held: bool) {
        if self.channels.get(id).is_none_or(|channel| channel.is_hanging_up) {
            return;
        }
        if is_held {
            self.acts(id, "holds");
            self.channel_event(id, Event::new("ChannelHold").with("musicclass", "N/A"));
            for other in self.others_in_bridge(id) {
                self.hears(&other, "moh");
            }
        } else {
            self.acts(id, "resumes");
            self.channel_event(id, Event::new("ChannelUnhold"));
        }
    }

    /// The other channels in the bridge of a channel.
    pub(super) fn others_in_bridge(&self, id: &str) -> Vec<String> {
        let bridge = self.channels.get(id).and_then(|channel| channel.bridge.as_ref());
        let members = bridge.and_then(|bridge| self.bridges.get(bridge)).map(|bridge| bridge.channels.as_slice());
        members.unwrap_or_default().iter().filter(|member| *member != id).cloned().collect()
    }
}

/// Who is at the other end, by number or endpoint.
fn who(channel: &Channel) -> String {
    match &channel.endpoint {
        Some(endpoint) => format!("{}/{}", endpoint.tech, endpoint.resource),
        None => channel.name.clone(),
    }
}
