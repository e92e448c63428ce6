//! Strongly typed bindings for ARI, the Asterisk REST Interface.
//!
//! A program drives the calls of an [Asterisk](https://www.asterisk.org) server with requests and
//! hears of them by events. This crate has every request, every model and every event of Asterisk
//! 16 to 23.
//!
//! ```no_run
//! use ari_bindings::{Client, Error, Event};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let ari = Client::builder("http://localhost:8088/ari")
//!         .credentials("asterisk", "asterisk")
//!         .build()?;
//!     let mut events = ari.events(["hello-world"]).await?;
//!     while let Some(event) = events.next().await {
//!         match event? {
//!             Event::StasisStart(start) => {
//!                 let channel = ari.channel(&start.channel.id);
//!                 channel.answer().await?;
//!                 channel.play(["sound:hello-world"]).lang("en").await?;
//!             }
//!             Event::ChannelDtmfReceived(dtmf) => println!("{}", dtmf.digit),
//!             Event::Unknown(event) => println!("{} {}", event.kind(), event.raw()),
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Requests
//!
//! What a request must have are arguments, what it may have are setters. It is sent when it is
//! awaited, once, and never again by itself unless [`ClientBuilder::retries`] has it so. They go by HTTP, or over the
//! event connection ([`Transport::WebSocket`]). `ari.channels()` has all that there is about channels,
//! and `ari.channel(id)` what there is about one of them. `into_request` makes a [`Request`] of it,
//! a plain value, instead.
//!
//! # Data
//!
//! What Asterisk does not always send is an `Option`. A value that it does not declare is `Other`,
//! an event that this crate does not know is [`Event::Unknown`], and one that is not as declared
//! [`Event::Undecodable`]: new releases of Asterisk break nothing.
//!
//! # The connection
//!
//! [`Events`] come over a connection that is made again whenever it is lost, and say where events are missing:
//! [`Event::Disconnected`], [`Event::Reconnected`]. [`Connection`] shows how it is, and its numbers.
//!
//! # Errors
//!
//! [`Error`] tells apart what one would do differently.
//!
//! # Features
//!
//! | feature | | what it gives |
//! |---|---|---|
//! | `tls` | on by default | `https` and `wss`, with rustls and what the platform trusts |
//! | `resync` | on by default | `Events::resync` and `Connect::resync`: what a gap in the events has changed |
//! | `server` | | the module `server`: connections that Asterisk makes |
//! | `signal` | | `Connect::close_on_signal`: a goodbye when the process is asked to end |
//! | `metrics` | | counters and latencies by the facade of the crate `metrics` |

pub mod availability;
pub mod date;
#[cfg(all(fuzzing, feature = "server"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "server")]
pub mod server;

mod builder;
mod call;
mod client;
mod connection;
mod download;
mod error;
mod event;
mod filter;
#[rustfmt::skip]
mod generated;
mod http;
mod id;
mod object;
mod operation;
mod release;
mod reply;
mod request;
mod resync;
mod retry;
mod subscriptions;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod url;
mod value;
mod variables;

pub use availability::AvailabilityCheck;
pub use builder::ClientBuilder;
pub use call::Sending;
pub use client::Client;
pub use connection::{
    Connect, Connection, ConnectionState, DisconnectReason, Disconnected, Dropped, Events, Reconnect, Reconnected,
    SlowReader, Statistics,
};
pub use date::Date;
pub use download::Download;
pub use error::{ConnectErrorKind, Error};
pub use event::{UndecodableEvent, UnknownEvent};
pub use filter::EventFilter;
pub use generated::events::Event;
pub use generated::*;
pub use operation::{Method, Operation};
pub use release::{Release, Server};
pub use request::Request;
#[cfg(feature = "resync")]
pub use resync::{Differences, Resync};
pub use transport::Transport;
pub use variables::VariableValue;

pub use bytes::Bytes;
