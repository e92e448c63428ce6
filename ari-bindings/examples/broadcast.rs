//! A call is offered to every copy of this program, and the first to claim it has it: so several share the work, and one of
//! them can be taken away at any time.
//!
//! It takes Asterisk 22.10, 23.4, 20.20 or later. The dialplan offers the call for five seconds to every application whose
//! name begins with `broadcast-`:
//!
//! ```text
//! exten => 2011,1,StasisBroadcast(5000,^broadcast-,,yes)
//! ```
//!
//! Try it with the Asterisk 22 that `cargo xtask asterisk up` starts, which has that extension; twice, or more often:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example broadcast
//! $ cargo xtask asterisk call 2011
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` say where Asterisk is.

use std::env;

use ari_bindings::{Client, Error, Event, Events};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    // Once this is known, claiming fails with the releases that can do it, rather than with the server's 404.
    println!("{}", ari.server_version().await?);
    // Each copy has a name of its own.
    let app = format!("broadcast-{}", std::process::id());
    let events = ari.events([&app]).await?;
    println!("waiting for offers to the application {app}");
    serve(ari, events, app).await
}

/// Reacts to one event after the other.
pub async fn serve(ari: Client, mut events: Events, app: String) -> Result<(), Error> {
    while let Some(event) = events.next().await {
        let event = event?;
        match react(&ari, &event, &app).await {
            Ok(()) => {}
            // The caller has hung up at the same moment, which is no fault.
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
                println!("{} is another's, or gone", offer.channel.name);
            }
            Err(error) => return Err(error),
        },
        Event::CallClaimed(claimed) => println!("{} goes to {}", claimed.channel.name, claimed.winner_app),
        // Only the winner gets here, and from here on it is a call as any other.
        Event::StasisStart(start) => {
            let channel = ari.channel(&start.channel);
            channel.answer().await?;
            channel.play(["sound:hello-world"]).await?;
        }
        Event::PlaybackFinished(finished) => {
            if let Some(id) = finished.playback.target_uri.strip_prefix("channel:") {
                ari.channel(id).hangup().await?;
            }
        }
        Event::Disconnected(gap) => println!("{gap}: what is offered now goes to others"),
        Event::Reconnected(gap) => println!("{gap}"),
        _ => {}
    }
    Ok(())
}
