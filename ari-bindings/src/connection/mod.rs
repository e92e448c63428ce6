//! The event connection: a task that keeps it, and its subscribers.
//!
//! ```text
//! connect ──▶ recovery ──▶ dial ──▶ socket ──▶ subscribers
//! ```
//!
//! Each module uses only those to its right: `connect` starts a connection, `recovery` keeps it through losses, `dial`
//! opens a WebSocket, `socket` reads and writes one, `subscribers` hands events to the program.
//! The task of a connection alone reads the socket. All of them may use `client`, which does not know them: they share
//! [`rest`](crate::rest), whose requests the socket carries, and the client's record of subscriptions.

mod connect;
mod dial;
mod recovery;
mod socket;
mod subscribers;

pub use connect::EventsBuilder;
pub use recovery::Reconnect;
pub use subscribers::{Connection, ConnectionState, Events, OverflowPolicy, Statistics};
#[cfg(feature = "outbound")]
pub(crate) use {
    connect::Accepted,
    recovery::Pings,
    socket::{LARGEST_MESSAGE, Metered, Socket, config},
    subscribers::{Hub, application},
};
