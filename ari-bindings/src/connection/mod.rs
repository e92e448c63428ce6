//! The event connection: a task that keeps it, its subscribers, and requests over it.
//!
//! ```text
//! connect ──▶ recovery ──▶ dial ──▶ socket ──▶ subscribers ──▶ client_state ──▶ subscriptions ──▶ rest
//! ```
//!
//! Each module uses only those to its right: `connect` starts a connection, `recovery` keeps it through losses, `dial`
//! opens a WebSocket, `socket` reads and writes one, `subscribers` hands events to the program, `client_state` is what
//! the clones of a client share about their connections, `subscriptions` remembers what was subscribed at run time, and
//! `rest` carries requests and replies.
//! The task of a connection alone reads the socket.

mod client_state;
mod connect;
mod dial;
mod recovery;
mod rest;
mod socket;
mod subscribers;
mod subscriptions;

pub(crate) use client_state::ClientState;
pub use connect::EventsBuilder;
pub use recovery::Reconnect;
pub use subscribers::{Connection, ConnectionState, Events, OverflowPolicy, Statistics};
#[cfg(feature = "outbound")]
pub(crate) use {
    connect::Accepted,
    recovery::Pings,
    socket::{LARGEST_MESSAGE, Metered, Socket, Wire, config},
    subscribers::{Hub, application},
};
