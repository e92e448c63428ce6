//! One WebSocket, from its handshake to its end.

mod close;
mod end;
mod event_socket;
mod heartbeat;
mod inspect;
mod probe;
mod stream;

pub(super) use end::End;
pub(super) use event_socket::EventSocket;
pub(super) use heartbeat::Heartbeat;
pub(super) use inspect::Inspector;
pub(super) use probe::Probe;
pub(crate) use stream::{LARGEST_MESSAGE, Metered, Socket, config};
