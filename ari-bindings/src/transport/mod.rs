//! Bytes to and from the server: one HTTP client, or a service in its place, for requests and event connections.

mod base_url;
mod body;
mod failure;
mod http;
mod route;
mod sent;
mod service;
#[cfg(feature = "tls-no-provider")]
pub(crate) mod tls;
#[cfg(feature = "tls-no-provider")]
mod verifier;

pub(crate) use self::base_url::{BaseUrl, Credentials};
pub(crate) use self::http::{Http, Limits};
pub(crate) use self::route::{Pool, PoolSettings};
pub(crate) use self::service::AnyService;
#[cfg(feature = "websocket")]
pub use self::service::Upgrade;
#[cfg(feature = "websocket")]
pub(crate) use self::service::{ByteStream, Upgraded};
pub use self::service::{HttpService, ServiceError};
