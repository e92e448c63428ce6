//! Connects two telephones: calls the first one, then the second one while the first hears music, and lets them talk. If
//! the second cannot be reached, the first call ends with the reason as its cause.
//!
//! It needs nothing in the dialplan:
//!
//! `cargo run --package ari-app --example click_to_dial -- http://localhost:8088/ari PJSIP/alice PJSIP/bob`

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed};
use ari_bindings::ids::ChannelId;
use ari_bindings::{Client, Error};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, first, second] = arguments.as_slice() else {
        return Err("usage: click_to_dial URL FIRST SECOND, such as PJSIP/alice PJSIP/bob".into());
    };
    let ari = Client::builder(url).credentials("asterisk", "asterisk").build()?;
    // Each run is another application, so that several can run at the same time.
    let name = format!("click-to-dial-{}", std::process::id());
    let events = ari.events([&name]).await?;
    let app = App::new(ari.clone(), &name);
    let shutdown = app.shutdown();
    let serving = tokio::spawn(app.serve_events(events, connect));
    let caller = call_first(&ari, &name, first, second).await?;
    // It is gone when the parties have talked, or when the first one has not answered.
    while ari.channel(&caller).get().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    shutdown.start();
    serving.await??;
    Ok(())
}

/// Calls the first party, who enters the application by answering.
pub async fn call_first(ari: &Client, app: &str, first: &str, second: &str) -> Result<ChannelId, Error> {
    Ok(ari.channels().originate(first).app(app).app_args(second).timeout(20).await?.id)
}

/// Calls the second party for the first.
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
