//! Rules about a release as a whole and its resource files.

use super::Direction::{Any, Release};
use super::Level::{Add, Break, Note, Risk};
use super::Rule;
use crate::change::Kind;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "resource-added",
        kind: Kind::ResourceAdded,
        direction: Any,
        wire: Add,
        rust: Add,
        detects: "a resource is new",
        wire_why: "Older clients do not ask for it.",
        rust_why: "A new module of operations and an accessor on the client.",
        advice: "Nothing; use it where every server has it.",
    },
    Rule {
        id: "resource-removed",
        kind: Kind::ResourceRemoved,
        direction: Any,
        wire: Break,
        rust: Break,
        detects: "a resource is gone",
        wire_why: "Every request to it answers 404.",
        rust_why: "Its module and its accessor disappear.",
        advice: "Find out what replaces it; keep the old release among the supported ones while servers have it.",
    },
    Rule {
        id: "required-modules-changed",
        kind: Kind::RequiredModules,
        direction: Release,
        wire: Risk,
        rust: Note,
        detects: "a resource needs other modules of Asterisk",
        wire_why: "A server that loads only the modules it needed so far answers 404.",
        rust_why: "Only documentation changes.",
        advice: "Load the modules in `modules.conf` before updating.",
    },
    Rule {
        id: "resource-path-changed",
        kind: Kind::ResourcePath,
        direction: Release,
        wire: Note,
        rust: Note,
        detects: "a resource's declarations are served elsewhere",
        wire_why: "Only programs that read the declarations from a server notice.",
        rust_why: "Generated code does not show it.",
        advice: "Nothing, unless a program of yours reads `/ari/api-docs`.",
    },
    Rule {
        id: "swagger-version-changed",
        kind: Kind::SwaggerVersion,
        direction: Release,
        wire: Risk,
        rust: Note,
        detects: "the declarations are in another dialect",
        wire_why: "Programs that read the declarations from a server may not understand them.",
        rust_why: "Generated code does not show it, provided that the reader understands the dialect.",
        advice: "Read what the new dialect means before trusting this report.",
    },
    Rule {
        id: "api-version-changed",
        kind: Kind::ApiVersion,
        direction: Release,
        wire: Note,
        rust: Note,
        detects: "the version that the API claims",
        wire_why: "No request or reply contains it.",
        rust_why: "Generated code does not show it.",
        advice: "Nothing; the number is no measure of compatibility.",
    },
    Rule {
        id: "since-changed",
        kind: Kind::Since,
        direction: Release,
        wire: Note,
        rust: Note,
        detects: "what Asterisk says of the first releases with an item",
        wire_why: "Nothing is sent differently.",
        rust_why: "Generated code does not use it: availability comes from the declarations themselves.",
        advice: "Nothing; the claims are sometimes wrong.",
    },
];
