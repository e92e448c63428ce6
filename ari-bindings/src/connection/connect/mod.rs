//! Starts an event connection: one that the program opens, or one that Asterisk has opened.

#[cfg(feature = "outbound")]
mod accepted;
mod events_builder;

#[cfg(feature = "outbound")]
pub(crate) use accepted::Accepted;
pub use events_builder::EventsBuilder;
