/// How the requests of a client are sent; [`ClientBuilder::transport`](crate::ClientBuilder::transport) chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Transport {
    /// By HTTP, over a pool of connections.
    #[default]
    Http,
    /// Over the client's event connection. Asterisk 20.14, 21.9, 22.4, 23.0 and later support this.
    ///
    /// Requests are sent in order, and executed one after the other. Differences from HTTP:
    ///
    /// - Until [`Client::events`](crate::Client::events) has connected, and once the connection is closed, requests are
    ///   sent by HTTP. With several connections, they are sent over the newest.
    /// - While the connection is lost, requests fail at once with
    ///   [`ConnectErrorKind::Disconnected`](crate::ConnectErrorKind::Disconnected), and those in flight may or may not
    ///   have been executed.
    /// - Downloads always use HTTP.
    /// - Asterisk handles these requests in the thread that also answers pings. A request for a channel waits in the
    ///   queue of that channel: `answer`, `set_channel_var`, `add_channel`, `remove_channel` and `set_video_source` wait
    ///   until a playback or recording on the channel ends, and hold up every other request of the connection
    ///   meanwhile, `stop` included. Stop the playback first, or send such a request by a second client with
    ///   [`Transport::Http`].
    /// - While a request is unanswered, silence of the server does not end the connection for as long as the request
    ///   may take ([`ClientBuilder::timeout`](crate::ClientBuilder::timeout)). Allow more than the longest playback.
    /// - At most 4 MiB of requests wait for a server that does not read; further ones fail with
    ///   [`ConnectErrorKind::Busy`](crate::ConnectErrorKind::Busy).
    /// - A request has at most 65,535 bytes.
    /// - An event filter of the application that does not pass `RESTResponse` would suppress every reply, so it is
    ///   refused.
    #[cfg(feature = "websocket")]
    WebSocket,
}
