//! Tests against the real Asterisks of `e2e/asterisk/releases.txt`, each on all of them at the same time,
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

use std::collections::BTreeMap;

/// Variables by name, as replies and events have them.
fn by_name<const COUNT: usize>(pairs: [(&str, &str); COUNT]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
