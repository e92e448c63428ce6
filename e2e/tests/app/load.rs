//! Many calls at once: run by `cargo test --package ari-e2e --features live --test app_load`. Where
//! two servers and 400 calls share two processors, Asterisk loses some of the digits.

#[allow(dead_code, reason = "the other tests use the rest")]
mod caller;
#[allow(dead_code, reason = "the other tests use the rest")]
mod running;

use std::time::Duration;

use ari_e2e::{Server, on_each_server};

use self::caller::Caller;
use self::running::Running;

#[tokio::test]
async fn two_hundred_calls_go_through_a_menu() {
    const CALLS: usize = 200;
    on_each_server(|server: Server| async move {
        let route = server.routes().iter().copied().rfind(|route| route.is_inbound()).expect("HTTP at least");
        let app = Running::start(&server, route, |call, _| async move {
            call.answer().await?;
            let number = call.ask("sound:demo-congrats").digits(3).between(Duration::from_secs(20)).await?;
            assert_eq!(number.as_deref(), Some(call.caller_number()), "each caller enters its own number");
            Ok(())
        })
        .await;
        let callers = (100..100 + CALLS).map(|number| {
            let (server, app) = (app.server.clone(), app.name.clone());
            tokio::spawn(async move {
                let caller = Caller::numbered(&server, &app, number).await;
                caller.presses(&number.to_string()).await;
                caller.waits_for_hangup().await;
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        app.ended_well(CALLS).await;
        app.end().await;
    })
    .await;
}
