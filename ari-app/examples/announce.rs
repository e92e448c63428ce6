//! A conference that anyone can make an announcement to: a WAV file of any rate, from this program's disk.
//!
//! The dialplan distinguishes the two: `exten => 2014,1,Stasis(announce)` joins, and a caller with an argument, as by
//! `exten => 2015,1,Stasis(announce,host)`, announces.
//!
//! `cargo run --package ari-app --features media --example announce -- news.wav http://localhost:8088/ari asterisk asterisk`

use std::path::Path;

use ari_app::{App, Call, CallError};
use ari_bindings::Client;
use ari_media::{Audio, MediaConfig};

const ROOM: &str = "announcements";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a WAV file")?;
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    let serve = move |call: Call| {
        let file = file.clone();
        async move { conference(call, file).await }
    };
    App::new(ari, "announce").serve(serve).await?;
    Ok(())
}

/// A caller with an argument announces to the conference, and everybody else joins it.
pub async fn conference(call: Call, file: impl AsRef<Path>) -> Result<(), CallError> {
    call.answer().await?;
    if call.args().is_empty() {
        call.conference(ROOM).music_while_alone().until("#").await?;
        return Ok(());
    }
    match call.room(ROOM).media(MediaConfig::at_rate(16_000)).await? {
        Some(media) => drop(media.play(Audio::wav(file)?).await?),
        None => drop(call.say("sound:conf-onlyperson").await?),
    }
    call.say("sound:vm-goodbye").await?;
    Ok(())
}
