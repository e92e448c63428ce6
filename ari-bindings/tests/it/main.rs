//! The runtime against scripted servers on the loopback interface.

mod availability;
mod dates;
mod encoding;
mod errors;
mod event_text;
mod events;
mod replies;
mod server;
#[cfg(feature = "tls")]
mod tls;
