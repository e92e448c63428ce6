use std::fmt;
use std::net::SocketAddr;

use crate::{Client, Events};

/// A connection that Asterisk has opened.
///
/// Its requests have the rights of `local_ari_user` in `ari.conf`. When Asterisk closes it, as at the end of the call of
/// a per-call connection, the event stream ends. When it is lost, the stream ends with
/// [`Error::Disconnected`](crate::Error::Disconnected); Asterisk then opens a persistent connection again, which becomes
/// another session. Calls continue meanwhile, and so does the application.
///
/// Asterisk reconnects immediately, without its `reconnect_interval`, also when the program closes a session. Keep a
/// session that cannot be served open for a while instead of dropping it.
///
/// When a client takes over the application, the session ends with
/// [`DisconnectReason::Replaced`](crate::DisconnectReason::Replaced). With Asterisk 22.10, the session that follows does
/// not take the application back, although it begins with an
/// [`ApplicationRegistered`](crate::events::ApplicationRegistered): it receives no events and, once that client is gone,
/// no replies. The application comes back when its section is removed from `ari.conf`, added again, and both times
/// reloaded.
pub struct Session {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) application: String,
    pub(super) peer: SocketAddr,
    pub(super) path: String,
}

impl Session {
    /// The application that the connection serves; the first one if there are several.
    ///
    /// For a per-call connection, Asterisk appends the channel's name and uses the result as the application's name in
    /// all events: `hello-world:PJSIP/phone-a-00000001`. If that exceeds 73 characters, Asterisk opens no connection,
    /// and `Stasis` fails.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// The remote address.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Path and query of `uri` in `websocket_client.conf`, which can identify the server.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The client whose requests go over this connection.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The events, starting with [`ApplicationRegistered`](crate::events::ApplicationRegistered).
    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// Splits the session into its client and its events, the types that a handler for both directions takes.
    pub fn into_parts(self) -> (Client, Events) {
        (self.client, self.events)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("application", &self.application)
            .field("peer", &self.peer)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
