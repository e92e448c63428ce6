//! The example `broadcast`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/broadcast.rs"]
mod example;

use ari_bindings::Event;
use ari_e2e::{Route, Server, on_each_server, unique};

use super::Running;
use crate::call::Call;

#[tokio::test]
async fn one_of_several_applications_claims_the_call() {
    on_each_server(|server: Server| async move {
        if server.major() < 20 {
            return;
        }
        let mut copies = Vec::new();
        for _ in 0..3 {
            let app = unique("broadcast");
            let serve = |ari, events| example::serve(ari, events, app.clone());
            copies.push((Running::start(&server, &app, serve).await, app));
        }
        let mut caller = Call::to(&server, Route::Http, "2011").await;
        // The greeting has ended.
        caller.watch.until_channel("StasisEnd", &caller.id).await;
        caller.watch.close().await;
        let mut winners = Vec::new();
        for (mut copy, app) in copies {
            let claimed = |event: &Event| match event {
                Event::CallClaimed(claimed) => Some(claimed.winner_app.clone()),
                _ => None,
            };
            let winner = copy.watch.until("the claiming application", claimed).await;
            if winner == app {
                copy.watch.until_kind("StasisEnd").await;
                winners.push(winner);
            } else {
                // The claim may be reported before the offer, or without one.
                let kinds = copy.watch.kinds();
                assert!(kinds.iter().all(|kind| ["CallBroadcast", "CallClaimed"].contains(kind)), "{kinds:?}");
            }
            copy.end().await;
        }
        assert_eq!(winners.len(), 1, "{winners:?}");
    })
    .await;
}
