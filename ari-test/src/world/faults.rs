//! What happens to a server rather than on it.

use super::{Frame, World};
use crate::exchange::SessionEnd;
use crate::journal::What;

/// What people see of the end of their calls when the server restarts.
const TEMPORARY_FAILURE: u32 = 41;

impl World {
    /// Sends a text to an application in place of an event.
    pub(crate) fn deliver_to(&mut self, app: &str, text: &str) {
        if let Some(session) = self.apps.get(app).and_then(|app| app.session) {
            self.send(session, Frame::Text(text.into()));
        }
    }

    /// Forgets what a restart does not keep.
    pub(crate) fn restart(&mut self) {
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.send(id, Frame::End(SessionEnd::Cut));
        }
        let fresh = Self::new(self.release, self.random.u64(..), self.clock.now());
        let old = std::mem::replace(self, fresh);
        self.next_session = old.next_session;
        self.next_ticket = old.next_ticket;
        // Ids have the second in which they are given, so that a real server does not repeat them.
        self.ids = old.ids;
        self.stored = old.stored;
        self.devices = old.devices;
        self.mailboxes = old.mailboxes;
        self.sounds = old.sounds;
        self.dialplan = old.dialplan;
        self.endpoints = old.endpoints;
        self.outbound = old.outbound;
        self.reported = old.reported;
        self.forget_calls();
        self.people = old.people;
        self.journal = old.journal;
        self.clock.restarted_from(&old.clock);
        for id in old.channels.keys() {
            self.part(id, TEMPORARY_FAILURE);
        }
        self.note(What::Restarted);
    }
}
