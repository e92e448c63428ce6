use std::fmt;
use std::net::SocketAddr;

use crate::{Client, Events};

/// One connection that Asterisk has made.
///
/// Its requests have the rights of `local_ari_user` of ari.conf. When Asterisk closes it, as at the end of its one
/// call, the event stream ends. When it is lost, the stream ends with [`Error::Disconnected`](crate::Error::Disconnected); a
/// persistent connection comes again as another session.
///
/// It comes again at once, without any interval, also when the program has closed it: a session that cannot be served
/// is better kept for a while. Calls, and the application, stay meanwhile.
///
/// When a client takes over the application, the session ends with
/// [`DisconnectReason::Replaced`](crate::DisconnectReason::Replaced). The one that comes then does not take it back, as
/// seen of Asterisk 22.10, even though it begins with an
/// [`ApplicationRegistered`](crate::events::ApplicationRegistered): no event comes over it, and once that client
/// is gone, no reply either. The application comes back only where Asterisk reads the section of `ari.conf` anew, after
/// it was taken out.
pub struct Session {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) application: String,
    pub(super) peer: SocketAddr,
    pub(super) path: String,
}

impl Session {
    /// The application that it was made for; of several, the first. Of a connection for one call, Asterisk appends the
    /// channel's name, and calls the application so in all events: `hello-world:PJSIP/phone-a-00000001`. Where that
    /// has more than 73 characters, Asterisk makes no connection, and `Stasis` fails.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Where it comes from.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Path and query of the `uri` in `websocket_client.conf`: a way to tell servers apart.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The client whose requests go over this connection.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The events, from the first [`ApplicationRegistered`](crate::events::ApplicationRegistered) on.
    pub fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// The client and the events, as a connection that the program has made gives them.
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
