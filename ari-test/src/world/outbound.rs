//! Applications for which the server connects to the program, with a connection for each call.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use super::channels::Place;
use super::events::Event;
use super::{Frame, World};
use crate::exchange::{SessionEnd, SessionId};

/// How long the connection of a call stays open after it.
const CALL_CONNECTION: Duration = Duration::from_millis(3500);

/// A channel that waits for its connection.
#[derive(Debug)]
pub(crate) struct Entering {
    pub(crate) app: String,
    pub(crate) channel_name: String,
    id: String,
    args: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Outbound {
    /// What opens the connections, by application.
    per_call: BTreeMap<String, mpsc::UnboundedSender<Entering>>,
    /// The applications that have the connection of one call, with its channel.
    calls: BTreeMap<String, String>,
    /// The sessions of persistent connections, with their applications.
    persistent: BTreeMap<SessionId, Vec<String>>,
}

impl World {
    /// Says what opens the connections of an application.
    pub(crate) fn set_per_call(&mut self, app: &str, connect: mpsc::UnboundedSender<Entering>) {
        self.outbound.per_call.insert(app.to_owned(), connect);
    }

    /// Opens no more connections for these applications, and closes those that persist.
    pub(crate) fn remove_outbound(&mut self, apps: &[String]) {
        for app in apps {
            self.outbound.per_call.remove(app);
        }
        let persistent = &self.outbound.persistent;
        let own = persistent.iter().filter(|(session, own)| *own == apps && self.sessions.contains_key(session));
        let sessions: Vec<_> = own.map(|(session, _)| *session).collect();
        self.outbound.persistent.retain(|_, own| own != apps);
        for session in sessions {
            for app in apps {
                let text = Event::new("ApplicationUnregistered").text(&self.clock.stamp(), app);
                // It goes to whichever connection has the application, or to its own if none has.
                let owner = self.apps.get(app).and_then(|app| app.session).unwrap_or(session);
                self.send(owner, Frame::Text(text));
            }
            self.end_session(session, SessionEnd::Closed);
            // Even from the connection that has taken them over.
            self.release_apps(apps);
        }
    }

    /// Whether calls can enter an application, if only by a connection of their own.
    pub(crate) fn takes_calls(&self, app: &str) -> bool {
        self.has_app(app) || self.outbound.per_call.contains_key(app)
    }

    /// Those of the applications that no connection has.
    pub(crate) fn vacant(&self, apps: &[String]) -> Vec<String> {
        let is_taken = |app: &String| self.apps.get(app).is_some_and(|app| app.session.is_some());
        apps.iter().filter(|app| !is_taken(app)).cloned().collect()
    }

    /// Sends the event that a connection of the server's own begins with, for each application.
    pub(crate) fn register(&mut self, session: SessionId, apps: &[String], is_persistent: bool) {
        if let Some(connection) = self.sessions.get_mut(&session) {
            // It replies in the name of an application that another connection has.
            connection.apps = apps.to_vec();
        }
        if is_persistent {
            self.outbound.persistent.insert(session, apps.to_vec());
        }
        for app in apps {
            let text = Event::new("ApplicationRegistered").text(&self.clock.stamp(), app);
            self.send(session, Frame::Text(text));
        }
    }

    /// Has a connection opened for a channel. Returns whether the application is one of those.
    pub(super) fn await_connection(&mut self, id: &str, app: &str, args: &[String]) -> bool {
        let (Some(connect), Some(channel)) = (self.outbound.per_call.get(app), self.channels.get(id)) else {
            return false;
        };
        let entering = Entering {
            app: app.to_owned(),
            channel_name: channel.name.clone(),
            id: id.to_owned(),
            args: args.to_vec(),
        };
        connect.send(entering).is_ok()
    }

    /// Puts a channel into the application of its connection.
    pub(crate) fn enter_connected(&mut self, call: &Entering, app: &str) {
        self.outbound.calls.insert(app.to_owned(), call.id.clone());
        let waits = self.channels.get(&call.id).is_some_and(|channel| !channel.is_hanging_up);
        if !waits || !self.enter_stasis(&call.id, app, &call.args) {
            self.close_call_connection(app);
        }
    }

    /// Whether the connection of a call is opened again when it is lost.
    pub(crate) fn keeps_connection(&self, app: &str) -> bool {
        self.outbound.calls.contains_key(app)
    }

    /// Goes on without the application whose connection is lost.
    pub(crate) fn fail_to_reconnect(&mut self, call: &Entering, app: &str) {
        if self.outbound.calls.remove(app).is_some() {
            self.lose_application(&call.id, app);
        }
    }

    /// Goes on without an application.
    pub(crate) fn fail_to_connect(&mut self, call: &Entering) {
        self.set_status(&call.id, "FAILED");
        match self.channels.get(&call.id).map(|channel| &channel.place) {
            Some(Place::Dialplan) => self.continue_after(&call.id, Duration::ZERO),
            Some(_) => self.destroy(&call.id, 0),
            None => {}
        }
    }

    /// The connections of calls do not outlast a restart.
    pub(super) fn forget_calls(&mut self) {
        self.outbound.calls.clear();
    }

    /// Closes the connection of a call after a while. The call has left its application and those that it was moved to.
    pub(super) fn end_call_connection(&mut self, id: &str) {
        let apps: Vec<_> =
            self.outbound.calls.iter().filter(|(_, call)| *call == id).map(|(app, _)| app.clone()).collect();
        for app in apps {
            self.after(CALL_CONNECTION, move |world| world.close_call_connection(&app));
        }
    }

    fn close_call_connection(&mut self, app: &str) {
        if self.outbound.calls.remove(app).is_none() {
            return;
        }
        if let Some(session) = self.apps.get(app).and_then(|app| app.session) {
            self.end_session(session, SessionEnd::Closed);
        }
    }
}
