//! The scenes: each prepares what it needs, calls, and waits for what follows.

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

/// All of them, in the order in which they are played.
pub(crate) const SCENES: &[(&str, Run)] = &[
    ("applications", |scene| Box::pin(applications::run(scene))),
    ("asterisk", |scene| Box::pin(asterisk::run(scene))),
    ("bridges", |scene| Box::pin(bridges::run(scene))),
    ("channel errors", |scene| Box::pin(channel_errors::run(scene))),
    ("channels", |scene| Box::pin(channels::run(scene))),
    ("claims", |scene| Box::pin(claims::run(scene))),
    ("device states", |scene| Box::pin(device_states::run(scene))),
    ("endpoints", |scene| Box::pin(endpoints::run(scene))),
    ("events", |scene| Box::pin(events::run(scene))),
    ("external media", |scene| Box::pin(external::run(scene))),
    ("media", |scene| Box::pin(media::run(scene))),
    ("phones", |scene| Box::pin(phones::run(scene))),
    ("playbacks", |scene| Box::pin(playbacks::run(scene))),
    ("recordings", |scene| Box::pin(recordings::run(scene))),
    ("sounds", |scene| Box::pin(sounds::run(scene))),
    ("tones", |scene| Box::pin(tones::run(scene))),
    ("transfers", |scene| Box::pin(transfers::run(scene))),
    // It changes the configuration.
    ("outbound", |scene| Box::pin(outbound::run(scene))),
];
