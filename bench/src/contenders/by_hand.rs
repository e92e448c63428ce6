//! Decoding without bindings.

use std::hint::black_box;

use serde::Deserialize;

mod types;

pub(super) use types::{Channel, Json, SerdeJson};

/// The fastest JSON library there is for Rust, as it is without compiler flags for this very processor.
struct SonicRs;

impl Json for SonicRs {
    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
        sonic_rs::from_str(text).ok()
    }
}

/// The answer to a ping.
#[derive(Debug, Deserialize)]
#[allow(dead_code, clippy::struct_field_names, reason = "decoded, not read; the names are Asterisk's")]
pub(super) struct Ping {
    asterisk_id: String,
    ping: String,
    timestamp: String,
}

pub(super) fn decode_serde_json(text: &str) -> bool {
    black_box(types::decode::<SerdeJson>(text)).is_some()
}

pub(super) fn decode_sonic(text: &str) -> bool {
    black_box(types::decode::<SonicRs>(text)).is_some()
}

pub(super) fn serde_json_value(text: &str) -> bool {
    black_box(serde_json::from_str::<serde_json::Value>(text)).is_ok()
}

pub(super) fn sonic_value(text: &str) -> bool {
    black_box(sonic_rs::from_str::<sonic_rs::Value>(text)).is_ok()
}
