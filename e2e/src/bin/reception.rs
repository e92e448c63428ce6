//! An application of `ari-app` as a separate program, for tests that kill it.
//!
//! `reception http://USER:PASSWORD@HOST:PORT/ari APP [hang-up]` prints `serving`, and a line for each step of a call.

use std::env;

use ari_app::{App, Call, CallError, Resume};
use ari_bindings::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("usage: reception http://USER:PASSWORD@HOST:PORT/ari APP [hang-up]".into());
    };
    let ari = Client::builder(url).build()?;
    let app = App::new(ari.clone(), &name);
    let app = if arguments.next().is_some() { app.resume(Resume::HangUp) } else { app };
    let events = ari.events([&name]).await?;
    println!("serving");
    app.serve_events(events, serve).await?;
    Ok(())
}

/// What a caller gets depends on its number, which is kept in a checkpoint: 1 a prompt, 2 a phone that rings, 3 one that
/// answers, 4 a recording. A call of an earlier run is asked for a key.
async fn serve(call: Call) -> Result<(), CallError> {
    if call.is_resumed() {
        println!("resumed {}", call.resumed::<String>().await?.unwrap_or_default());
        let key = call.ask("sound:beep").timeout(std::time::Duration::from_secs(60)).await?;
        println!("pressed {}", key.unwrap_or_default());
        return Ok(());
    }
    call.answer().await?;
    call.checkpoint(call.caller_number()).await?;
    println!("answered {}", call.caller_number());
    match call.caller_number() {
        "1" => drop(call.say(["sound:demo-congrats", "sound:demo-instruct"]).await?),
        "4" => drop(call.record(format!("killed-{}", call.id())).await?),
        "2" => drop(call.dial("Local/ring@default").music_on_hold().await?),
        _ => {
            if let ari_app::Dialed::Answered(leg) = call.dial("Local/wait@default").await? {
                call.bridge(leg).until_hangup().await?;
            }
        }
    }
    Ok(())
}
