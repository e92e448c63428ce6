//! Keeps a connection: reconnects after a loss, and restores what Asterisk has forgotten.

mod application;
mod asterisk_2170;
mod reconnect;
mod restore;
mod supervisor;

pub use reconnect::Reconnect;
pub(super) use reconnect::{Attempts, is_final};
pub(crate) use supervisor::Pings;
pub(super) use supervisor::Supervisor;
