//! A caller who hangs up at any moment.

use std::time::Duration;

use ari_app::{Call, Dialed};
use ari_e2e::{Server, on_each_server};

use tokio::time::timeout;

use crate::caller::{Caller, Running};

/// A handler with every verb.
async fn everything(call: Call) -> Result<(), ari_app::CallError> {
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

/// Somebody hangs up after the first, the second, … event of the call: the program, or every second time the caller.
/// Whatever was being awaited, the handler ends normally and nothing is left on the server.
#[tokio::test]
async fn a_hangup_after_any_event_leaves_nothing() {
    const MOST: usize = 40;
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
                    // The caller has the other end of the Local channel.
                    match call.id().strip_suffix(";2").filter(|_| nth % 2 == 1) {
                        Some(caller) => drop(call.client().channel(caller).hangup().await),
                        None => call.hangup().await?,
                    }
                    Ok(())
                }
            };
            let (result, hung_up) = tokio::join!(everything(call), hangup);
            hung_up.and(result)
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
        app.assert_clean().await;
        app.end().await;
    })
    .await;
}
