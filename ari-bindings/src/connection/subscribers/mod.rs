//! Hands events to the program: one queue for each subscriber.

mod apps;
mod connection;
mod events;
mod frame;
mod hub;
mod queue;
#[cfg(feature = "signal")]
mod signal;
mod state;
mod statistics;

#[cfg(feature = "outbound")]
pub(crate) use apps::application;
#[cfg(not(feature = "outbound"))]
pub(super) use apps::application;
pub use connection::Connection;
pub use events::Events;
pub(super) use frame::Frame;
pub(crate) use hub::Hub;
pub use queue::OverflowPolicy;
pub(super) use queue::Queue;
#[cfg(feature = "signal")]
pub(super) use signal::close_on_signal;
pub use state::ConnectionState;
pub use statistics::Statistics;
