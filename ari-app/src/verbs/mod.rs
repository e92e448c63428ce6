//! What a handler does with a call, one file a verb.

pub(crate) mod ask;
pub(crate) mod bridge;
pub(crate) mod conference;
pub(crate) mod connected;
pub(crate) mod dial;
pub(crate) mod hold;
pub(crate) mod leg;
pub(crate) mod menu;
pub(crate) mod queue;
pub(crate) mod record;
pub(crate) mod redirect;
pub(crate) mod say;
pub(crate) mod snoop;
pub(crate) mod transfer;
pub(crate) mod waiting;
