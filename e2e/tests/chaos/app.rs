//! Asterisk is killed while an application of `ari-app` serves calls.

#[allow(dead_code, reason = "the tests of the application use the rest")]
#[path = "../app/caller.rs"]
mod caller;

use ari_app::{Call, Dialed, EndReason};
use ari_bindings::{Client, Transport};
use ari_e2e::{Server, eventually, unique};

use self::caller::{Caller, Running, notes};
use crate::alone::alone_on_each_server;

/// Calls the application from an extension that waits, as a number that says what the caller gets.
async fn call(ari: &Client, app: &str, number: usize) {
    let request = ari.channels().originate(format!("Local/stasis-{app}@default"));
    request.context("default").extension("wait").caller_id(number.to_string()).await.unwrap();
}

async fn killed_under_calls(mut server: Server, transport: Transport) {
    let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    let ari = server.builder().credentials(user.0, user.1).transport(transport).build().unwrap();
    let (name, (notes, mut report)) = (unique("app"), notes());
    let events = ari.events([name.as_str()]).await.unwrap();
    let mut app = Running::over(
        ari.clone(),
        events,
        name.clone(),
        |app| app,
        move |call: Call| {
            let notes = notes.clone();
            async move {
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
            }
        },
    );
    for number in 1..=5 {
        call(&ari, &name, number).await;
        assert_eq!(report.next().await, format!("{:?}", number.to_string()));
    }
    app.until_legs(2).await;
    eventually(|| async {
        let bridges = ari.bridges().list().await.unwrap();
        bridges.iter().any(|bridge| bridge.id.as_str().starts_with(&app.prefix) && bridge.channels.len() == 2)
    })
    .await;
    server.kill().await;
    server.start().await;
    for _ in 1..=5 {
        let summary = app.summary().await;
        assert_eq!(summary.end.map(|end| end.reason), Some(EndReason::Restarted), "caller {}", summary.caller);
        assert_eq!(summary.failure, None, "caller {}", summary.caller);
    }
    // New calls are served.
    let caller = Caller::numbered(&server, &name, 6).await;
    assert_eq!(report.next().await, r#""6""#);
    caller.presses("9").await;
    assert_eq!(report.next().await, r#"Some("9")"#);
    caller.waits_for_hangup().await;
    assert_eq!(app.summary().await.failure, None);
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
