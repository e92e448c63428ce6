//! A release as early as Asterisk 12: what came later has to be optional to the hand-written code.

use ari_codegen::fixups::FIXUPS;
use ari_codegen::{Generated, Record, Release, ReleaseSource, Source, generate};
use serde_json::Value;

use crate::support::supported;

const EARLY: Release = Release { major: 12, minor: 0, patch: 0 };

/// Events that Asterisk 12.0.0 does not have.
const LATER_EVENTS: &[&str] = &[
    "ApplicationMoveFailed",
    "BridgeAttendedTransfer",
    "BridgeBlindTransfer",
    "BridgeVideoSourceChanged",
    "ChannelConnectedLine",
    "ChannelHold",
    "ChannelToneDetected",
    "ChannelUnhold",
    "ContactStatusChange",
    "PeerStatusChange",
    "PlaybackContinuing",
    "TextMessageReceived",
];

/// Properties that came with later releases.
const LATER_PROPERTIES: &[(&str, &str)] = &[
    ("Application", "events_allowed"),
    ("Application", "events_disallowed"),
    ("Bridge", "creationtime"),
    ("Bridge", "video_mode"),
    ("Channel", "language"),
    ("Channel", "protocol_id"),
    ("DialplanCEP", "app_data"),
    ("DialplanCEP", "app_name"),
    ("LiveRecording", "target_uri"),
    ("StasisStart", "replace_channel"),
];

/// The oldest supported release without what Asterisk 12.0.0 does not have.
pub(crate) fn generated() -> Generated {
    let oldest = supported().remove(0);
    let resources = oldest.resources.into_iter().filter(|(name, _)| name != "mailboxes");
    let early = resources.map(|(name, source)| {
        let mut file: Value = serde_json::from_str(&source.text).unwrap();
        remove_later(&mut file);
        let source = Source { file: format!("{EARLY}/{name}.json"), text: file.to_string() };
        (name, source)
    });
    let early = ReleaseSource { release: EARLY, resources: early.collect() };
    generate(&[early], FIXUPS, &Record::default()).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn remove_later(file: &mut Value) {
    let Some(models) = file["models"].as_object_mut() else { return };
    models.retain(|name, _| !LATER_EVENTS.contains(&name.as_str()));
    for (name, model) in models {
        if let Some(subtypes) = model.get_mut("subTypes").and_then(Value::as_array_mut) {
            subtypes.retain(|subtype| !LATER_EVENTS.contains(&subtype.as_str().unwrap()));
        }
        if let Some(properties) = model["properties"].as_object_mut() {
            properties.retain(|property, _| !LATER_PROPERTIES.contains(&(name.as_str(), property.as_str())));
        }
    }
}
