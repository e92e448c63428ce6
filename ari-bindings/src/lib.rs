//! Strongly typed bindings for ARI, the Asterisk REST Interface.
//!
//! A program controls the calls of an [Asterisk](https://www.asterisk.org) server with requests and follows them by
//! events. This crate has every request, every model and every event of Asterisk 16 to 23.
//!
//! ```no_run
//! use ari_bindings::{Client, Error, Event};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Error> {
//!     let ari = Client::builder("http://localhost:8088/ari")
//!         .credentials("asterisk", "asterisk")
//!         .build()?;
//!     let mut events = ari.events("hello-world").await?;
//!     while let Some(event) = events.next().await {
//!         match event? {
//!             Event::StasisStart(start) => {
//!                 let channel = ari.channel(&start.channel);
//!                 channel.answer().await?;
//!                 channel.play("sound:hello-world").lang("en").await?;
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
//! The [guide] explains how the parts fit together, with a cookbook; the [examples] are complete programs; the
//! [repository] has the generator, the tests and the list of what each release of Asterisk added.
//!
//! # Requests
//!
//! `ari.channels()` has the operations on all channels, `ari.channel(id)` returns a handle with the operations on one
//! channel; bridges, playbacks, recordings and so on follow the same pattern. Required parameters are arguments,
//! optional ones are setters. A request is sent once, when awaited; retries are opt-in ([`ClientBuilder::retries`]).
//! `into_request` turns it into a plain [`Request`] instead. Requests use HTTP by default, or the event connection
//! ([`Transport::WebSocket`]).
//!
//! # Data
//!
//! Members that some release of Asterisk does not send are `Option`s. A value that is not declared is `Other`, an event
//! of an unknown type [`Event::Unknown`], and one that does not have the declared form [`Event::Undecodable`]: new
//! releases of Asterisk break nothing.
//!
//! # Events
//!
//! [`Client::events`] opens the event connection and returns [`Events`], a stream. A lost connection is re-established,
//! indefinitely by default; [`Event::Disconnected`] and [`Event::Reconnected`] mark the gap, and [`Event::Resynced`]
//! reports on request what changed in it. [`Connection`] shows the state and statistics. [`EventRouter`] gives the task
//! of each call the events of its channel.
//!
//! # Errors
//!
//! Each [`Error`] variant calls for a different reaction. [`Error::maybe_executed`] says whether the request may have
//! been executed despite the error.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | none | | models, events, ids, values, [`operations::OPERATIONS`], [`availability`]; no I/O |
//! | `http` | yes | [`Client`], requests over HTTP, downloads |
//! | `websocket` | yes | [`Client::events`], [`EventRouter`], [`Events::resync`], requests over the event connection; implies `http` |
//! | `tls` | yes | `https` and `wss`, with rustls, the platform's trust store, and the crypto provider that the program has installed, or else *ring* |
//! | `tls-no-provider` | | the same without *ring*: the program must install a rustls `CryptoProvider` |
//! | `outbound` | | the module [`outbound`]: connections that Asterisk opens; implies `websocket` |
//! | `signal` | | [`EventsBuilder::close_on_signal`]; implies `websocket` |
//! | `metrics` | | counters and latencies through the facade of the crate `metrics` |
//!
#![doc = concat!("[guide]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/src/introduction.md")]
#![doc = concat!("[examples]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/ari-bindings/examples/README.md")]
#![doc = concat!("[repository]: <", env!("CARGO_PKG_REPOSITORY"), ">")]
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
#[cfg(feature = "websocket")]
mod rest;
#[cfg(feature = "http")]
mod transport;
#[rustfmt::skip]
#[allow(rustdoc::redundant_explicit_links, reason = "a text does not know which module it stands in")]
mod generated;
mod id;
mod media;
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
pub use media::Media;
pub use operation::{Method, Operation, RequestLine};
pub use release::{ParseReleaseError, Release, ServerVersion};
#[cfg(feature = "http")]
pub use request::{Download, EventFilter, IntoList, Request, Response, VariableValue};
#[cfg(feature = "websocket")]
pub use resync::{Differences, Resync};
#[cfg(feature = "websocket")]
pub use router::{EventRouter, RoutedEvents};
#[cfg(feature = "websocket")]
pub use transport::Upgrade;
#[cfg(feature = "http")]
pub use transport::{HttpService, ServiceError};
