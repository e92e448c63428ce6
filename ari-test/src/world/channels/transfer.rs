//! Transfers that a telephone asks for and Asterisk performs, without a request of the program.

use super::super::World;
use super::super::applications::Kind;
use super::super::events::{Event, Topic};
use super::super::order::STEP;
use super::create::Target;
use super::hangup::NORMAL;
use super::{Place, StasisCall, State};

/// The context in which numbers are looked up.
const CONTEXT: &str = "default";

impl World {
    /// Puts a new channel that leads to an extension in the place of the telephone's in its bridge. Returns whether it
    /// could.
    pub(crate) fn transfers_blind(&mut self, id: &str, exten: &str) -> bool {
        self.acts(id, format!("transfers to {exten}"));
        let Some(channel) = self.channels.get(id).filter(|channel| !channel.is_hanging_up) else { return false };
        let (Some(bridge), Some(call)) = (channel.bridge.clone(), channel.stasis().cloned()) else { return false };
        if !self.dialplan.has(exten) {
            return false;
        }
        let (one, two) = (self.unique_id(), self.unique_id());
        self.create_local(&one, &two, &Target::local(exten, CONTEXT));
        self.replace_in_bridge(id, &one, &bridge, &call.app);
        self.blind_transfer_event(id, &one, &bridge, exten);
        self.end_stasis(id);
        let (phone, far) = (id.to_owned(), two);
        self.after(STEP, move |world| {
            if let Some(channel) = world.channels.get_mut(&far) {
                channel.place = Place::Dialplan;
            }
            world.run_dialplan(&far);
        });
        // The telephone hangs up once the transfer is confirmed.
        self.after(STEP * 2, move |world| world.far_hangs_up(&phone, NORMAL));
        true
    }

    /// Gives the new channel the old one's place in the application and in the bridge.
    fn replace_in_bridge(&mut self, old: &str, new: &str, bridge: &str, app: &str) {
        if let Some(channel) = self.channels.get_mut(new) {
            channel.place = Place::Stasis(StasisCall { app: app.to_owned(), ..StasisCall::default() });
            // The bridge has it, whether or not the other end has answered.
            channel.state = State::Up;
        }
        self.subscribe(app, Kind::Channel, new);
        self.stasis_start(new, Some(old));
        self.leave_bridge(old);
        self.enter_bridge(bridge, new);
    }

    fn blind_transfer_event(&mut self, id: &str, new: &str, bridge: &str, exten: &str) {
        let (Some(channel), Some(replacing)) = (self.channels.get(id), self.channels.get(new)) else { return };
        let Some(at) = self.bridges.get(bridge) else { return };
        let mut others = at.channels.iter().filter(|member| *member != new);
        let transferee = others.next().filter(|_| others.next().is_none()).and_then(|id| self.channels.get(id));
        let transferee = transferee.map(|channel| self.channel_model(channel));
        let event = Event::new("BridgeBlindTransfer")
            .with("channel", &self.channel_model(channel))
            .with("replace_channel", &self.channel_model(replacing))
            .with_some("transferee", transferee.as_ref())
            .with("exten", exten)
            .with("context", CONTEXT)
            .with("result", "Success")
            .with("is_external", &true)
            .with("bridge", &self.bridge_model(at));
        self.emit(Topic::Bridge(bridge), &event);
    }
}
