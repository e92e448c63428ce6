//! Behaviour when Asterisk or the network fails, on real servers that these tests crash, stop and reconfigure. The
//! tests run one after the other, each on all servers at the same time.
//!
//! After each test, every call of the server was reported, lies in a reported gap or was found by a resync, and the
//! client has left nothing behind.

mod alone;
mod app;
mod crash;
mod limits;
mod media;
mod monitor;
mod network;
mod observer;
mod queue;
mod requests;
mod rivals;
mod slow;
