//! A lamp, as a custom device state and in user events.
//!
//! Callers switch it with the keys 1 and 0, other programs and the dialplan with the user event `switch`. Its state is that
//! of the device `Stasis:lamp`, which telephones can show. Another program, in the application `wallboard`,
//! receives a user event for each change.
//!
//! The dialplan sends callers in, and defines the hint that telephones watch:
//!
//! ```text
//! exten => 2009,1,Stasis(user_events)
//! exten => 2090,hint,Stasis:lamp
//! ```
//!
//! Try it with the Asterisk that `cargo xtask asterisk up` starts, which has these extensions:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example user_events
//! $ cargo xtask asterisk call 2009 --digit 1
//! $ curl -u asterisk:asterisk 'http://127.0.0.1:PORT/ari/events/user/switch?application=user_events' \
//!     -H 'Content-Type: application/json' -d '{"variables": {"to": "off"}}'
//! $ cargo xtask asterisk console -x 'core show hints'
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;

use ari_bindings::values::{DeviceStateValue, UpdateDeviceState};
use ari_bindings::{Client, Error, Event, Events};

/// The names of custom devices begin with `Stasis:`.
const LAMP: &str = "Stasis:lamp";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    let events = ari.events("user_events").await?;
    println!("waiting for calls to the application user_events");
    serve(ari, events).await
}

/// Handles events one after the other.
pub async fn serve(ari: Client, mut events: Events) -> Result<(), Error> {
    // Device states need a subscription. After a gap, the connection restores it.
    ari.application("user_events").subscribe(format!("deviceState:{LAMP}")).await?;
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
            let channel = ari.channel(&start.channel);
            channel.answer().await?;
            channel.play(["sound:vm-press", "digits:1", "digits:0"]).await?;
            Ok(())
        }
        Event::ChannelDtmfReceived(dtmf) => match dtmf.digit.as_str() {
            "1" => switch(ari, true).await,
            "0" => switch(ari, false).await,
            _ => Ok(()),
        },
        // The sender of a user event may choose any content.
        Event::ChannelUserevent(event) if event.eventname == "switch" => match event.userevent["to"].as_str() {
            Some("on") => switch(ari, true).await,
            Some("off") => switch(ari, false).await,
            _ => {
                println!("neither on nor off: {}", event.userevent);
                Ok(())
            }
        },
        Event::DeviceStateChanged(changed) if changed.device_state.name == LAMP => {
            report(ari, &changed.device_state.state).await
        }
        Event::Disconnected(gap) => {
            println!("{gap}: keys are lost");
            Ok(())
        }
        // The lamp may have changed meanwhile.
        Event::Reconnected(_) => report(ari, &ari.device_states().get(LAMP).await?.state).await,
        _ => Ok(()),
    }
}

/// Changes the state, which is reported as an event, like changes by other programs.
async fn switch(ari: &Client, on: bool) -> Result<(), Error> {
    let state = if on { UpdateDeviceState::Inuse } else { UpdateDeviceState::NotInuse };
    ari.device_states().update(LAMP, state).await
}

/// Reports the state to the other program.
async fn report(ari: &Client, state: &DeviceStateValue) -> Result<(), Error> {
    println!("the lamp is {state}");
    let on = *state == DeviceStateValue::Inuse;
    match ari.event_operations().user_event("lamp", "wallboard").variables([("on", on)]).await {
        // The other program is not running.
        Err(error) if error.is_not_found() => Ok(()),
        result => result,
    }
}
