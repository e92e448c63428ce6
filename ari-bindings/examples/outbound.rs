//! One program for both directions: it connects to Asterisk, or waits for Asterisk to connect. Calls are handled the same
//! way in both.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2012,1,Stasis(outbound)
//! ```
//!
//! By default, the program connects to `ARI_URL` with `ARI_USER` and `ARI_PASSWORD`:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example outbound --features outbound
//! ```
//!
//! With `LISTEN=127.0.0.1:8765`, it waits there for Asterisk 20.15, 21.10, 22.5, 23.0 or later with this configuration:
//!
//! ```ini
//! ; websocket_client.conf
//! [outbound]
//! type = websocket_client
//! connection_type = persistent       ; or per_call_config: a connection for each call
//! uri = ws://127.0.0.1:8765/
//! protocols = ari
//! username = asterisk
//! password = asterisk
//!
//! ; ari.conf
//! [outbound]
//! type = outbound_websocket
//! websocket_client_id = outbound
//! apps = outbound
//! local_ari_user = asterisk
//! ```

use std::env;

use ari_bindings::outbound::Listener;
use ari_bindings::{Client, Error, Event, Events};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let (user, password) = (setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"));
    if let Ok(address) = env::var("LISTEN") {
        let listener = Listener::builder().credentials(user, password).applications("outbound").bind(address).await?;
        println!("waiting for Asterisk at {}", listener.local_addr());
        listen(listener).await;
        return Ok(());
    }
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari")).credentials(user, password).build()?;
    let events = ari.events("outbound").await?;
    println!("connected to {}", ari.base_url());
    handle(ari, events).await
}

/// Handles each connection that Asterisk opens in a task: there may be several servers, and a lost connection is followed
/// by another one.
pub async fn listen(mut listener: Listener) {
    while let Some(session) = listener.accept().await {
        println!("{} connects for {}", session.peer(), session.application());
        let (ari, events) = session.into_parts();
        tokio::spawn(async move {
            match handle(ari, events).await {
                Ok(()) => println!("connection closed"),
                Err(error) => println!("connection lost: {error}"),
            }
        });
    }
}

/// Handles the calls of one connection until it ends.
pub async fn handle(ari: Client, mut events: Events) -> Result<(), Error> {
    while let Some(event) = events.next().await {
        let event = event?;
        match react(&ari, &event).await {
            Ok(()) => {}
            // The caller hung up at the same moment.
            Err(error) if matches!(error.status(), Some(404 | 409)) => println!("too late: {error}"),
            Err(error) => eprintln!("{}: {error}", event.kind()),
        }
    }
    Ok(())
}

async fn react(ari: &Client, event: &Event) -> Result<(), Error> {
    match event {
        Event::StasisStart(start) => {
            println!("{} calls on {}", start.channel.caller.number, start.channel.name);
            let channel = ari.channel(&start.channel);
            channel.answer().await?;
            channel.play("sound:hello-world").await?;
        }
        Event::PlaybackFinished(finished) => {
            if let Some(id) = finished.playback.target_uri.strip_prefix("channel:") {
                ari.channel(id).hangup().await?;
            }
        }
        // Only a connection that the program has opened reports gaps. Asterisk opens another one instead.
        Event::Disconnected(gap) => println!("{gap}: calls continue, events are lost"),
        Event::Reconnected(gap) => {
            println!("{gap}");
            // The end of a greeting may have been lost in the gap.
            for channel in ari.application("outbound").get().await?.channel_ids {
                ari.channel(channel).hangup().await?;
            }
        }
        _ => {}
    }
    Ok(())
}
