//! Asterisk is killed while an application of `ari-app` serves calls.

#[allow(dead_code, reason = "the tests of the application use the rest")]
#[path = "../app/caller.rs"]
mod caller;

#[allow(dead_code, reason = "the tests of the application use the rest")]
#[path = "../app/running.rs"]
pub(crate) mod running;

use ari_app::{Dialed, EndReason};
use ari_bindings::{Client, Transport};
use ari_e2e::{Server, unique};

use self::running::Running;
use crate::alone::alone_on_each_server;

/// Calls the application from an extension that waits, as a number that says what the caller gets.
async fn call(ari: &Client, app: &str, number: usize) {
    let request = ari.channels().originate(format!("Local/stasis-{app}@default"));
    request.context("default").extension("wait").caller_id(number.to_string()).await.unwrap();
}

async fn killed_under_calls(mut server: Server, transport: Transport) {
    let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    let ari = server.builder().credentials(user.0, user.1).transport(transport).build().unwrap();
    let name = unique("app");
    let events = ari.events([name.as_str()]).await.unwrap();
    let (connection, options) = ((ari.clone(), events), |app| app);
    let app = Running::over(&server, connection, name, options, |call, notes| async move {
        call.answer().await?;
        notes.add(call.caller_number());
        match call.caller_number() {
            "1" => drop(call.say(["sound:demo-congrats", "sound:demo-instruct"]).await?),
            "2" => drop(call.dial("Local/ring@default").await?),
            "3" => drop(call.record(call.id()).await?),
            "4" => {
                call.ended().await;
            }
            "5" => {
                if let Dialed::Answered(leg) = call.dial("Local/wait@default").await? {
                    call.bridge(leg).until_hangup().await?;
                }
            }
            _ => notes.add(call.ask("sound:beep").await?),
        }
        Ok(())
    });
    for number in 1..=5 {
        call(&ari, &app.name, number).await;
        assert_eq!(app.note().await, format!("{:?}", number.to_string()));
    }
    app.until_legs(2).await;
    app.until_talks(1).await;
    server.kill().await;
    server.start().await;
    for _ in 1..=5 {
        let summary = app.summary().await;
        assert_eq!(summary.end.map(|end| end.reason), Some(EndReason::Restarted), "caller {}", summary.caller);
        assert_eq!(summary.failure, None, "caller {}", summary.caller);
    }
    // New calls are served.
    let caller = app.numbered(6).await;
    assert_eq!(app.note().await, r#""6""#);
    caller.presses("9").await;
    assert_eq!(app.note().await, r#"Some("9")"#);
    caller.waits_for_hangup().await;
    app.ended_well(1).await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_ends_all_calls_of_an_application() {
    alone_on_each_server(|server: Server| async move {
        killed_under_calls(server.clone(), Transport::Http).await;
        if server.major() >= 22 {
            killed_under_calls(server, Transport::WebSocket).await;
        }
    })
    .await;
}
