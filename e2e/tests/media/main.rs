//! The sound of `ari-media` through real Asterisks.

mod audiosocket;
mod phone;
mod rtp;
mod websocket;
