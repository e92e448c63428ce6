//! Two programs register the same application.

use std::time::Duration;

use ari_bindings::Event;
use ari_e2e::{Load, Server, unique};

use crate::alone::{alone_on_each_server, soon};
use crate::observer::Observer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newest_connection_keeps_the_application() {
    alone_on_each_server(|server: Server| async move {
        let (app, other) = (unique("app"), unique("app"));
        let ari = server.client();
        let mut first = ari.events([&app]).await.unwrap();
        let mut both = server.client().events([&other, &unique("app")]).await.unwrap();
        let second = Observer::of(server.client().events([&app, &other]).resync(true).await.unwrap());

        // The first stream reports the takeover and ends, because no application is left to it.
        let event = soon("the takeover", first.next()).await.unwrap().unwrap();
        assert!(matches!(event, Event::ApplicationReplaced(it) if it.application == app));
        let error = soon("the end", first.next()).await.unwrap().unwrap_err();
        assert!(error.to_string().contains("taken over") && error.to_string().contains(&app), "{error}");
        assert!(soon("the end", first.next()).await.is_none());
        // The stream with another application continues.
        let event = soon("the takeover", both.next()).await.unwrap().unwrap();
        assert!(matches!(event, Event::ApplicationReplaced(it) if it.application == other));
        assert!(both.connection().state().is_connected());

        // The newest stream receives all calls.
        let load = Load::start(&ari, &app, 20, Duration::from_millis(100));
        second.until("calls", |seen| seen.ended.len() >= 20).await;
        let ledger = load.stop().await;
        second.until_complete(&ledger).await;
        let seen = second.close().await;
        assert_eq!(seen.gaps.len(), 0);
        both.close().await;
    })
    .await;
}
