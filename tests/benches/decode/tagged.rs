//! The crate's own types, decoded as serde's derive does it when told of the tag.

use serde::Deserialize;

macro_rules! tagged {
    ($($(#[$rename:meta])? $kind:ident)+) => {
        /// An event.
        #[derive(Debug, Deserialize)]
        #[serde(tag = "type")]
        pub(crate) enum Event {
            $($(#[$rename])? $kind(#[allow(dead_code, reason = "decoded, not read")] Box<ari_bindings::events::$kind>),)+
        }
    };
}

tagged! {
    ApplicationMoveFailed
    ApplicationRegistered
    ApplicationReplaced
    ApplicationUnregistered
    BridgeAttendedTransfer
    BridgeBlindTransfer
    BridgeCreated
    BridgeDestroyed
    BridgeMerged
    BridgeVideoSourceChanged
    CallBroadcast
    CallClaimed
    ChannelCallerId
    ChannelConnectedLine
    ChannelCreated
    ChannelDestroyed
    ChannelDialplan
    ChannelDtmfReceived
    ChannelEnteredBridge
    ChannelHangupRequest
    ChannelHold
    ChannelLeftBridge
    ChannelStateChange
    ChannelTalkingFinished
    ChannelTalkingStarted
    ChannelToneDetected
    ChannelTransfer
    ChannelUnhold
    ChannelUserevent
    ChannelVarset
    ContactStatusChange
    DeviceStateChanged
    Dial
    EndpointStateChange
    MissingParams
    PeerStatusChange
    PlaybackContinuing
    PlaybackFinished
    PlaybackStarted
    #[serde(rename = "RESTResponse")]
    RestResponse
    RecordingFailed
    RecordingFinished
    RecordingStarted
    StasisEnd
    StasisStart
    TextMessageReceived
}
