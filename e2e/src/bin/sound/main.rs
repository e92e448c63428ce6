//! The sound of long calls through a real Asterisk, over every transport at once: whether all of it arrives, and how
//! long an echo takes.
//!
//! ```sh
//! cargo run --release --package ari-e2e --features live --bin sound -- whole MINUTES
//! cargo run --release --package ari-e2e --features live --bin sound -- echo MINUTES
//! cargo run --release --package ari-e2e --features live --bin sound -- phone MINUTES
//! ```
//!
//! They need the server of `cargo xtask asterisk --tests up 22`, and fail if a frame is lost, or if an echo drifts by a
//! frame. The other end of each call is a socket that sends and receives RTP without any buffer; with `phone`, a SIP
//! phone that returns what it hears.

mod echo;
mod phone;
mod probe;
mod whole;

use std::error::Error;
use std::time::Duration;

use ari_e2e::Server;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, minutes] = &words[..] else { return Err("sound whole|echo|phone MINUTES".into()) };
    let (server, minutes) = (Server::of("22"), Duration::from_secs(60 * minutes.parse::<u64>()?));
    match &**what {
        "whole" => whole::run(&server, minutes).await,
        "echo" => echo::run(&server, minutes).await,
        "phone" => phone::run(&server, minutes).await,
        other => Err(format!("{other}: whole, echo or phone").into()),
    }
}
