//! Many Asterisk servers and many workers serve one application, over NATS JetStream.
//!
//! A [`Gateway`](gateway::Gateway) beside each Asterisk publishes its events and carries out commands. A worker serves the
//! calls of an application with the handler that [`ari_app::App::serve`] takes; one line differs:
//!
//! ```no_run
//! use ari_app::{Call, CallError};
//! use ari_fleet::Fleet;
//!
//! # async fn example() -> Result<(), ari_fleet::Error> {
//! let fleet = Fleet::connect("nats://127.0.0.1:4222").await?;
//! fleet.app("reception").serve(welcome).await?;
//! # Ok(())
//! # }
//!
//! async fn welcome(call: Call) -> Result<(), CallError> {
//!     call.say("sound:hello-world").await.map(drop)
//! }
//! ```

pub mod gateway;
pub mod wire;
pub mod worker;

mod error;
mod fleet;
mod servers;
mod status;

pub use error::Error;
pub use fleet::{Fleet, Settings};
pub use status::{LaneStatus, Status};
pub use worker::{FleetApp, FleetOutgoing, FleetShutdown};
