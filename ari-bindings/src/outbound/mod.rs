//! Connections that Asterisk opens: outbound WebSockets.
//!
//! Asterisk 20.15, 21.10, 22.5, 23.0 and later can connect to the program instead of waiting for it, either with one
//! persistent connection or with a connection for each call. A [`Listener`] accepts these connections. Each becomes a
//! [`Session`]: a [`Client`](crate::Client) whose requests go over the connection, and [`Events`](crate::Events), the
//! same types as for a connection that the program has opened. One handler serves both:
//!
//! ```no_run
//! use ari_bindings::outbound::Listener;
//! use ari_bindings::{Client, Error, Event, Events};
//!
//! async fn handle(ari: Client, mut events: Events) -> Result<(), Error> {
//!     while let Some(event) = events.next().await {
//!         if let Event::StasisStart(start) = event? {
//!             ari.channel(&start.channel.id).answer().await?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # async fn example() -> Result<(), Error> {
//! let mut listener = Listener::builder()
//!     .credentials("asterisk", "secret")
//!     .applications("hello-world")
//!     .bind("0.0.0.0:8765")
//!     .await?;
//! while let Some(session) = listener.accept().await {
//!     tokio::spawn(async move {
//!         let (ari, events) = session.into_parts();
//!         if let Err(error) = handle(ari, events).await {
//!             eprintln!("{error}");
//!         }
//!     });
//! }
//! # Ok(())
//! # }
//! ```
//!
//! In Asterisk, `websocket_client.conf` defines where to connect to, and `ari.conf` for which applications:
//!
//! ```ini
//! ; websocket_client.conf
//! [my-program]
//! type = websocket_client
//! connection_type = persistent       ; or per_call_config
//! uri = ws://my-program.example:8765/
//! protocols = ari
//! username = asterisk
//! password = secret
//!
//! ; ari.conf
//! [my-program]
//! type = outbound_websocket
//! websocket_client_id = my-program
//! apps = hello-world
//! local_ari_user = asterisk          ; whose rights the requests have
//! ```

mod acceptor;
mod admission;
mod budget;
mod builder;
mod listener;
mod pending;
mod session;

pub use acceptor::Acceptor;
pub use builder::ListenerBuilder;
pub use listener::Listener;
pub use session::Session;
