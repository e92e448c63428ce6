//! Transfers with the keys of any telephone: the called party, here the agent, sends the caller on.
//!
//! - `#` number `#` is a blind transfer: the agent is released at once, and the caller hears music until the target
//!   answers.
//! - `*` number `#` is an attended one: the agent talks to the target first. When the agent hangs up, caller and target
//!   are connected; when the target does, the agent gets the caller back.
//!
//! The dialplan chooses whom to call, and numbers lead to its context `default`:
//! `exten => _2006.,1,Stasis(transfer,${EXTEN:4})`.
//!
//! `cargo run --package ari-app --example transfer -- http://localhost:8088/ari asterisk asterisk`

use std::sync::Arc;
use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed, Leg, Talked, Transferred};
use ari_bindings::{Client, Event};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

/// How long the agent may take from one key of a number to the next.
const PAUSE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    let serve = |call: Call| async move {
        let number = call.args().first().cloned().unwrap_or_default();
        connect(call, &number).await
    };
    App::new(ari, "transfer").serve(serve).await?;
    Ok(())
}

/// Connects the caller with a number, and then with everyone whom the caller is transferred to.
pub async fn connect(call: Call, number: &str) -> Result<(), CallError> {
    call.ring().await?;
    let Dialed::Answered(mut agent) = call.dial(endpoint(number)).await? else { return Ok(()) };
    call.answer().await?;
    loop {
        let mut events = call.events();
        let Talked::Key(key, leg) = call.bridge(agent).until_key("#*").await? else { return Ok(()) };
        agent = match target(&mut events, &leg, key).await {
            None => leg,
            Some(number) if key == '#' => {
                leg.hangup().await?;
                match call.dial(endpoint(&number)).music_on_hold().await? {
                    Dialed::Answered(leg) => leg,
                    _ => return Ok(()),
                }
            }
            Some(number) => match call.transfer(leg, endpoint(&number)).await? {
                Transferred::To(leg) | Transferred::Back(leg) => leg,
                _ => return Ok(()),
            },
        };
    }
}

fn endpoint(number: &str) -> String {
    format!("Local/{number}@default")
}

/// The number that the agent enters between the key that begins a transfer and `#`; `None` if it stays incomplete.
async fn target(events: &mut Receiver<Arc<Event>>, agent: &Leg, begin: char) -> Option<String> {
    let channel = agent.channel();
    let mut number = None;
    while let Ok(Ok(event)) = timeout(PAUSE, events.recv()).await {
        let Event::ChannelDtmfReceived(dtmf) = &*event else { continue };
        if dtmf.channel.id != *channel.channel_id() {
            continue;
        }
        match &mut number {
            None if dtmf.digit.starts_with(begin) => number = Some(String::new()),
            None => {}
            Some(_) if dtmf.digit == "#" => return number.filter(|number| !number.is_empty()),
            Some(number) => number.push_str(&dtmf.digit),
        }
    }
    None
}
