//! Fleets of real processes: NATS, the gateways of real Asterisk servers, and workers that die.

mod accounts;
mod caller;
mod draining;
mod gateway;
mod nats;
mod refusals;
mod serving;
mod worker;
