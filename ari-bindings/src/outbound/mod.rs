//! Connections that Asterisk makes: outbound WebSockets.
//!
//! Instead of waiting to be connected to, Asterisk 20.15, 21.10, 22.5, 23.0 and later can itself connect to a program,
//! once for good or once for each call. A [`Listener`] takes these connections, and each becomes a [`Session`]: a
//! [`Client`](crate::Client) whose requests go over the connection, and [`Events`](crate::Events), the same as of a
//! connection that the program has made. So one handler serves both:
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
//!     .applications(["hello-world"])
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
//! On the side of Asterisk, `websocket_client.conf` says where to connect to, and `ari.conf` for which applications:
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

mod admission;
mod builder;
mod listener;
mod session;

pub use builder::ListenerBuilder;
pub use listener::Listener;
pub use session::Session;
