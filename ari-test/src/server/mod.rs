//! What stands between the world and its clients: HTTP, event connections and who may use them.
//!
//! ```text
//! client.rs (in memory) ─┬─▶ front ──▶ Fake::answer          one reply a request
//! port.rs (TCP) ─────────┘     └─────▶ session ──▶ Session   frames both ways, requests among them
//! ```

mod access;
mod front;
mod network;
mod page;
mod port;
mod rest;
mod session;
mod settings;

use access::Access;
pub(crate) use access::User;
pub(crate) use front::{MOST_NAME, Opened, open, respond};
pub(crate) use network::{Line, Network, State};
pub(crate) use page::page;
pub use port::Port;
pub(crate) use session::{AnyStream, BUFFER, carry, config, serve};
pub(crate) use settings::Settings;
