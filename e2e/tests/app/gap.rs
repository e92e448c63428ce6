//! Events that are lost because the connection is.

use std::time::Duration;

use ari_app::{Call, EndReason};
use ari_e2e::{FaultProxy, Server, eventually, on_each_server, unique};

use crate::caller::{Caller, Running, notes};

const SHORT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn calls_of_a_gap_are_served_and_ended_ones_noticed() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let proxy = FaultProxy::to_url(server.url());
        let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
        let ari = ari_bindings::Client::builder(proxy.url(server.url())).credentials(user.0, user.1).build().unwrap();
        let name = unique("app");
        let events = ari.events([name.as_str()]).ping_interval(SHORT).ping_timeout(SHORT).await.unwrap();
        let options = |app| app;
        let mut app = Running::over(ari, events, name.clone(), options, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                notes.add(call.is_resumed());
                call.ended().await;
                Ok(())
            }
        });
        let stays = Caller::numbered(&server, &name, 1).await;
        let goes = Caller::numbered(&server, &name, 2).await;
        for _ in 0..2 {
            assert_eq!(report.next().await, "false");
        }
        // Asterisk takes the connection for a living one, and the application for an active one.
        proxy.half_open().await;
        goes.hangs_up().await;
        let mut comes = Caller::dialling(&server, &name, 3).await;
        let direct = server.client();
        eventually(|| async {
            let members = direct.application(&*name).get().await.unwrap().channel_ids;
            members.iter().any(|id| id.as_str() == format!("{};2", comes.id))
        })
        .await;
        proxy.heal().await;
        let summary = app.summary().await;
        assert_eq!((summary.caller.as_str(), summary.end.unwrap().reason), ("2", EndReason::Gone));
        assert_eq!(report.next().await, "false");
        comes.is_answered().await;
        stays.hangs_up().await;
        comes.hangs_up().await;
        for _ in 0..2 {
            assert_eq!(app.summary().await.end.unwrap().reason, EndReason::HungUp);
        }
        app.end().await;
    })
    .await;
}
