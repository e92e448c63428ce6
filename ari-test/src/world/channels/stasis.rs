//! Entering and leaving an application.

use super::super::World;
use super::super::applications::Kind;
use super::super::dialplan::stasis_data;
use super::super::events::{Event, Topic};
use super::leave::Leave;
use super::{Channel, Place};

/// A channel's stay in an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct StasisCall {
    pub(in super::super) app: String,
    pub(in super::super) args: Vec<String>,
    /// Where it goes once its queue is empty.
    pub(in super::super) leave: Option<Leave>,
}

impl World {
    /// Puts a channel into an application, at once or when its connection is there. Returns whether there is one.
    pub(in super::super) fn enter_stasis(&mut self, id: &str, app: &str, args: &[String]) -> bool {
        if self.await_connection(id, app, args) {
            return true;
        }
        if !self.has_app(app) {
            self.set_status(id, "FAILED");
            return false;
        }
        if let Some(channel) = self.channels.get_mut(id) {
            let call = StasisCall { app: app.to_owned(), args: args.to_vec(), leave: None };
            "Stasis".clone_into(&mut channel.app_name);
            channel.app_data = stasis_data(app, args);
            channel.place = Place::Stasis(call);
        }
        self.set_status(id, "");
        self.subscribe(app, Kind::Channel, id);
        self.stasis_start(id, None);
        true
    }

    /// Sends the event of a channel that has entered an application, perhaps in place of another channel.
    pub(in super::super) fn stasis_start(&mut self, id: &str, replaced: Option<&str>) {
        let Some(channel) = self.channels.get(id) else { return };
        let Some(call) = channel.stasis() else { return };
        let replaced = replaced.and_then(|id| self.channels.get(id)).map(|channel| self.channel_model(channel));
        let event = Event::new("StasisStart").with("args", &call.args).with("channel", &self.channel_model(channel));
        let (event, app) = (event.with_some("replace_channel", replaced.as_ref()), call.app.clone());
        self.emit(Topic::App(&app), &event);
    }

    /// Takes a channel out of its application.
    pub(in super::super) fn end_stasis(&mut self, id: &str) {
        if self.leave_stasis(id) {
            self.set_status(id, "SUCCESS");
            self.end_call_connection(id);
        }
    }

    /// Takes a channel out of its application. Returns whether it was in one.
    pub(super) fn leave_stasis(&mut self, id: &str) -> bool {
        let Some(app) = self.channels.get(id).and_then(Channel::stasis).map(|call| call.app.clone()) else {
            return false;
        };
        self.stasis_end(id, &app);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.place = Place::Nowhere;
        }
        self.unsubscribe(&app, Kind::Channel, id);
        true
    }

    /// Has a channel continue in the dialplan because its application can no longer be reached.
    pub(in super::super) fn lose_application(&mut self, id: &str, app: &str) {
        if self.channels.get(id).and_then(Channel::stasis).is_some_and(|call| call.app == app) {
            self.leave_later(id, Leave::Continue(None));
            self.leave_if_done(id);
            self.set_status(id, "FAILED");
        }
    }

    pub(in super::super) fn stasis_end(&mut self, id: &str, app: &str) {
        if let Some(channel) = self.channels.get(id) {
            let event = Event::new("StasisEnd").with("channel", &self.channel_model(channel));
            self.emit(Topic::App(app), &event);
        }
    }

    pub(in super::super) fn set_status(&mut self, id: &str, status: &str) {
        self.set_variable(id, "STASISSTATUS", status);
    }
}
