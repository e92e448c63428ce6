//! What one writes for oneself: the recorded types of event as plain structs, their type found by a first pass.

#![allow(dead_code, clippy::struct_field_names, reason = "decoded, not read; the names are Asterisk's")]

use std::collections::HashMap;

use serde::Deserialize;

/// A library that reads JSON.
pub(crate) trait Json {
    /// Reads one value.
    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T>;
}

/// `serde_json`.
pub(crate) struct SerdeJson;

impl Json for SerdeJson {
    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
        serde_json::from_str(text).ok()
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    r#type: &'a str,
}

macro_rules! structs {
    ($($name:ident { $($field:ident: $ty:ty),* $(,)? })+) => {
        $(
            #[derive(Debug, Deserialize)]
            pub(crate) struct $name { $($field: $ty),* }
        )+
    };
}

macro_rules! events {
    ($($name:ident { $($field:ident: $ty:ty),* $(,)? })+) => {
        structs! { $($name { application: String, timestamp: String, asterisk_id: Option<String>, $($field: $ty),* })+ }

        #[derive(Debug)]
        pub(crate) enum Event {
            $($name(Box<$name>),)+
        }

        pub(crate) fn decode<J: Json>(text: &str) -> Option<Event> {
            let tag: Tag<'_> = J::read(text)?;
            Some(match tag.r#type {
                $(stringify!($name) => Event::$name(J::read(text)?),)+
                _ => return None,
            })
        }
    };
}

structs! {
    CallerId { name: String, number: String }
    Dialplan { context: String, exten: String, priority: i64, app_name: Option<String>, app_data: Option<String> }
    Channel {
        id: String, protocol_id: Option<String>, name: String, state: String, caller: CallerId, connected: CallerId,
        accountcode: String, dialplan: Dialplan, creationtime: String, language: Option<String>,
        channelvars: Option<HashMap<String, String>>, caller_rdnis: Option<String>, tenantid: Option<String>,
    }
    Bridge {
        id: String, technology: String, bridge_type: String, bridge_class: String, creator: String, name: String,
        channels: Vec<String>, video_mode: Option<String>, video_source_id: Option<String>,
        creationtime: Option<String>, bridgevars: Option<HashMap<String, String>>,
    }
    Playback {
        id: String, media_uri: String, next_media_uri: Option<String>, target_uri: String, language: Option<String>,
        state: String,
    }
    Recording {
        name: String, format: String, target_uri: String, state: String, duration: Option<i64>,
        talking_duration: Option<i64>, silence_duration: Option<i64>, cause: Option<String>,
    }
    Endpoint { technology: String, resource: String, state: Option<String>, channel_ids: Vec<String> }
    DeviceState { name: String, state: String }
}

events! {
    ApplicationMoveFailed { channel: Channel, destination: String, args: Vec<String> }
    ApplicationRegistered {}
    ApplicationReplaced {}
    BridgeCreated { bridge: Bridge }
    BridgeDestroyed { bridge: Bridge }
    BridgeVideoSourceChanged { bridge: Bridge, old_video_source_id: Option<String> }
    CallBroadcast { channel: Channel, caller: Option<String>, called: Option<String> }
    ChannelCallerId { channel: Channel, caller_presentation: i64, caller_presentation_txt: String }
    ChannelConnectedLine { channel: Channel }
    ChannelCreated { channel: Channel }
    ChannelDestroyed { channel: Channel, cause: i64, cause_txt: String, tech_cause: Option<i64> }
    ChannelDialplan { channel: Channel, dialplan_app: String, dialplan_app_data: String }
    ChannelDtmfReceived { channel: Channel, digit: String, duration_ms: i64 }
    ChannelEnteredBridge { bridge: Bridge, channel: Option<Channel> }
    ChannelHangupRequest { channel: Channel, cause: Option<i64>, soft: Option<bool>, tech_cause: Option<i64> }
    ChannelLeftBridge { bridge: Bridge, channel: Channel }
    ChannelStateChange { channel: Channel }
    ChannelTalkingFinished { channel: Channel, duration: i64 }
    ChannelTalkingStarted { channel: Channel }
    ChannelUserevent {
        channel: Option<Channel>, bridge: Option<Bridge>, endpoint: Option<Endpoint>, eventname: String,
        userevent: serde_json::Value,
    }
    ChannelVarset { channel: Option<Channel>, variable: String, value: String }
    DeviceStateChanged { device_state: DeviceState }
    Dial {
        caller: Option<Channel>, peer: Channel, forward: Option<String>, forwarded: Option<Channel>,
        dialstring: Option<String>, dialstatus: String,
    }
    PlaybackContinuing { playback: Playback }
    PlaybackFinished { playback: Playback }
    PlaybackStarted { playback: Playback }
    RecordingFinished { recording: Recording }
    RecordingStarted { recording: Recording }
    RESTResponse {
        transaction_id: String, request_id: String, status_code: i64, reason_phrase: String, uri: String,
        content_type: Option<String>, message_body: Option<String>,
    }
    StasisEnd { channel: Channel }
    StasisStart { channel: Channel, replace_channel: Option<Channel>, args: Vec<String> }
}
