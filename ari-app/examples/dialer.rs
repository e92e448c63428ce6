//! Calls a list of telephones, two at a time, plays a message to those who answer, and prints what became of each call.
//!
//! It needs nothing in the dialplan:
//!
//! `cargo run --package ari-app --example dialer -- http://localhost:8088/ari PJSIP/alice PJSIP/bob PJSIP/carol`

use std::time::Duration;

use ari_app::{App, Call, CallError, Outgoing, Placed};
use ari_bindings::Client;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

/// How many telephones ring or hear the message at once.
const AT_ONCE: usize = 2;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let endpoints: Vec<_> = arguments.collect();
    let ari = Client::builder(url).credentials("asterisk", "asterisk").build()?;
    let app = App::new(ari, "dialer");
    let (outgoing, shutdown) = (app.outgoing(), app.shutdown());
    let serving = tokio::spawn(app.serve(play));
    for (endpoint, outcome) in dial_all(&outgoing, &endpoints, Duration::from_secs(20)).await? {
        println!("{endpoint:<30} {outcome}");
    }
    shutdown.start();
    serving.await??;
    Ok(())
}

/// Plays the message to somebody who has answered.
pub async fn play(call: Call) -> Result<(), CallError> {
    call.say("sound:hello-world").await.map(drop)
}

/// Calls all endpoints. Returns what became of each, in their order.
pub async fn dial_all(
    outgoing: &Outgoing,
    endpoints: &[String],
    ring: Duration,
) -> Result<Vec<(String, &'static str)>, CallError> {
    let calls: Vec<_> = endpoints.iter().map(|endpoint| dial(outgoing, endpoint, ring)).collect();
    stream::iter(calls).buffered(AT_ONCE).try_collect().await
}

async fn dial(outgoing: &Outgoing, endpoint: &str, ring: Duration) -> Result<(String, &'static str), CallError> {
    let outcome = match outgoing.dial(endpoint).timeout(ring).await? {
        Placed::Answered(call) => {
            call.ended().await;
            "answered"
        }
        Placed::Busy => "busy",
        Placed::NoAnswer => "no answer",
        _ => "not reached",
    };
    Ok((endpoint.to_owned(), outcome))
}
