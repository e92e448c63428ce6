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
//! [`Event::Disconnected`], [`Event::Reconnected`]. [`Connection`] shows how it is, and its numbers. [`EventRouter`] give
//! each call the events of its channel.
//!
//! # Errors
//!
//! [`Error`] tells apart what one would do differently.
//!
//! # Features
//!
//! | feature | | what it gives |
//! |---|---|---|
//! | none | | models, events, ids, values, [`operations::OPERATIONS`], [`availability`]; no input or output |
//! | `http` | on by default | `Client`, whose requests go by HTTP |
//! | `websocket` | on by default | `Client::events`, `Events::resync`; requests over the event connection; implies `http` |
//! | `tls` | on by default | `https` and `wss`, with rustls and what the platform trusts: the cryptography that the program has installed, or else *ring* |
//! | `tls-no-provider` | | the same without *ring*: the program has to install a `CryptoProvider` of rustls |
//! | `outbound` | | the module `outbound`: connections that Asterisk makes; implies `websocket` |
//! | `signal` | | `EventsBuilder::close_on_signal`: a goodbye when the process is asked to end; implies `websocket` |
//! | `metrics` | | counters and latencies by the facade of the crate `metrics` |

#![forbid(unsafe_code)]
// docs.rs says at each item which feature it takes.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod availability;
pub mod date;
#[cfg(all(fuzzing, feature = "outbound"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "outbound")]
pub mod outbound;

#[cfg(feature = "http")]
mod backoff;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "websocket")]
mod connection;
#[cfg(feature = "http")]
mod error;
mod event;
#[cfg(feature = "http")]
mod request;
#[cfg(feature = "http")]
mod transport;
#[rustfmt::skip]
#[allow(rustdoc::redundant_explicit_links, reason = "a text does not know which module it stands in")]
mod generated;
mod id;
mod object;
mod operation;
mod release;
#[cfg(feature = "websocket")]
mod resync;
#[cfg(feature = "websocket")]
mod router;
mod value;

pub use availability::AvailabilityCheck;
#[cfg(feature = "http")]
pub use client::{Bytes, Client, ClientBuilder, ResponseFuture, Transport};
#[cfg(feature = "websocket")]
pub use connection::{Connection, ConnectionState, Events, EventsBuilder, OverflowPolicy, Reconnect, Statistics};
pub use date::Date;
#[cfg(feature = "http")]
pub use error::{ConnectErrorKind, Error};
pub use event::{DisconnectReason, Disconnected, Dropped, Reconnected, UndecodableEvent, UnknownEvent};
pub use generated::events::Event;
pub use generated::*;
pub use operation::{Method, Operation, RequestLine};
pub use release::{Release, ServerVersion};
#[cfg(feature = "http")]
pub use request::{Download, EventFilter, Request, Response, VariableValue};
#[cfg(feature = "websocket")]
pub use resync::{Differences, Resync};
#[cfg(feature = "websocket")]
pub use router::{EventRouter, RoutedEvents};
