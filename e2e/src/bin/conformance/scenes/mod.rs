//! The scenes: each prepares the server, calls operations, and waits for the resulting events.

mod applications;
mod asterisk;
mod bridges;
mod channel_errors;
mod channels;
mod claims;
mod device_states;
mod endpoints;
mod events;
mod external;
mod mailboxes;
mod media;
mod outbound;
mod phones;
mod playbacks;
mod recordings;
mod sounds;
mod tones;
mod transfers;

use std::pin::Pin;

use crate::scene::Scene;

pub(crate) type Run = fn(Scene) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A scene of the list.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// Values of the state file that the scene needs.
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: Run,
}

const fn scene(name: &'static str, run: Run) -> Entry {
    Entry { name, needs: &[], run }
}

const fn needing(name: &'static str, needs: &'static [&'static str], run: Run) -> Entry {
    Entry { name, needs, run }
}

/// All scenes, in the order of play.
pub(crate) const SCENES: &[Entry] = &[
    scene("applications", |scene| Box::pin(applications::run(scene))),
    scene("asterisk", |scene| Box::pin(asterisk::run(scene))),
    scene("bridges", |scene| Box::pin(bridges::run(scene))),
    scene("channel errors", |scene| Box::pin(channel_errors::run(scene))),
    scene("channels", |scene| Box::pin(channels::run(scene))),
    scene("claims", |scene| Box::pin(claims::run(scene))),
    scene("device states", |scene| Box::pin(device_states::run(scene))),
    needing("endpoints", &["SIP_PORT"], |scene| Box::pin(endpoints::run(scene))),
    scene("events", |scene| Box::pin(events::run(scene))),
    scene("external media", |scene| Box::pin(external::run(scene))),
    scene("mailboxes", |scene| Box::pin(mailboxes::run(scene))),
    scene("media", |scene| Box::pin(media::run(scene))),
    needing("phones", &["SIP_PORT"], |scene| Box::pin(phones::run(scene))),
    scene("playbacks", |scene| Box::pin(playbacks::run(scene))),
    scene("recordings", |scene| Box::pin(recordings::run(scene))),
    scene("sounds", |scene| Box::pin(sounds::run(scene))),
    scene("tones", |scene| Box::pin(tones::run(scene))),
    needing("transfers", &["SIP_PORT"], |scene| Box::pin(transfers::run(scene))),
    // It changes the configuration.
    needing("outbound", &["PHONE_PORT", "RUN"], |scene| Box::pin(outbound::run(scene))),
];
