//! Calls a list of telephones, two at a time, plays a message to those who answer, and prints what became of each call.
//!
//! Somebody calls in to start it, hears music until it is done, and stops it by hanging up. The dialplan has the list:
//! `exten => 2014,1,Stasis(dialer,PJSIP/alice,PJSIP/bob,PJSIP/carol)`.
//!
//! `cargo run --package ari-app --example dialer -- http://localhost:8088/ari asterisk asterisk`

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed};
use ari_bindings::Client;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

/// How many telephones ring or hear the message at once.
const AT_ONCE: usize = 2;

/// How long somebody may listen to the message.
const MESSAGE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let user = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let password = arguments.next().unwrap_or_else(|| "asterisk".to_owned());
    let ari = Client::builder(url).credentials(user, password).build()?;
    App::new(ari, "dialer").serve(serve).await?;
    Ok(())
}

async fn serve(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    call.hold().await?;
    let outcomes = dial_all(&call, call.args(), Duration::from_secs(20)).await?;
    call.unhold().await?;
    println!("{:<30} outcome", "endpoint");
    for (endpoint, outcome) in outcomes {
        println!("{endpoint:<30} {outcome}");
    }
    call.say("sound:vm-goodbye").await?;
    Ok(())
}

/// Calls all endpoints. Returns what became of each, in their order.
pub async fn dial_all(
    call: &Call,
    endpoints: &[String],
    ring: Duration,
) -> Result<Vec<(String, &'static str)>, CallError> {
    let calls: Vec<_> = endpoints.iter().map(|endpoint| dial(call, endpoint, ring)).collect();
    stream::iter(calls).buffered(AT_ONCE).try_collect().await
}

async fn dial(call: &Call, endpoint: &str, ring: Duration) -> Result<(String, &'static str), CallError> {
    let outcome = match call.dial(endpoint).timeout(ring).await? {
        Dialed::Answered(leg) => {
            // Refused if they have just hung up, which is what is waited for.
            let _ = leg.channel().play("sound:hello-world").await;
            let ended = tokio::time::timeout(MESSAGE, leg.ended()).await;
            leg.hangup().await?;
            if ended.is_ok() { "answered, hung up" } else { "answered" }
        }
        Dialed::Busy => "busy",
        Dialed::NoAnswer => "no answer",
        _ => "not reached",
    };
    Ok((endpoint.to_owned(), outcome))
}
