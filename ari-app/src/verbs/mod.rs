//! What a handler does with a call, one file a verb.

pub(crate) mod ask;
pub(crate) mod bridge;
pub(crate) mod conference;
pub(crate) mod connected;
pub(crate) mod dial;
mod early;
pub(crate) mod hold;
pub(crate) mod leg;
#[cfg(feature = "media")]
pub(crate) mod media;
pub(crate) mod menu;
pub(crate) mod move_to;
pub(crate) mod music;
pub(crate) mod phone_transfer;
pub(crate) mod place;
pub(crate) mod playback;
pub(crate) mod playing;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod recording;
pub(crate) mod redirect;
pub(crate) mod review;
pub(crate) mod say;
pub(crate) mod snoop;
pub(crate) mod transfer;
pub(crate) mod waiting;
