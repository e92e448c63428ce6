//! The process that serves an application.

mod announcer;
mod app;
mod claim;
mod directory;
mod incoming;
mod lane;
mod link;
mod node;
mod order;
mod outgoing;
mod ownership;
mod plan;
mod service;
mod socket;
mod work;

pub use app::{FleetApp, FleetShutdown};
pub use outgoing::FleetOutgoing;

/// How many events of a lane may be delivered and not yet applied.
const MOST_PENDING: usize = 4096;
