//! Tests against the real Asterisks of `tests/asterisk/releases.txt`, each on all of them at the same time.
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
mod release;
mod system;
mod together;
