//! The runtime against scripted servers on the loopback interface; of each feature what there is to test without others.

mod dates;
mod event_text;

#[cfg(feature = "http")]
mod availability;
#[cfg(feature = "http")]
mod encoding;
#[cfg(feature = "http")]
mod pool;
#[cfg(feature = "http")]
mod replies;
#[cfg(feature = "http")]
mod requests;

#[cfg(feature = "websocket")]
mod over_websocket;
#[cfg(feature = "websocket")]
mod router;
#[cfg(all(feature = "websocket", not(feature = "http")))]
mod without_http;

#[cfg(all(feature = "http", feature = "websocket"))]
mod errors;
#[cfg(all(feature = "http", feature = "websocket"))]
mod events;
#[cfg(all(feature = "http", feature = "websocket"))]
mod observed;
#[cfg(feature = "outbound")]
mod outbound;
#[cfg(all(feature = "http", feature = "websocket"))]
mod reconnect;
#[cfg(all(feature = "http", feature = "websocket"))]
mod restore;
#[cfg(all(feature = "http", feature = "resync"))]
mod resync;
#[cfg(all(feature = "http", feature = "websocket"))]
mod slow_readers;
#[cfg(all(feature = "http", feature = "tls", feature = "websocket"))]
mod tls;

#[cfg(feature = "websocket")]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "fewer tests need less of it"))]
mod fake;
#[cfg(any(feature = "http", feature = "websocket"))]
#[cfg_attr(not(all(feature = "http", feature = "websocket")), allow(dead_code, reason = "as above"))]
mod server;
