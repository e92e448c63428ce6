//! The models of the API, as Asterisk writes them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

#[derive(Debug, Serialize)]
pub(super) struct ChannelModel<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protocol_id: Option<&'a str>,
    pub(super) caller: &'a CallerId,
    pub(super) connected: &'a CallerId,
    pub(super) accountcode: &'a str,
    pub(super) dialplan: DialplanModel<'a>,
    pub(super) creationtime: &'a str,
    pub(super) language: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) channelvars: BTreeMap<&'a str, &'a str>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct CallerId {
    pub(super) name: String,
    pub(super) number: String,
}

#[derive(Debug, Serialize)]
pub(super) struct DialplanModel<'a> {
    pub(super) context: &'a str,
    pub(super) exten: &'a str,
    pub(super) priority: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app_data: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct BridgeModel<'a> {
    pub(super) id: &'a str,
    pub(super) technology: &'a str,
    pub(super) bridge_type: &'a str,
    pub(super) bridge_class: &'a str,
    pub(super) creator: &'a str,
    pub(super) name: &'a str,
    pub(super) channels: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) creationtime: Option<&'a str>,
    pub(super) video_mode: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) video_source_id: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) bridgevars: BTreeMap<&'a str, &'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct PlaybackModel<'a> {
    pub(super) id: &'a str,
    pub(super) media_uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_media_uri: Option<&'a str>,
    pub(super) target_uri: String,
    pub(super) language: &'a str,
    pub(super) state: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct RecordingModel<'a> {
    pub(super) name: &'a str,
    pub(super) format: &'a str,
    pub(super) state: &'a str,
    pub(super) target_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) talking_duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) silence_duration: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct StoredModel<'a> {
    pub(super) name: &'a str,
    pub(super) format: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct ApplicationModel<'a> {
    pub(super) name: &'a str,
    pub(super) channel_ids: Vec<&'a str>,
    pub(super) bridge_ids: Vec<&'a str>,
    pub(super) endpoint_ids: Vec<&'a str>,
    pub(super) device_names: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events_allowed: Option<&'a [Value]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) events_disallowed: Option<&'a [Value]>,
}

#[derive(Debug, Serialize)]
pub(super) struct EndpointModel<'a> {
    pub(super) technology: &'a str,
    pub(super) resource: &'a str,
    pub(super) state: &'a str,
    pub(super) channel_ids: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct NameState<'a> {
    pub(super) name: &'a str,
    pub(super) state: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct ValueModel<'a> {
    pub(super) value: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct VariablesModel {
    pub(super) variables: BTreeMap<String, String>,
}
