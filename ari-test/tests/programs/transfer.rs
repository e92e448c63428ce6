//! The example `transfer`, and transfers that a telephone asks for.

use ari_app::Call;
use ari_test::{Fake, Person};

use crate::{Running, SECOND, on_seeds};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/transfer.rs"]
mod example;

/// A caller who talks to the agent, a person behind the application `agent`.
async fn talking(fake: &Fake) -> (Running, Person, String) {
    let ari = fake.client();
    let mut events = ari.events("agent").await.unwrap();
    let connect = |call: Call| async move { example::connect(call, "stasis-agent").await };
    let app = Running::start(fake, "transfer", connect).await;
    let mut caller = fake.call("transfer").from("100").await;
    let agent = loop {
        if let ari_bindings::Event::StasisStart(start) = events.next().await.unwrap().unwrap() {
            break start.channel.id.to_string();
        }
    };
    ari.channel(&*agent).answer().await.unwrap();
    tokio::spawn(async move { while events.next().await.is_some() {} });
    caller.is_answered().await;
    caller.stays_silent(SECOND).await;
    (app, caller, agent)
}

#[tokio::test(start_paused = true)]
async fn blind_transfer_releases_the_agent() {
    on_seeds(async |fake: Fake| {
        let (app, mut caller, agent) = talking(&fake).await;
        fake.client().channel(&*agent).send_dtmf().dtmf("#1001#").await.unwrap();
        caller.waits_for("moh").await;
        caller.stays_silent(5 * SECOND).await;
        assert!(fake.client().channel(&*agent).get().await.is_err());
        let bridges = fake.client().bridges().list().await.unwrap();
        assert!(bridges.iter().any(|bridge| bridge.channels.len() == 2), "{bridges:?}");
        caller.hangs_up().await;
        app.ended_well(1).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attended_transfer_connects_once_the_agent_leaves() {
    on_seeds(async |fake: Fake| {
        let (app, mut caller, agent) = talking(&fake).await;
        fake.client().channel(&*agent).send_dtmf().dtmf("*1001#").await.unwrap();
        caller.stays_silent(5 * SECOND).await;
        fake.client().channel(&*agent).hangup().await.unwrap();
        caller.stays_silent(SECOND).await;
        let bridges = fake.client().bridges().list().await.unwrap();
        let with_caller = bridges.iter().find(|bridge| bridge.channels.iter().any(|id| *id == caller.id()));
        assert_eq!(with_caller.map(|bridge| bridge.channels.len()), Some(2), "{bridges:?}");
        caller.hangs_up().await;
        app.ended_well(1).await;
    })
    .await;
}
