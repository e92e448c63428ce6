//! How long it takes.

use std::time::Duration;

use ari_app::{App, Call, CallError, Dialed};
use ari_test::Fake;
use tokio::time::sleep;

async fn whole(call: Call) -> Result<(), CallError> {
    call.answer().await?;
    let choice = call.ask("sound:menu").digits(1).timeout(Duration::from_secs(10)).await?;
    assert_eq!(choice.as_deref(), Some("1"));
    if let Dialed::Answered(agent) = call.dial("Local/wait@default").await? {
        call.bridge(agent).until_hangup().await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn many_whole_calls_leave_nothing() {
    let started = std::time::Instant::now();
    // A thousand take too long unoptimised.
    let count = if cfg!(debug_assertions) { 100 } else { 1000 };
    let fake = Fake::new();
    let _app = tokio::spawn(App::new(fake.client(), "whole").serve(whole));
    let calls = (0..count).map(|number: u32| {
        let fake = fake.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(u64::from(number) * 10)).await;
            let mut caller = fake.call("whole").from("100").await;
            sleep(Duration::from_secs(1)).await;
            caller.presses("1").await;
            sleep(Duration::from_secs(2)).await;
            caller.hangs_up().await;
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    fake.assert_clean().await;
    println!("{count} calls in {:?}", started.elapsed());
}
