//! Tests against the Asterisk servers of `e2e/asterisk/releases.txt`. Each test runs on all of them at the same time,
//! and most run on every route of requests and events.
//!
//! Tests run in parallel, so every application, channel, bridge and recording has a unique name.

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

/// Variables by name, in the form of responses and events.
fn by_name<const COUNT: usize>(pairs: [(&str, &str); COUNT]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
