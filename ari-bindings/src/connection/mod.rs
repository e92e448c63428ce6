//! The event connection: a task that keeps it, its subscribers, and requests over it.
//!
//! ```text
//! connect ──dial, handshake──▶ supervisor ──session──▶ hub ──queue──▶ events     one queue a subscriber
//!                                  │  ▲ reconnect, restore
//!                                  ▼  │
//!                                link ◀── requests of a client over the WebSocket
//! ```
//!
//! The only subscriber reads the session by itself while it waits; `turn` decides whose turn it is.

#[cfg(feature = "outbound")]
mod accepted;
mod apps;
mod client;
mod connect;
mod counters;
mod dial;
mod events;
mod goodbye;
mod handshake;
mod heartbeat;
mod hub;
mod insist;
mod inspect;
mod link;
mod probe;
mod queue;
mod reconnect;
mod rest;
mod restore;
mod session;
#[cfg(feature = "signal")]
mod signal;
mod slow;
mod state;
mod subscriptions;
mod supervisor;
mod turn;
mod unescape;

use crate::event::{DisconnectReason, notice};

pub(crate) use client::OfClient;
pub use connect::EventsBuilder;
pub use counters::Statistics;
pub use events::Events;
pub(crate) use insist::insist;
pub(crate) use link::Link;
pub use reconnect::Reconnect;
pub use slow::OverflowPolicy;
pub use state::{Connection, ConnectionState};
#[cfg(feature = "outbound")]
pub(crate) use {
    accepted::Accepted,
    apps::application,
    handshake::{LARGEST_MESSAGE, Socket, Wire, config},
    hub::Hub,
    supervisor::Pings,
};
