//! The reply of each operation, written by hand.

use ari_bindings::Operation;
use ari_bindings::models::{
    Application, AsteriskInfo, AsteriskPing, Bridge, Channel, ConfigTuple, DeviceState, Endpoint, LiveRecording,
    LogChannel, Mailbox, Module, Playback, RtpStat, Sound, StoredRecording, Variable, Variables,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The reply of an operation.
pub(crate) enum Answer {
    /// That it was executed.
    Nothing,
    /// A file.
    File,
    /// JSON, to be decoded as a model and encoded again.
    Json(fn(&str) -> serde_json::Result<Value>),
}

fn json<T: DeserializeOwned + Serialize>() -> Answer {
    Answer::Json(|text| serde_json::to_value(serde_json::from_str::<T>(text)?))
}

/// # Panics
///
/// If the operation is missing here.
pub(crate) fn answer(operation: &Operation) -> Answer {
    let answer = match operation.resource {
        "applications" => applications(operation.name),
        "asterisk" => asterisk(operation.name),
        "bridges" => bridges(operation.name),
        "channels" => channels(operation.name),
        "deviceStates" => device_states(operation.name),
        "endpoints" => endpoints(operation.name),
        "events" => events(operation.name),
        "mailboxes" => mailboxes(operation.name),
        "playbacks" => playbacks(operation.name),
        "recordings" => recordings(operation.name),
        "sounds" => sounds(operation.name),
        _ => None,
    };
    answer.unwrap_or_else(|| panic!("{operation} is new: what does it answer?"))
}

fn applications(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<Application>>(),
        "get" | "subscribe" | "unsubscribe" | "filter" => json::<Application>(),
        _ => return None,
    })
}

fn asterisk(name: &str) -> Option<Answer> {
    Some(match name {
        "getObject" | "updateObject" => json::<Vec<ConfigTuple>>(),
        "getInfo" => json::<AsteriskInfo>(),
        "ping" => json::<AsteriskPing>(),
        "listModules" => json::<Vec<Module>>(),
        "getModule" => json::<Module>(),
        "listLogChannels" => json::<Vec<LogChannel>>(),
        "getGlobalVar" => json::<Variable>(),
        "deleteObject" | "loadModule" | "unloadModule" | "reloadModule" | "addLog" | "deleteLog" | "rotateLog"
        | "setGlobalVar" => Answer::Nothing,
        _ => return None,
    })
}

fn bridges(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<Bridge>>(),
        "get" | "create" | "createWithId" => json::<Bridge>(),
        "getBridgeVar" => json::<Variable>(),
        "getBridgeVars" => json::<Variables>(),
        "play" | "playWithId" => json::<Playback>(),
        "record" => json::<LiveRecording>(),
        "destroy" | "setBridgeVar" | "setBridgeVars" | "addChannel" | "removeChannel" | "setVideoSource"
        | "clearVideoSource" | "startMoh" | "stopMoh" => Answer::Nothing,
        _ => return None,
    })
}

fn channels(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<Channel>>(),
        "get" | "originate" | "originateWithId" | "create" | "snoopChannel" | "snoopChannelWithId"
        | "externalMedia" => json::<Channel>(),
        "play" | "playWithId" => json::<Playback>(),
        "record" => json::<LiveRecording>(),
        "getChannelVar" => json::<Variable>(),
        "getChannelVars" => json::<Variables>(),
        "rtpstatistics" => json::<RtpStat>(),
        "hangup" | "continueInDialplan" | "move" | "redirect" | "answer" | "ring" | "ringStop" | "progress"
        | "sendDTMF" | "mute" | "unmute" | "hold" | "unhold" | "startMoh" | "stopMoh" | "startSilence"
        | "stopSilence" | "setChannelVar" | "setChannelVars" | "dial" | "transfer_progress" => Answer::Nothing,
        _ => return None,
    })
}

fn device_states(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<DeviceState>>(),
        "get" => json::<DeviceState>(),
        "update" | "delete" => Answer::Nothing,
        _ => return None,
    })
}

fn endpoints(name: &str) -> Option<Answer> {
    Some(match name {
        "list" | "listByTech" => json::<Vec<Endpoint>>(),
        "get" => json::<Endpoint>(),
        "sendMessage" | "sendMessageToEndpoint" | "refer" | "referToEndpoint" => Answer::Nothing,
        _ => return None,
    })
}

fn events(name: &str) -> Option<Answer> {
    matches!(name, "userEvent" | "claimChannel").then_some(Answer::Nothing)
}

fn mailboxes(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<Mailbox>>(),
        "get" => json::<Mailbox>(),
        "update" | "delete" => Answer::Nothing,
        _ => return None,
    })
}

fn playbacks(name: &str) -> Option<Answer> {
    Some(match name {
        "get" => json::<Playback>(),
        "stop" | "control" => Answer::Nothing,
        _ => return None,
    })
}

fn recordings(name: &str) -> Option<Answer> {
    Some(match name {
        "listStored" => json::<Vec<StoredRecording>>(),
        "getStored" | "copyStored" => json::<StoredRecording>(),
        "getStoredFile" => Answer::File,
        "getLive" => json::<LiveRecording>(),
        "deleteStored" | "cancel" | "stop" | "pause" | "unpause" | "mute" | "unmute" => Answer::Nothing,
        _ => return None,
    })
}

fn sounds(name: &str) -> Option<Answer> {
    Some(match name {
        "list" => json::<Vec<Sound>>(),
        "get" => json::<Sound>(),
        _ => return None,
    })
}
