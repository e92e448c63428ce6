//! Events beyond the generated ones, and how text becomes either.

mod decode;
pub(crate) mod notice;
mod reason;
mod unknown;

pub(crate) use decode::boxed;
#[cfg(feature = "websocket")]
pub(crate) use decode::kind;
pub use notice::{Disconnected, Dropped, Reconnected};
pub use reason::DisconnectReason;
pub use unknown::{UndecodableEvent, UnknownEvent};
