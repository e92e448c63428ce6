//! The floor of decoding: one struct with every member that was recorded, filled in a single pass by serde's derive.
//!
//! It leaves dates and states as text, and the program has to find out which members an event of its type has.

#![allow(dead_code, clippy::struct_field_names, reason = "decoded, not read; the names are Asterisk's")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;

use serde::Deserialize;
use smol_str::SmolStr;

/// Text that points into the frame unless it has escapes.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

/// Any event. An unknown member is an error, so that a recording with a new one shows up as rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de> + Eq + std::hash::Hash"))]
struct Event<S> {
    r#type: S,
    application: S,
    timestamp: S,
    asterisk_id: Option<S>,
    channel: Option<Channel<S>>,
    peer: Option<Channel<S>>,
    bridge: Option<Bridge<S>>,
    playback: Option<Playback<S>>,
    recording: Option<Recording<S>>,
    device_state: Option<DeviceState<S>>,
    args: Option<Vec<S>>,
    caller: Option<S>,
    called: Option<S>,
    caller_presentation: Option<i64>,
    caller_presentation_txt: Option<S>,
    cause: Option<i64>,
    cause_txt: Option<S>,
    content_type: Option<S>,
    destination: Option<S>,
    dialplan_app: Option<S>,
    dialplan_app_data: Option<S>,
    dialstatus: Option<S>,
    dialstring: Option<S>,
    digit: Option<S>,
    duration: Option<i64>,
    duration_ms: Option<i64>,
    eventname: Option<S>,
    forward: Option<S>,
    message_body: Option<S>,
    old_video_source_id: Option<S>,
    reason_phrase: Option<S>,
    request_id: Option<S>,
    soft: Option<bool>,
    status_code: Option<i64>,
    transaction_id: Option<S>,
    uri: Option<S>,
    userevent: Option<serde_json::Value>,
    value: Option<S>,
    variable: Option<S>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de> + Eq + std::hash::Hash"))]
pub(super) struct Channel<S> {
    id: S,
    protocol_id: Option<S>,
    name: S,
    state: S,
    caller: CallerId<S>,
    connected: CallerId<S>,
    accountcode: S,
    dialplan: Dialplan<S>,
    creationtime: S,
    language: Option<S>,
    channelvars: Option<HashMap<S, S>>,
    caller_rdnis: Option<S>,
    tenantid: Option<S>,
}

#[derive(Debug, Deserialize)]
struct CallerId<S> {
    name: S,
    number: S,
}

#[derive(Debug, Deserialize)]
struct Dialplan<S> {
    context: S,
    exten: S,
    priority: i64,
    app_name: Option<S>,
    app_data: Option<S>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "S: Deserialize<'de> + Eq + std::hash::Hash"))]
struct Bridge<S> {
    id: S,
    technology: S,
    bridge_type: S,
    bridge_class: S,
    creator: S,
    name: S,
    channels: Vec<S>,
    video_mode: Option<S>,
    video_source_id: Option<S>,
    creationtime: Option<S>,
    bridgevars: Option<HashMap<S, S>>,
}

#[derive(Debug, Deserialize)]
struct Playback<S> {
    id: S,
    media_uri: S,
    next_media_uri: Option<S>,
    target_uri: S,
    language: Option<S>,
    state: S,
}

#[derive(Debug, Deserialize)]
struct Recording<S> {
    name: S,
    format: S,
    target_uri: S,
    state: S,
    duration: Option<i64>,
    talking_duration: Option<i64>,
    silence_duration: Option<i64>,
    cause: Option<S>,
}

#[derive(Debug, Deserialize)]
struct DeviceState<S> {
    name: S,
    state: S,
}

pub(super) fn strings(text: &str) -> bool {
    black_box(serde_json::from_str::<Event<String>>(text)).is_ok()
}

pub(super) fn small_strings(text: &str) -> bool {
    black_box(serde_json::from_str::<Event<SmolStr>>(text)).is_ok()
}

pub(super) fn borrowed(text: &str) -> bool {
    black_box(serde_json::from_str::<Event<Borrowed<'_>>>(text)).is_ok()
}

/// By the fastest JSON library for Rust, without compiler flags for this very processor.
pub(super) fn strings_by_sonic(text: &str) -> bool {
    black_box(sonic_rs::from_str::<Event<String>>(text)).is_ok()
}

pub(super) fn value(text: &str) -> bool {
    black_box(serde_json::from_str::<serde_json::Value>(text)).is_ok()
}

pub(super) fn value_by_sonic(text: &str) -> bool {
    black_box(sonic_rs::from_str::<sonic_rs::Value>(text)).is_ok()
}
