//! Requests over the event connection: REST over WebSocket.

mod client;
mod message;
mod unescape;

pub(crate) use client::RestClient;
