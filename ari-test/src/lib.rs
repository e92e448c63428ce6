//! A fake Asterisk for tests of ARI applications: stateful, deterministic and without a server.
//!
//! [`Fake`] holds the state of one server. Requests change it, and the events of each change go to the applications
//! that Asterisk would send them to. Where the real server was seen to use several orders, the seed chooses one, so the
//! same seed and the same requests give the same trace.
//!
//! All waiting uses tokio's clock. With `tokio::time::pause`, a prompt of a minute takes no time.

#![forbid(unsafe_code)]

mod assertions;
mod client;
mod exchange;
mod fake;
mod faults;
#[rustfmt::skip]
mod generated;
mod journal;
mod ladder;
mod media;
mod outbound;
mod phones;
mod record;
mod server;
mod surface;
mod world;

pub use assertions::{Requested, Requests};
pub use fake::{Fake, FakeBuilder};
pub use faults::{Fault, Faults};
pub use outbound::{Outbound, OutboundBuilder};
pub use phones::{Incoming, Person, Phone};
pub use server::Port;
