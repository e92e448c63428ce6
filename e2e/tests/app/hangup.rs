//! A caller who hangs up at any moment.

use std::future::Future;
use std::time::Duration;

use ari_app::{Call, CallError, Dialed, Review};
use tokio::time::timeout;

use crate::running::serve;

/// A handler with every verb.
async fn everything(call: Call) -> Result<(), CallError> {
    call.ring().await?;
    call.answer().await?;
    call.set_variable("GREETING", "hello").await?;
    call.variable("GREETING").await?;
    call.say(["sound:beep", "digits:1"]).until("#").await?;
    call.dtmf("1").await?;
    call.ask("sound:beep").timeout(Duration::from_millis(200)).await?;
    call.record(ari_e2e::unique("recording")).max(Duration::from_secs(1)).await?;
    if let Dialed::Answered(leg) = call.dial(["Local/wait@default", "Local/ring@default"]).await? {
        call.bridge(leg).until_hangup().await?;
    }
    Ok(())
}

/// A handler with what goes on beside other work, and with dialogues.
async fn in_the_background(call: Call) -> Result<(), CallError> {
    const SHORT: Duration = Duration::from_millis(100);
    let dial = call.dial(["Local/busy@default", "Local/early@default"]).one_by_one().early_media();
    dial.timeout(Duration::from_secs(1)).await?;
    call.answer().await?;
    let playing = call.say(["sound:demo-congrats", "digits:12"]).start().await?;
    playing.pause().await?;
    playing.resume().await?;
    playing.forward().await?;
    playing.stop().await?;
    let recording = call.record(ari_e2e::unique("recording")).max(Duration::from_secs(1)).start().await?;
    recording.pause().await?;
    recording.mute().await?;
    recording.resume().await?;
    recording.stop().await?;
    let record = call.record(ari_e2e::unique("recording")).max(Duration::from_secs(1));
    record.review(Review::new("sound:beep").timeout(SHORT).tries(2)).await?;
    if let Dialed::Answered(leg) = call.dial("Local/wait@default").early_media().await? {
        call.say("sound:beep").start().await?.detach();
        call.bridge(leg).until_hangup().await?;
    }
    Ok(())
}

/// Somebody hangs up after the first, the second, … event of the call: the program, or every second time the caller.
/// Whatever was being awaited, the handler ends normally and nothing is left on the server.
async fn a_hangup_after_any_event_leaves_nothing<Work>(handler: fn(Call) -> Work)
where
    Work: Future<Output = Result<(), CallError>> + Send + 'static,
{
    const MOST: usize = 40;
    const QUIET: Duration = Duration::from_secs(3);
    serve(
        move |call, _| async move {
            let mut events = call.events();
            let nth: usize = call.caller_number().parse().unwrap_or(MOST);
            let hangup = {
                let call = call.clone();
                async move {
                    for _ in 0..nth {
                        // A conversation without events is the last of the moments.
                        if !matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {
                            break;
                        }
                    }
                    // The caller has the other end of the Local channel.
                    match call.id().strip_suffix(";2").filter(|_| nth % 2 == 1) {
                        Some(caller) => drop(call.client().channel(caller).hangup().await),
                        None => call.hangup().await?,
                    }
                    Ok(())
                }
            };
            let (result, hung_up) = tokio::join!(handler(call), hangup);
            hung_up.and(result)
        },
        |app| async move {
            let mut callers = Vec::new();
            for nth in 0..MOST {
                callers.push(app.dialling(nth).await);
            }
            for caller in callers {
                caller.waits_for_hangup().await;
                let summary = app.summary().await;
                assert_eq!(summary.failure, None, "{summary:?}");
                assert!(summary.end.is_some(), "{summary:?}");
            }
            app.assert_clean().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_hangup_in_each_verb_leaves_nothing() {
    a_hangup_after_any_event_leaves_nothing(everything).await;
}

#[tokio::test]
async fn a_hangup_beside_background_work_leaves_nothing() {
    a_hangup_after_any_event_leaves_nothing(in_the_background).await;
}
