//! How requests reach the server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Response;
use reqwest::redirect::Policy;

use super::BaseUrl;
use super::failure;
use super::sent::Sent;
use super::service::AnyService;
use crate::Error;
use crate::error::causes;

/// How many new connections a request is offered to that end before they take it, without a reason.
const ATTEMPTS: u32 = 10;

/// What carries requests.
pub(crate) enum Pool {
    /// A client that the program has made.
    Given(reqwest::Client),
    /// One that is made from these settings.
    Own(Box<PoolSettings>),
    /// No connections, but this.
    Service(Arc<dyn AnyService>),
}

/// How connections are made and kept.
pub(crate) struct PoolSettings {
    pub(crate) connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub(crate) idle_timeout: Duration,
    /// How many unused connections are kept.
    pub(crate) idle_connections: usize,
    #[cfg(feature = "tls-no-provider")]
    pub(crate) tls: super::tls::Tls,
}

impl Pool {
    /// The server name for TLS, if it differs from the host of the URL.
    pub(super) fn server_name(&self) -> Option<&str> {
        match self {
            #[cfg(feature = "tls-no-provider")]
            Self::Own(settings) => settings.tls.server_name(),
            _ => None,
        }
    }
}

impl PoolSettings {
    #[cfg_attr(not(feature = "tls-no-provider"), allow(unused_variables, reason = "only a certificate needs the host"))]
    fn client(&self, url: &BaseUrl) -> Result<reqwest::Client, Error> {
        // The HTTP client itself would take a timeout of zero for none.
        let kept = if self.idle_timeout.is_zero() { 0 } else { self.idle_connections };
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .http09_responses()
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .pool_max_idle_per_host(kept);
        #[cfg(feature = "tls-no-provider")]
        let builder = self.tls.configure(builder, url.host());
        builder.build().map_err(|error| {
            let cause = causes(&error).last().map(ToString::to_string);
            Error::config(format!("the HTTP client: {}", cause.unwrap_or_default()))
        })
    }
}

/// How requests reach the server.
pub(super) enum Route {
    Connections(Connections),
    Service(Arc<dyn AnyService>),
}

impl Route {
    pub(super) fn new(pool: Pool, url: &BaseUrl) -> Result<Self, Error> {
        Ok(match pool {
            Pool::Given(client) => Self::Connections(Connections { client: Mutex::new(client), settings: None }),
            Pool::Own(settings) => {
                let client = Mutex::new(settings.client(url)?);
                Self::Connections(Connections { client, settings: Some(settings) })
            }
            Pool::Service(service) => Self::Service(service),
        })
    }

    /// Stops using the present connections for further requests. A client that the program provided is kept.
    #[cfg(feature = "websocket")]
    pub(super) fn renew(&self, url: &BaseUrl) {
        let Self::Connections(Connections { client, settings: Some(settings) }) = self else { return };
        match settings.client(url) {
            Ok(renewed) => *lock(client) = renewed,
            Err(error) => tracing::warn!("the connections for requests are kept: {error}"),
        }
    }
}

/// The connections of an HTTP client.
pub(super) struct Connections {
    client: Mutex<reqwest::Client>,
    /// What the next client is made from.
    #[cfg_attr(not(feature = "websocket"), allow(dead_code, reason = "only a lost event connection renews it"))]
    settings: Option<Box<PoolSettings>>,
}

impl Connections {
    /// Offers a request to one connection after the other, as long as they end before they take it without a reason.
    pub(super) async fn offer(&self, write: impl Fn() -> reqwest::Request, sent: &Sent) -> reqwest::Result<Response> {
        let client = lock(&self.client).clone();
        let mut attempts = 1;
        loop {
            match client.execute(write()).await {
                Err(error) if attempts < ATTEMPTS && failure::lost_unused(&error, sent.get()) => {}
                result => return result,
            }
            // Whether the error has a reason depends on which task runs first, which a pause changes.
            tokio::time::sleep(Duration::from_millis(attempts.into())).await;
            attempts += 1;
        }
    }
}

fn lock(client: &Mutex<reqwest::Client>) -> MutexGuard<'_, reqwest::Client> {
    client.lock().unwrap_or_else(PoisonError::into_inner)
}
