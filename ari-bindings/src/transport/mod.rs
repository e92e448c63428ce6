//! Bytes to and from the server: one HTTP client for requests and for the upgrade to a WebSocket.

mod base_url;
mod body;
mod failure;
mod http;
mod sent;
#[cfg(feature = "tls-no-provider")]
pub(crate) mod tls;
#[cfg(feature = "tls-no-provider")]
mod verifier;

pub(crate) use self::base_url::{BaseUrl, Credentials};
pub(crate) use self::http::{Http, Limits, Pool, PoolSettings};
