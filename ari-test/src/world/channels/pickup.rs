//! Calls that somebody else picks up while they ring.

use super::super::World;
use super::super::applications::Kind;
use super::super::dialplan::stasis_data;
use super::dial::{Dialling, Then};
use super::hangup::Hangup;
use super::{Channel, Place, StasisCall, State};

/// Answered elsewhere.
const ELSEWHERE: u32 = 26;

impl World {
    /// Puts a channel in the place of one that rings, the name of which begins so. Returns whether there is one.
    pub(in super::super) fn pick_up(&mut self, id: &str, prefix: &str) -> bool {
        let is_ringing = |channel: &Channel| channel.state == State::Ringing && channel.dial.is_some();
        let mut ringing = self.channels.values().filter(|channel| channel.name.starts_with(prefix));
        let Some(target) = ringing.find(|channel| is_ringing(channel)).map(|channel| channel.id.clone()) else {
            return false;
        };
        let Some(dial) = self.stop_dialling(&target) else { return false };
        let job = self.channels.get_mut(id).and_then(|channel| channel.program_job.take());
        self.cancel(job);
        match dial.then {
            Then::Stay => self.take_place(id, &target),
            _ => self.take_call(id, &target, dial),
        }
        true
    }

    /// Takes the place of a channel in its application, which vanishes without an event of its end.
    fn take_place(&mut self, id: &str, target: &str) {
        let Some(app) = self.channels.get(target).and_then(Channel::stasis).map(|call| call.app.clone()) else {
            return;
        };
        if let Some(channel) = self.channels.get_mut(id) {
            channel.place = Place::Stasis(StasisCall { app: app.clone(), ..StasisCall::default() });
            channel.was_dialled = true;
        }
        self.subscribe(&app, Kind::Channel, id);
        self.stasis_start(id, Some(target));
        let bridge = self.channels.get(target).and_then(|channel| channel.bridge.clone());
        self.leave_bridge(target);
        self.stasis_end(target, &app);
        self.set_app(id, "Stasis", &stasis_data(&app, &[]));
        if let Some(bridge) = bridge {
            self.enter_bridge(&bridge, id);
        }
        let peer = self.channels.remove(target).and_then(|channel| channel.peer);
        self.part(target, ELSEWHERE);
        self.forget(Kind::Channel, target);
        if let Some(peer) = peer {
            self.far_hangs_up(&peer, ELSEWHERE);
        }
    }

    /// Takes a call on its way to an application or into the dialplan.
    fn take_call(&mut self, id: &str, target: &str, dial: Dialling) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.place = Place::Nowhere;
        }
        self.set_outgoing(id);
        self.connected(id, dial);
        self.hang_up(target, Hangup::Dialplan(ELSEWHERE));
    }
}
