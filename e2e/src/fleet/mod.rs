//! A fleet of real processes: NATS servers, gateways and workers, each of which can be killed or stopped.

mod account;
mod journal;
mod nats;
mod permissions;
mod process;
mod programs;
mod stand;
mod view;

pub use account::{Account, account};
pub use journal::{Entry, Journal, What};
pub use nats::{NatsCluster, NatsServer};
pub use permissions::permissions;
pub use process::Process;
pub use stand::{Gateway, Stand, Worker};
pub use view::FleetView;

use std::time::Duration;

/// How long a test waits for something that a fleet does within seconds.
pub const SOON: Duration = Duration::from_secs(20);
