//! A call is offered to every running copy of this program, and the first copy to claim it gets it. So the copies share
//! the work, and each can be stopped at any time.
//!
//! It requires Asterisk 20.20, 22.10, 23.4 or later. The dialplan offers the call for five seconds to every application
//! whose name begins with `broadcast-`:
//!
//! ```text
//! exten => 2011,1,StasisBroadcast(5000,^broadcast-,,yes)
//! ```
//!
//! Start it several times with the Asterisk 22 that `cargo xtask asterisk up` starts, which has this extension:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example broadcast
//! $ cargo xtask asterisk call 2011
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;

use ari_bindings::{Client, Error, Event, Events};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    // Once the version is known, an unsupported request fails with the releases that support it instead of a 404.
    println!("{}", ari.server_version().await?);
    // Each copy is a separate application.
    let app = format!("broadcast-{}", std::process::id());
    let events = ari.events(&app).await?;
    println!("waiting for offers to the application {app}");
    serve(ari, events, app).await
}

/// Handles events one after the other.
pub async fn serve(ari: Client, mut events: Events, app: String) -> Result<(), Error> {
    while let Some(event) = events.next().await {
        let event = event?;
        match react(&ari, &event, &app).await {
            Ok(()) => {}
            // The caller hung up at the same moment.
            Err(error) if matches!(error.status(), Some(404 | 409)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

async fn react(ari: &Client, event: &Event, app: &str) -> Result<(), Error> {
    match event {
        Event::CallBroadcast(offer) => match ari.event_operations().claim_channel(&offer.channel.id, app).await {
            Ok(()) => println!("{} is ours", offer.channel.name),
            Err(error) if matches!(error.status(), Some(404 | 409)) => {
                println!("{} was claimed by another copy, or is gone", offer.channel.name);
            }
            Err(error) => return Err(error),
        },
        Event::CallClaimed(claimed) => println!("{} goes to {}", claimed.channel.name, claimed.winner_app),
        // Only the copy that claimed the call receives this event. The rest is an ordinary call.
        Event::StasisStart(start) => {
            let channel = ari.channel(&start.channel);
            channel.answer().await?;
            channel.play("sound:hello-world").await?;
        }
        Event::PlaybackFinished(finished) => {
            if let Some(id) = finished.playback.target_uri.strip_prefix("channel:") {
                ari.channel(id).hangup().await?;
            }
        }
        Event::Disconnected(gap) => println!("{gap}: the other copies get the offers"),
        Event::Reconnected(gap) => {
            println!("{gap}");
            // The end of a greeting may have been lost in the gap.
            for channel in ari.application(app).get().await?.channel_ids {
                ari.channel(channel).hangup().await?;
            }
        }
        _ => {}
    }
    Ok(())
}
