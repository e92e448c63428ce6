//! Figures of a fleet beside a program that talks to Asterisk directly.
//!
//! `cargo run --release --package ari-e2e --features live --bin fleet_bench -- [latency] [events] [calls] [failover]`, with
//! the server of `cargo xtask asterisk --tests up 22` and the program of `cargo xtask nats install`. It prints the tables of
//! the guide's chapter on fleets; without an argument, all of them.

mod calls;
mod events;
mod failover;
mod latency;
mod percentiles;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wants = |word: &str| words.is_empty() || words.iter().any(|it| it == word);
    if wants("latency") {
        latency::table().await;
    }
    if wants("events") {
        events::table().await;
    }
    if wants("calls") {
        calls::table().await;
    }
    if wants("failover") {
        failover::table().await;
    }
}
