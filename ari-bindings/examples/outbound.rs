//! One program, and both ways to meet Asterisk: it connects to Asterisk, or waits for Asterisk to connect. What it does with
//! calls is the same, and does not know which way it was.
//!
//! The dialplan sends the call in:
//!
//! ```text
//! exten => 2012,1,Stasis(outbound)
//! ```
//!
//! By itself, the program connects to `ARI_URL` with `ARI_USER` and `ARI_PASSWORD`:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example outbound --features server
//! ```
//!
//! With `LISTEN=127.0.0.1:8765` it waits there, which takes Asterisk 22.5, 20.15, 21.10, 23.0 or later with:
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
        let listener = Listener::builder().credentials(user, password).applications(["outbound"]).bind(address).await?;
        println!("waiting for Asterisk at {}", listener.local_addr());
        listen(listener).await;
        return Ok(());
    }
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari")).credentials(user, password).build()?;
    let events = ari.events(["outbound"]).await?;
    println!("connected to {}", ari.base_url());
    handle(ari, events).await
}

/// Handles each connection that Asterisk makes in a task of its own: there may be several servers, and of one that was lost
/// comes another.
pub async fn listen(mut listener: Listener) {
    while let Some(session) = listener.accept().await {
        println!("{} connects for {}", session.peer(), session.application());
        let (ari, events) = session.into_parts();
        tokio::spawn(async move {
            match handle(ari, events).await {
                Ok(()) => println!("a connection is closed"),
                Err(error) => println!("a connection has ended: {error}"),
            }
        });
    }
}

/// Handles the calls of one connection, until it ends.
pub async fn handle(ari: Client, mut events: Events) -> Result<(), Error> {
    while let Some(event) = events.next().await {
        let event = event?;
        match react(&ari, &event).await {
            Ok(()) => {}
            // The caller has hung up at the same moment, which is no fault.
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
            channel.play(["sound:hello-world"]).await?;
        }
        Event::PlaybackFinished(finished) => {
            if let Some(id) = finished.playback.target_uri.strip_prefix("channel:") {
                ari.channel(id).hangup().await?;
            }
        }
        // These only come of a connection that the program has made; of the other kind, Asterisk makes another.
        Event::Disconnected(gap) => println!("{gap}: the calls go on, but nothing is heard of them"),
        Event::Reconnected(gap) => println!("{gap}"),
        _ => {}
    }
    Ok(())
}
