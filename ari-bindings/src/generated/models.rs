//! Models.
use crate::ids::{ChannelId, PlaybackId};
use crate::values::ChannelState;
use crate::Date;
/// A channel.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Channel {
    /// Id.
    pub id: ChannelId,
    /// Name.
    pub name: String,
    /// State.
    pub state: ChannelState,
    /// Created.
    #[serde(with = "crate::date")]
    pub creationtime: Date,
    /// Variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channelvars: Option<serde_json::Value>,
}
/// A playback.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Playback {
    /// Id.
    pub id: PlaybackId,
    /// State.
    pub state: String,
}
/// A bridge.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Bridge {
    /// Id.
    pub id: String,
}
/// An application.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Application {
    /// Name.
    pub name: String,
}
/// A ping.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct AsteriskPing {
    /// Ping.
    pub ping: String,
}
