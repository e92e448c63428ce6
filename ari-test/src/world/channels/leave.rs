//! Where a channel goes from an application: into the dialplan or into another application.

use super::super::World;
use super::super::applications::Kind;
use super::super::events::{Event, Topic};
use super::super::order::START_BEFORE_END;
use super::{Channel, Location, Place, StasisCall};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Leave {
    /// Into the dialplan, there or behind the place that it came from.
    Continue(Option<Location>),
    Move {
        app: String,
        args: Vec<String>,
    },
}

impl World {
    /// Has the channel leave its application once its queue is empty.
    pub(super) fn leave_later(&mut self, id: &str, leave: Leave) {
        if let Some(Place::Stasis(call)) = self.channels.get_mut(id).map(|channel| &mut channel.place) {
            call.leave = Some(leave);
        }
    }

    pub(super) fn leave_if_done(&mut self, id: &str) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        if channel.busy.is_some() || channel.is_hanging_up {
            return;
        }
        let Place::Stasis(call) = &mut channel.place else { return };
        match call.leave.take() {
            Some(Leave::Continue(location)) => self.continue_in_dialplan(id, location),
            Some(Leave::Move { app, args }) => self.move_to(id, &app, args),
            None => {}
        }
    }

    fn continue_in_dialplan(&mut self, id: &str, location: Option<Location>) {
        self.leave_bridge(id);
        if self.channels.get(id).is_some_and(Channel::is_outgoing) {
            // Its application runs the dialplan, and so ends with the channel.
            self.leave_stasis(id);
            self.end_call_connection(id);
        } else {
            self.end_stasis(id);
        }
        let Some(channel) = self.channels.get_mut(id) else { return };
        channel.place = Place::Dialplan;
        match location {
            Some(location) => channel.location = location,
            None => channel.location.priority += 1,
        }
        self.run_dialplan(id);
    }

    fn move_to(&mut self, id: &str, app: &str, args: Vec<String>) {
        let Some(old) = self.channels.get(id).and_then(Channel::stasis).map(|call| call.app.clone()) else { return };
        if !self.is_connected(app) {
            let Some(channel) = self.channels.get(id) else { return };
            let event = Event::new("ApplicationMoveFailed").with("channel", &self.channel_model(channel));
            let event = event.with("destination", app).with("args", &args);
            return self.emit(Topic::App(&old), &event);
        }
        let starts_first = old != app && self.happens(START_BEFORE_END);
        if !starts_first {
            self.stasis_end(id, &old);
        }
        self.unsubscribe(&old, Kind::Channel, id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.place = Place::Stasis(StasisCall { app: app.to_owned(), args, leave: None });
        }
        self.subscribe(app, Kind::Channel, id);
        self.stasis_start(id, None);
        if starts_first {
            self.stasis_end(id, &old);
        }
    }
}
