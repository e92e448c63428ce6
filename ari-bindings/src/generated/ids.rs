//! Identifiers.
crate::id::id! {
    /// The identifier of a channel.
    ChannelId
    /// The identifier of a playback.
    PlaybackId
}
