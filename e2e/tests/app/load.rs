//! Many calls at once.

#[allow(dead_code, reason = "the other tests use the rest")]
mod caller;

use std::time::Duration;

use ari_app::Call;
use ari_e2e::{Server, on_each_server};

use self::caller::{Caller, Running};

#[tokio::test]
async fn two_hundred_calls_go_through_a_menu() {
    const CALLS: usize = 200;
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            let number = call.ask("sound:demo-congrats").digits(3).between(Duration::from_secs(20)).await?;
            assert_eq!(number.as_deref(), Some(call.caller_number()), "each caller enters its own number");
            Ok(())
        })
        .await;
        let callers = (100..100 + CALLS).map(|number| {
            let (server, app) = (server.clone(), app.name.clone());
            tokio::spawn(async move {
                let caller = Caller::numbered(&server, &app, number).await;
                caller.presses(&number.to_string()).await;
                caller.waits_for_hangup().await;
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        for _ in 0..CALLS {
            assert_eq!(app.summary().await.failure, None);
        }
        app.end().await;
    })
    .await;
}
