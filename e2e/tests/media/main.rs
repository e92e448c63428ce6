//! The sound of `ari-media` through real Asterisks.

mod audiosocket;
mod rtp;
mod websocket;
