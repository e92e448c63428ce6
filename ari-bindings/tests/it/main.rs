//! Tests of the runtime against scripted servers on the loopback interface, for any combination of features.

mod dates;
mod event_text;

#[cfg(feature = "http")]
mod availability;
#[cfg(feature = "http")]
mod encoding;
#[cfg(feature = "http")]
mod outcome;
#[cfg(feature = "http")]
mod pool;
#[cfg(feature = "http")]
mod replies;
#[cfg(feature = "http")]
mod requests;
#[cfg(feature = "http")]
mod service;

#[cfg(feature = "websocket")]
mod over_websocket;
#[cfg(feature = "websocket")]
mod router;

#[cfg(feature = "websocket")]
mod errors;
#[cfg(feature = "websocket")]
mod events;
#[cfg(feature = "websocket")]
mod lifetime;
#[cfg(feature = "websocket")]
mod observed;
#[cfg(feature = "outbound")]
mod outbound;
#[cfg(feature = "outbound")]
mod outbound_acceptor;
#[cfg(feature = "outbound")]
mod outbound_hostile;
#[cfg(feature = "outbound")]
mod outbound_session;
#[cfg(feature = "outbound")]
mod outbound_shutdown;
#[cfg(feature = "websocket")]
mod overflow;
#[cfg(feature = "websocket")]
mod point_releases;
#[cfg(feature = "websocket")]
mod pressure;
#[cfg(feature = "websocket")]
mod reconnect;
#[cfg(feature = "websocket")]
mod reconnect_scripts;
#[cfg(feature = "websocket")]
mod restore;
#[cfg(feature = "websocket")]
mod resync;
#[cfg(all(feature = "tls", feature = "websocket"))]
mod tls;
#[cfg(feature = "tls")]
mod trust;

#[cfg(feature = "websocket")]
mod fake;
#[cfg(feature = "http")]
#[cfg_attr(not(feature = "websocket"), allow(dead_code, reason = "fewer tests need less of it"))]
mod server;
