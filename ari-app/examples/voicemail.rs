//! A mailbox: callers leave a message, and hear it before they keep, repeat or discard it.
//!
//! The dialplan names the mailbox: `exten => 2013,1,Stasis(voicemail,42)`.
//!
//! `cargo run --package ari-app --example voicemail -- http://localhost:8088/ari asterisk asterisk`

use std::time::Duration;

use ari_app::{App, Call, CallError, Review, Reviewed};
use ari_bindings::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    App::new(ari, "voicemail").serve(leave_message).await?;
    Ok(())
}

/// Records until the caller is content with the message or hangs up.
pub async fn leave_message(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    let mailbox = call.args().first().cloned().unwrap_or_else(|| "unknown".to_owned());
    call.say("sound:vm-intro").until("#").await?;
    let record = call.record(format!("voicemail/{mailbox}/{}", call.id())).beep().until('#');
    let record = record.max(Duration::from_secs(60)).silence(Duration::from_secs(5));
    let outcome = match record.review(Review::new("sound:vm-review")).await? {
        Reviewed::Discarded => "sound:vm-deleted",
        _ => "sound:vm-msgsaved",
    };
    call.say([outcome, "sound:vm-goodbye"]).await?;
    Ok(())
}
