//! A telephone menu: prompts that a key interrupts, wrong keys, no key at all, and callers who hang up at any point.
//!
//! The dialplan sends the call in: `exten => 2001,1,Stasis(ivr)`.
//!
//! `cargo run --package ari-app --example ivr -- http://localhost:8088/ari asterisk asterisk`

use std::time::Duration;

use ari_app::{App, Call, CallError};
use ari_bindings::Client;

/// "Press 1 [for a greeting], 2 [for the echo test], 9 [to end]", from the sounds that every Asterisk has.
const MENU: [&str; 4] = ["sound:vm-press", "sound:digits/1", "sound:digits/2", "sound:digits/9"];

enum Choice {
    Greeting,
    Echo,
    End,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    App::new(ari, "ivr").serve(menu).await?;
    Ok(())
}

/// Asks until the caller wants to end or has twice chosen nothing.
pub async fn menu(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    loop {
        let menu = call.menu(MENU).choice("1", Choice::Greeting).choice("2", Choice::Echo).choice("9", Choice::End);
        let menu = menu.timeout(Duration::from_secs(3)).tries(2).invalid("sound:pm-invalid-option");
        match menu.await? {
            Some(Choice::Greeting) => drop(call.say("sound:hello-world").await?),
            Some(Choice::Echo) => {
                let echo = call.channel().continue_in_dialplan().context("default").extension("echo").priority(1);
                // Refused if the caller has just hung up.
                if echo.await.is_ok() {
                    call.ended().await;
                }
                return Ok(());
            }
            Some(Choice::End) | None => break,
        }
    }
    call.say("sound:vm-goodbye").await?;
    Ok(())
}
