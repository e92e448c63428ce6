//! Tests against the real Asterisks of `tests/asterisk/releases.txt`, each on all of them at the same time,
//! and most on every route of requests and events.
//!
//! Tests run side by side: every application, channel, bridge and recording has a name of its own.

mod applications;
mod bridges;
mod call;
mod channels;
mod encoding;
mod events;
mod examples;
mod faults;
mod hello_world;
mod media;
mod outbound;
mod release;
mod system;
mod together;
