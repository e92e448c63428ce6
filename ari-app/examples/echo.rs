//! Callers hear themselves: every frame goes back as it comes.
//!
//! The dialplan sends the call in: `exten => 2017,1,Stasis(echo)`.
//!
//! `cargo run --package ari-app --features media --example echo -- http://localhost:8088/ari asterisk asterisk`

use std::time::Duration;

use ari_app::{App, Call, CallError};
use ari_bindings::Client;
use ari_media::MediaConfig;

/// What would be heard later than this is not worth sending.
const MOST_DELAY: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    App::new(ari, "echo").serve(echo).await?;
    Ok(())
}

/// Sends the caller's sound back until the caller hangs up.
pub async fn echo(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    // Frames that stand for a pause would be heard late.
    let mut media = call.media(MediaConfig::at_rate(16_000).fill_silence(false)).await?;
    let sender = media.sender().clone();
    while let Some(frame) = media.recv().await? {
        sender.relay(frame.samples(), MOST_DELAY)?;
    }
    Ok(())
}
