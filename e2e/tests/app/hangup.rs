//! A caller who hangs up at any moment.

use std::time::Duration;

use ari_app::{Call, Dialed};
use ari_e2e::{Server, on_each_server};

use tokio::time::timeout;

use crate::caller::{Caller, Running, assert_clean};

/// A handler with every verb.
async fn everything(call: Call) -> Result<(), ari_app::CallError> {
    call.answer().await?;
    call.say("sound:beep").await?;
    call.record(ari_e2e::unique("recording")).max(Duration::from_secs(1)).await?;
    if let Dialed::Answered(leg) = call.dial(["Local/wait@default", "Local/ring@default"]).await? {
        call.bridge(leg).until_hangup().await?;
    }
    Ok(())
}

/// Hangs up after the first, the second, … event of the call. Whatever was being awaited, the handler ends normally and
/// nothing is left on the server.
#[tokio::test]
async fn a_hangup_after_any_event_leaves_nothing() {
    const MOST: usize = 24;
    const QUIET: Duration = Duration::from_secs(3);
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
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
                    call.hangup().await
                }
            };
            let (result, hung_up) = tokio::join!(everything(call), hangup);
            hung_up?;
            result
        })
        .await;
        let mut callers = Vec::new();
        for nth in 0..MOST {
            callers.push(Caller::dialling(&server, &app.name, nth).await);
        }
        for caller in callers {
            caller.waits_for_hangup().await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None, "{summary:?}");
            assert!(summary.end.is_some(), "{summary:?}");
        }
        assert_clean(&app.ari, &app.name).await;
        app.end().await;
    })
    .await;
}
