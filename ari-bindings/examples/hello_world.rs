//! A first ARI program: it answers a call, greets the caller, tries a few operations, and hangs up when the caller
//! presses a key.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 1000,1,Stasis(hello-world)
//! ```
//!
//! Run it with `cargo run --example hello_world`; `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;

use ari_bindings::{Client, Error, Event};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let mut events = ari.events("hello-world").await?;
    println!("waiting for calls to the application hello-world");
    while let Some(event) = events.next().await {
        match react(&ari, &event?).await {
            // The caller may hang up at any moment, and requests for the call are then refused.
            Err(error) if matches!(error.status(), Some(404 | 409)) => println!("the call is gone: {error}"),
            // A failure in one call does not affect the others.
            Err(error) => println!("{error}"),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Handles an event.
pub async fn react(ari: &Client, event: &Event) -> Result<(), Error> {
    match event {
        Event::StasisStart(start) => {
            println!("{} calls on {}", start.channel.caller.number, start.channel.name);
            let channel = ari.channel(&start.channel);
            channel.answer().await?;
            channel.play("sound:hello-world").lang("en").await?;
        }
        Event::PlaybackFinished(finished) => {
            let Some(id) = finished.playback.target_uri.strip_prefix("channel:") else { return Ok(()) };
            let channel = ari.channel(id);
            channel.send_dtmf().dtmf("1").await?;
            channel.hold().await?;
            channel.unhold().await?;
        }
        Event::ChannelDtmfReceived(dtmf) => {
            println!("{} pressed {}", dtmf.channel.caller.number, dtmf.digit);
            ari.channel(&dtmf.channel).hangup().await?;
        }
        Event::StasisEnd(end) => println!("{} is gone", end.channel.name),
        Event::Disconnected(gap) => println!("{gap}: calls continue, events are lost"),
        Event::Reconnected(gap) => println!("{gap}"),
        Event::Unknown(event) => println!("unknown event: {}", event.kind()),
        Event::Undecodable(event) => println!("cannot decode an event: {}", event.reason()),
        _ => {}
    }
    Ok(())
}
