//! A queue: callers wait with music and hear their position, and the agents' telephones ring one after the other.
//!
//! The dialplan sends the callers in: `exten => 2005,1,Stasis(queue)`. The program is given the agents:
//!
//! `cargo run --package ari-app --example queue -- http://localhost:8088/ari PJSIP/alice PJSIP/bob`

use std::time::Duration;

use ari_app::{App, Call, CallError, Queue, Queued};
use ari_bindings::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://localhost:8088/ari".to_owned());
    let ari = Client::builder(url).credentials("asterisk", "asterisk").build()?;
    let queue = Queue::new(arguments.collect::<Vec<_>>()).ring(Duration::from_secs(20));
    App::new(ari, "queue").serve(move |call| wait(call, queue.clone())).await?;
    Ok(())
}

/// Waits for an agent, ten minutes at most.
pub async fn wait(call: Call, queue: Queue) -> Result<(), CallError> {
    call.answer().await?;
    let position = |position| vec!["sound:queue-thereare".to_owned(), format!("number:{position}")];
    match call.queue(&queue).announce(Duration::from_secs(60), position).await? {
        Queued::Agent(agent) => {
            let end = call.bridge(agent).until_hangup().await?;
            println!("{}: the agent has left: {end}", call.id());
        }
        _ => drop(call.say("sound:vm-nobodyavail").await?),
    }
    call.say("sound:vm-goodbye").await?;
    Ok(())
}
