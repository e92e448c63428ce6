/// How the requests of a client travel; [`ClientBuilder::transport`](crate::ClientBuilder::transport) chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Transport {
    /// By HTTP, each over a connection of a pool (feature `http`).
    #[default]
    Http,
    /// Over the client's event connection, which Asterisk 20.14, 21.9, 22.4, 23.0 and later take requests over.
    ///
    /// They are sent as they come, and carried out one after the other. Whatever else is the same, apart from this:
    ///
    /// - Until [`Client::events`](crate::Client::events) has made a connection, and once it is closed, requests go by
    ///   HTTP; without the feature `http` they fail with
    ///   [`ConnectErrorKind::Disconnected`](crate::ConnectErrorKind::Disconnected). With several, they go over the
    ///   newest.
    /// - While the connection is lost, requests fail at once with
    ///   [`ConnectErrorKind::Disconnected`](crate::ConnectErrorKind::Disconnected), and those that were under way may
    ///   or may not have been carried out.
    /// - Downloads always go by HTTP, and fail without the feature `http`.
    /// - A request has at most 65,535 bytes.
    /// - An event filter of the application that does not let `RESTResponse` pass would swallow every reply, so it is
    ///   refused.
    #[cfg(feature = "websocket")]
    WebSocket,
}
