//! What a program has left behind.

use super::World;

impl World {
    /// Everything that ends with its last user, in words.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let channels = self.channels.values().map(|channel| {
            let place = channel.stasis().map_or_else(String::new, |call| format!(" in {}", call.app));
            format!("channel {} ({}, {}{place})", channel.id, channel.name, channel.state.name())
        });
        let bridges = self.bridges.iter().map(|(id, bridge)| format!("bridge {id} of {:?}", bridge.channels));
        let playbacks = self.playbacks.keys().map(|id| format!("playback {id}"));
        let recordings = self.live.keys().map(|name| format!("live recording {name}"));
        let subscriptions = self.apps.values().flat_map(super::applications::App::subscriptions);
        channels.chain(bridges).chain(playbacks).chain(recordings).chain(subscriptions).collect()
    }
}
