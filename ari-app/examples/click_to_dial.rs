//! Connects two telephones: calls the first one, then the second one while the first hears music, and lets them talk. If
//! the second cannot be reached, the first call ends with the reason as its cause.
//!
//! It needs nothing in the dialplan:
//!
//! `cargo run --package ari-app --example click_to_dial -- http://localhost:8088/ari PJSIP/alice PJSIP/bob`

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed, Placed};
use ari_bindings::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, first, second] = arguments.as_slice() else {
        return Err("usage: click_to_dial URL FIRST SECOND, such as PJSIP/alice PJSIP/bob".into());
    };
    let ari = Client::builder(url).credentials("asterisk", "asterisk").build()?;
    // Each run is another application, so that several can run at the same time.
    let app = App::new(ari, format!("click-to-dial-{}", std::process::id()));
    let (outgoing, shutdown) = (app.outgoing(), app.shutdown());
    let serving = tokio::spawn(app.serve(connect));
    match outgoing.dial(first).args(second).timeout(Duration::from_secs(20)).await? {
        Placed::Answered(call) => println!("{first}: {}", call.ended().await),
        outcome => println!("{first}: {outcome:?}"),
    }
    shutdown.start();
    serving.await??;
    Ok(())
}

/// Calls the second party for the first, who has just answered.
pub async fn connect(call: Call) -> Result<(), CallError> {
    let second = call.args().first().cloned().unwrap_or_default();
    let reason = match call.dial(second).timeout(Duration::from_secs(20)).music_on_hold().await? {
        Dialed::Answered(leg) => {
            call.bridge(leg).until_hangup().await?;
            "normal"
        }
        Dialed::Busy => "busy",
        Dialed::NoAnswer => "no_answer",
        _ => "unallocated",
    };
    println!("{}: {reason}", call.id());
    // Refused if the first party has just hung up.
    let _ = call.channel().hangup().reason(reason).await;
    Ok(())
}
