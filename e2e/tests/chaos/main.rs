//! What becomes of a program when Asterisk or the network fails: on real servers, which these tests crash, stop and
//! reconfigure. They run one after the other, each on all servers at the same time.
//!
//! After each: every call that the server has had was seen, or lies in a reported gap, or was found by a resync;
//! and nothing is left over of the client.

mod alone;
mod crash;
mod limits;
mod monitor;
mod network;
mod observer;
mod queue;
mod requests;
mod rivals;
mod slow;
