//! Rules about models and events.

use super::Direction::{Any, Event};
use super::Level::{Add, Break, Note, Risk};
use super::Rule;
use crate::change::Kind;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "model-added",
        kind: Kind::ModelAdded,
        direction: Any,
        wire: Add,
        rust: Add,
        detects: "a model is new",
        wire_why: "What brings it is reported where it is used.",
        rust_why: "A new struct.",
        advice: "Nothing.",
    },
    Rule {
        id: "model-removed",
        kind: Kind::ModelRemoved,
        direction: Any,
        wire: Note,
        rust: Break,
        detects: "a model is gone",
        wire_why: "A model's name does not travel; what used it is reported there.",
        rust_why: "The struct disappears.",
        advice: "Use what took its place.",
    },
    Rule {
        id: "model-renamed",
        kind: Kind::ModelRenamed,
        direction: Any,
        wire: Note,
        rust: Break,
        detects: "a model has another name (guessed: the same properties under a new name)",
        wire_why: "A model's name does not travel.",
        rust_why: "The struct is called otherwise.",
        advice: "Rename it; check the guess first.",
    },
    Rule {
        id: "subtype-moved",
        kind: Kind::SubtypeMoved,
        direction: Event,
        wire: Break,
        rust: Break,
        detects: "a model inherits from another one",
        wire_why: "What it inherited may be missing.",
        rust_why: "Inherited fields come and go; a model that becomes an event, or is none any more, changes modules.",
        advice: "Hold the fields that you read against the new declaration.",
    },
    Rule {
        id: "discriminator-changed",
        kind: Kind::Discriminator,
        direction: Event,
        wire: Break,
        rust: Break,
        detects: "another property distinguishes events",
        wire_why: "A client that reads the old property does not recognise an event.",
        rust_why: "Decoding is written for the property that it is now: regeneration refuses.",
        advice: "Teach the runtime's decoding the new property.",
    },
    Rule {
        id: "event-added",
        kind: Kind::EventAdded,
        direction: Event,
        wire: Risk,
        rust: Add,
        detects: "an event is new",
        wire_why: "A client that refuses what it does not know meets it.",
        rust_why: "A new variant of the open enum; so far it came as `Event::Unknown`.",
        advice: "Let unknown events pass.",
    },
    Rule {
        id: "event-removed",
        kind: Kind::EventRemoved,
        direction: Event,
        wire: Break,
        rust: Break,
        detects: "an event is gone",
        wire_why: "A client that waits for it waits in vain.",
        rust_why: "The variant and its struct disappear.",
        advice: "Find out which event replaces it.",
    },
];
