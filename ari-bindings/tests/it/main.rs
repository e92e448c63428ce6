//! The runtime against scripted servers on the loopback interface.

mod availability;
mod dates;
mod encoding;
mod errors;
mod event_text;
mod events;
mod fake;
mod observed;
#[cfg(feature = "server")]
mod outbound;
mod over_websocket;
mod reconnect;
mod replies;
mod requests;
mod restore;
#[cfg(feature = "resync")]
mod resync;
mod server;
mod slow_readers;
#[cfg(feature = "tls")]
mod tls;
