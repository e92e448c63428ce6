//! Conferences: all callers of the same number meet in the same room. The first one hears music, a new member is
//! announced, the key 1 mutes and unmutes, # leaves, and the room ends with its last member.
//!
//! The dialplan chooses the room: `exten => _2002X,1,Stasis(conference,${EXTEN})`.
//!
//! `cargo run --package ari-app --example conference -- http://localhost:8088/ari asterisk asterisk`

use ari_app::{App, Call, CallError};
use ari_bindings::values::Direction;
use ari_bindings::{Client, Event};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    App::new(ari, "conference").serve(join).await?;
    Ok(())
}

/// Stays in the room until the caller presses # or hangs up.
pub async fn join(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    let room = call.args().first().map_or("lobby", String::as_str);
    if call.room(room).count() == 0 {
        call.say("sound:conf-onlyperson").await?;
    }
    let conference = call.conference(room).announce("sound:conf-hasjoin").music_while_alone().until("#");
    tokio::select! {
        departure = conference => drop(departure?),
        keys = mute_by_key(&call) => keys?,
    }
    call.say("sound:vm-goodbye").await?;
    Ok(())
}

/// Mutes and unmutes the caller until the call ends.
async fn mute_by_key(call: &Call) -> Result<(), CallError> {
    let (mut events, mut is_muted) = (call.events(), false);
    while let Ok(event) = events.recv().await {
        if !matches!(&*event, Event::ChannelDtmfReceived(dtmf) if dtmf.digit == "1") {
            continue;
        }
        is_muted = !is_muted;
        if is_muted {
            call.mute(Direction::In).await?;
            call.say("sound:conf-now-muted").await?;
        } else {
            call.unmute(Direction::In).await?;
            call.say("sound:conf-now-unmuted").await?;
        }
    }
    Ok(())
}
