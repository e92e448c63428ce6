use std::fmt;

use ari_bindings::{Client, Transport};

use crate::{Outbound, Recorder, Server};

/// How the requests and events of a program travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Requests by HTTP, events over a WebSocket that the program opens.
    Http,
    /// Both over a WebSocket that the program opens.
    WebSocket,
    /// Both over a WebSocket that the server opens.
    Outbound,
}

impl Route {
    /// Whether it is the program that connects.
    #[must_use]
    pub fn is_inbound(self) -> bool {
        self != Self::Outbound
    }

    /// What a client is built with, for a route on which the program connects.
    ///
    /// # Panics
    ///
    /// If it is the server that connects.
    #[must_use]
    pub fn transport(self) -> Transport {
        match self {
            Self::Http => Transport::Http,
            Self::WebSocket => Transport::WebSocket,
            Self::Outbound => panic!("on this route the server makes the client"),
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
    /// The routes that its release has.
    #[must_use]
    pub fn routes(&self) -> &'static [Route] {
        const ALL: [Route; 3] = [Route::Http, Route::WebSocket, Route::Outbound];
        if self.major() >= 20 { &ALL } else { &ALL[..1] }
    }

    /// A client, of whom nothing is connected yet, for a route on which the program connects.
    ///
    /// # Panics
    ///
    /// If it is the server that connects, or the URL of the state file is none.
    #[must_use]
    pub fn client_on(&self, route: Route) -> Client {
        let builder = self.builder().credentials(self.get("ARI_USER"), self.get("ARI_PASSWORD"));
        builder.transport(route.transport()).build().expect("the state file has a good URL")
    }

    /// Opens a connection of its own for these applications.
    ///
    /// Where the server connects, it is told to do so until the [`Recorder`] is closed or dropped, and what it says first,
    /// that the applications are registered, is taken already.
    ///
    /// # Panics
    ///
    /// If there is no such connection after 10 s.
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
