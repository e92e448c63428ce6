//! The verbs of `ari-app` on calls with several channels.

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed};
use ari_test::Fake;
use tokio::time::sleep;

async fn connect(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    match call.dial("Local/wait@default").timeout(Duration::from_secs(20)).await? {
        Dialed::Answered(agent) => {
            call.bridge(agent).until_hangup().await?;
        }
        _ => {
            call.say("sound:vm-nobodyavail").await?;
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn caller_is_connected_and_nothing_is_left() {
    for seed in 0..50 {
        let fake = Fake::builder().seed(seed).start();
        let app = tokio::spawn(App::new(fake.client(), "reception").serve(connect));
        let mut caller = fake.call("reception").from("100").await;
        sleep(Duration::from_secs(5)).await;
        let ari = fake.client();
        let bridges = ari.bridges().list().await.unwrap();
        assert_eq!((bridges.len(), bridges[0].channels.len()), (1, 2), "{seed}");
        caller.hangs_up().await;
        fake.assert_clean().await;
        app.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn caller_hears_that_nobody_is_there() {
    for (seed, endpoint) in ["busy", "ring", "fail"].into_iter().enumerate() {
        let fake = Fake::builder().seed(seed as u64).start();
        let endpoint = format!("Local/{endpoint}@default");
        let handler = move |call: Call| {
            let endpoint = endpoint.clone();
            async move {
                call.answer().await?;
                let dialed = call.dial(endpoint).timeout(Duration::from_secs(5)).await?;
                assert!(!matches!(dialed, Dialed::Answered(_)));
                call.say("sound:vm-nobodyavail").await?;
                Ok::<_, CallError>(())
            }
        };
        let app = tokio::spawn(App::new(fake.client(), "reception").serve(handler));
        let mut caller = fake.call("reception").from("100").await;
        caller.ended().await;
        assert_eq!(caller.heard(), ["sound:vm-nobodyavail"]);
        fake.assert_clean().await;
        app.abort();
    }
}
