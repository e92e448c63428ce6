use std::fmt;

use ari_bindings::{Client, Transport};

use crate::{Outbound, Recorder, Server};

/// How requests and events are transported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Requests over HTTP, events over a WebSocket that the program opens.
    Http,
    /// Both over a WebSocket that the program opens.
    WebSocket,
    /// Both over a WebSocket that the server opens.
    Outbound,
}

impl Route {
    /// Whether the program connects to the server.
    #[must_use]
    pub fn is_inbound(self) -> bool {
        self != Self::Outbound
    }

    /// The client's transport, for a route on which the program connects.
    ///
    /// # Panics
    ///
    /// If the server connects on this route.
    #[must_use]
    pub fn transport(self) -> Transport {
        match self {
            Self::Http => Transport::Http,
            Self::WebSocket => Transport::WebSocket,
            Self::Outbound => panic!("the server connects on this route"),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::WebSocket => "a WebSocket",
            Self::Outbound => "an outbound WebSocket",
        })
    }
}

impl Server {
    /// The routes that the server's release supports.
    #[must_use]
    pub fn routes(&self) -> &'static [Route] {
        const ALL: [Route; 3] = [Route::Http, Route::WebSocket, Route::Outbound];
        if self.major() >= 20 { &ALL } else { &ALL[..1] }
    }

    /// A client that is not connected yet, for a route on which the program connects.
    ///
    /// # Panics
    ///
    /// If the server connects on this route, or the state file has an invalid URL.
    #[must_use]
    pub fn client_on(&self, route: Route) -> Client {
        let builder = self.builder().credentials(self.get("ARI_USER"), self.get("ARI_PASSWORD"));
        builder.transport(route.transport()).retries(4).build().expect("the state file has a valid URL")
    }

    /// Opens a new event connection for these applications.
    ///
    /// On the outbound route, the server keeps connecting until the [`Recorder`] is closed or dropped, and the initial
    /// `ApplicationRegistered` events have already been taken.
    ///
    /// # Panics
    ///
    /// If the connection cannot be opened, or the server does not connect within 10 s.
    pub async fn open(&self, route: Route, apps: impl IntoIterator<Item = impl Into<String>>) -> (Client, Recorder) {
        let apps: Vec<String> = apps.into_iter().map(Into::into).collect();
        if route == Route::Outbound {
            return Outbound::default().open(self, Outbound::listener(), &apps).await;
        }
        let client = self.client_on(route);
        let events = client.events(&apps).await.unwrap_or_else(|error| panic!("events of {apps:?}: {error}"));
        (client, Recorder::of(events))
    }
}
