//! What a client knows of its event connections: the requests that go over them, and what they are subscribed to.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::Call;
use super::subscriptions::{self, Subscriptions};
use crate::rest::RestClient;
use crate::{Client, Error, Method, Operation, Request, Transport};

const PING: Operation = Operation { resource: "asterisk", name: "ping", method: Method::Get, path: "/asterisk/ping" };

/// What the clones of a client share about its event connections.
pub(crate) struct WebSocketState {
    /// How long connecting may take.
    connect_timeout: Duration,
    /// The newest connection that the client has opened.
    newest: Mutex<Weak<RestClient>>,
    /// The only connection there is, which Asterisk has opened.
    own: Option<Arc<RestClient>>,
    subscriptions: Arc<Subscriptions>,
}

impl WebSocketState {
    pub(crate) fn new(connect_timeout: Duration) -> Self {
        Self { connect_timeout, newest: Mutex::default(), own: None, subscriptions: Arc::default() }
    }
}

impl Client {
    /// A client whose requests are sent over a connection that Asterisk has opened, or else by the HTTP of another
    /// client.
    #[cfg(feature = "outbound")]
    pub(crate) fn over(rest: Arc<RestClient>, base_url: Box<str>, http: Option<&Client>, timeout: Duration) -> Self {
        use tokio::sync::Semaphore;

        use super::{Retries, Shared};

        Self::new(Shared {
            http: http.and_then(|client| client.shared.http.clone()),
            base_url,
            transport: Transport::WebSocket,
            websocket: WebSocketState { own: Some(rest), ..WebSocketState::new(timeout) },
            timeout,
            retries: http.map_or_else(Retries::default, |client| client.shared.retries),
            // Only what goes by HTTP takes one.
            permits: http.map_or_else(|| Arc::new(Semaphore::new(0)), |client| Arc::clone(&client.shared.permits)),
            availability_check: crate::AvailabilityCheck::default(),
            server: tokio::sync::OnceCell::new(),
        })
    }

    /// How long connecting may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        self.shared.websocket.connect_timeout
    }

    pub(crate) fn subscriptions(&self) -> &Arc<Subscriptions> {
        &self.shared.websocket.subscriptions
    }

    /// From now on, requests are sent over this connection.
    pub(crate) fn set_rest(&self, rest: &Arc<RestClient>) {
        *self.shared.websocket.newest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(rest);
    }

    /// The connection that requests are sent over.
    pub(crate) fn rest(&self) -> Option<Arc<RestClient>> {
        let WebSocketState { newest, own, .. } = &self.shared.websocket;
        if let Some(rest) = own {
            return Some(Arc::clone(rest));
        }
        if self.transport() == Transport::Http {
            return None;
        }
        let rest = newest.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        rest.filter(|rest| rest.is_open())
    }

    /// Makes sure that replies come over the event connection.
    pub(crate) async fn ping_over(&self, rest: &RestClient) -> Result<(), Error> {
        let request = Call::new(self, &PING).into_request()?;
        let limit = self.connect_timeout();
        match rest.exchange(self.base_url(), &request, limit).await {
            Err(Error::OutcomeUnknown { timed_out: true, .. }) => Err(Error::config(format!(
                "`Transport::WebSocket` does not work with {}, which sent no reply over the event connection within \
                 {limit:?}: it needs Asterisk 20.14, 21.9, 22.4 or 23.0, and an event filter of the application that \
                 lets RESTResponse pass",
                self.base_url()
            ))),
            result => result.map(drop),
        }
    }

    /// A filter must not swallow the replies to our own requests.
    pub(crate) fn check_filter(&self, request: &Request) -> Result<(), Error> {
        let Some(rest) = self.rest() else { return Ok(()) };
        match subscriptions::swallows_replies(request) {
            Some(app) if rest.apps().contains(&app) => Err(request.invalid(
                "filter",
                "it would swallow the replies to all requests, which come over the event connection: \
                 `RESTResponse` must be allowed if anything is, and not be disallowed",
            )),
            _ => Ok(()),
        }
    }
}
