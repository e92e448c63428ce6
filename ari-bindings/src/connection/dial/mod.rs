//! Opens a WebSocket: subscription and handshake.

mod handshake;

use std::sync::Arc;
use std::time::Duration;

use super::socket::Socket;
use crate::client::Call;
use crate::{Client, ConnectErrorKind, Error, Method, Operation, Request};

pub(super) const OPERATION: Operation =
    Operation { resource: "events", name: "eventWebsocket", method: Method::Get, path: "/events" };

/// Opens event connections to one server.
#[derive(Debug, Clone)]
pub(super) struct Dialer {
    client: Client,
    subscribe_all: Option<bool>,
}

impl Dialer {
    pub(super) fn new(client: &Client, subscribe_all: Option<bool>) -> Self {
        Self { client: client.clone(), subscribe_all }
    }

    /// Whether the connection is subscribed to everything that happens on the server.
    pub(super) fn subscribes_all(&self) -> bool {
        self.subscribe_all == Some(true)
    }

    /// How long connecting may take.
    pub(super) fn timeout(&self) -> Duration {
        self.client.connect_timeout()
    }

    /// Connects, and registers these applications.
    pub(super) async fn dial(&self, apps: &[String]) -> Result<Socket, Error> {
        let request = self.request(apps)?;
        let Some(http) = self.client.http() else {
            return Err(Error::config(
                "this client uses a connection that Asterisk has opened, and has no HTTP to open another",
            ));
        };
        match tokio::time::timeout(self.timeout(), handshake::upgrade(http, &request)).await {
            Ok(socket) => socket,
            Err(elapsed) => Err(http.connect_error(ConnectErrorKind::Timeout, Arc::new(elapsed))),
        }
    }

    fn request(&self, apps: &[String]) -> Result<Request, Error> {
        let mut call = Call::new(&self.client, &OPERATION);
        if apps.is_empty() {
            call.fail("app", "there must be at least one application");
        }
        for app in apps {
            if let Err(reason) = check_app(app) {
                call.fail("app", reason);
            }
        }
        let names: Vec<String> = apps.iter().map(|app| quoted(app)).collect();
        call = call.text("app", names.join(","));
        if let Some(all) = self.subscribe_all {
            call = call.bool("subscribeAll", all);
        }
        let request = call.into_request()?;
        if request.body().is_some() {
            return Err(request.invalid("app", "the names together are longer than Asterisk reads"));
        }
        Ok(request)
    }
}

/// Refuses names that releases parse differently: in some, `\` and `"` are special, in others part of the name, and in
/// some an open bracket protects the commas after it.
fn check_app(app: &str) -> Result<(), &'static str> {
    if app.is_empty() {
        return Err("the name of an application must not be empty");
    }
    if app.contains(['"', '\\']) {
        return Err("releases of Asterisk do not agree on `\"` and `\\` in the name of an application");
    }
    let count = |bracket: char| app.matches(bracket).count();
    if count('(') != count(')') || count('[') != count(']') {
        return Err("a bracket in the name of an application must be closed, or it hides the next name");
    }
    Ok(())
}

/// The one escape that all releases understand in this list.
fn quoted(app: &str) -> String {
    if app.contains(',') { format!("\"{app}\"") } else { app.to_owned() }
}
