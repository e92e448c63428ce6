//! The event connection.

use std::time::{Duration, Instant};

use ari_bindings::{DisconnectReason, Error, Event};
use ari_tests::{Server, Watch, on_each_server, unique, until_gone};

use crate::call::Call;

#[tokio::test]
async fn closing_is_clean_and_takes_the_application_away() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let mut events = ari.events([&app]).await.unwrap();
        assert!(ari.applications().list().await.unwrap().iter().any(|it| it.name == app));
        ari.event_operations().user_event("last", &app).await.unwrap();
        let last = events.next().await.unwrap().unwrap();
        assert_eq!(last.kind(), "ChannelUserevent");
        assert!(events.raw().unwrap().contains("\"last\""));
        let started = Instant::now();
        events.close().await;
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        // It ends without an error.
        assert!(events.next().await.is_none());
        assert!(events.next().await.is_none());
        until_gone(&ari, &app).await;
        assert!(!ari.applications().list().await.unwrap().iter().any(|it| it.name == app));
    })
    .await;
}

#[tokio::test]
async fn dropping_closes_too() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        drop(ari.events([&app]).await.unwrap());
        until_gone(&ari, &app).await;
    })
    .await;
}

#[tokio::test]
async fn a_channel_keeps_its_application_until_a_connection_takes_it_up_again() {
    on_each_server(|server: Server| async move {
        let mut call = Call::open(&server).await;
        // Closed, not dropped: Asterisk may take the end of a connection that is closed in the background for the end
        // of the one that was made after it, which never hears of anything then.
        call.watch.close().await;
        assert_eq!(call.ari.application(&call.app).get().await.unwrap().channel_ids[0], call.id);
        call.watch = Watch::open(&call.ari, &call.app).await;
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn another_connection_takes_the_application_over() {
    on_each_server(|server: Server| async move {
        let (ari, app, kept) = (server.client(), unique("app"), unique("kept"));
        let mut first = Watch::of(ari.events([&app, &kept]).await.unwrap());
        let mut second = Watch::open(&ari, &app).await;
        let Event::ApplicationReplaced(replaced) = first.next().await else { panic!("{:?}", first.kinds()) };
        assert_eq!(replaced.application, app);
        ari.event_operations().user_event("e", &app).await.unwrap();
        second.until_kind("ChannelUserevent").await;
        // The first connection goes on for its other application.
        ari.event_operations().user_event("e", &kept).await.unwrap();
        assert_eq!(first.next().await.application(), Some(kept.as_str()));
        first.close().await;
        assert_eq!(ari.application(&app).get().await.unwrap().name, app);
        second.close().await;
        until_gone(&ari, &app).await;
    })
    .await;
}

#[tokio::test]
async fn everything_is_heard_by_who_asks_for_it() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let mut watch = Watch::of(ari.events([&app]).subscribe_all(true).await.unwrap());
        let id = unique("channel");
        let request = ari.channels().originate_with_id(&id, "Local/wait@default").context("default").extension("wait");
        request.await.unwrap();
        watch.until_channel("ChannelCreated", &id).await;
        ari.channel(&id).hangup().await.unwrap();
        watch.until_channel("ChannelDestroyed", &id).await;
        let bridge = ari.bridges().create().await.unwrap().id;
        let of = |event: &Event| event.kind() == "BridgeDestroyed" && event.bridge().unwrap().id == bridge;
        ari.bridge(&bridge).destroy().await.unwrap();
        watch.until("BridgeDestroyed", |event| of(event).then_some(())).await;

        // Asterisk 16 would keep the application for ever, for the sake of its subscriptions.
        let application = ari.application(&app).get().await.unwrap();
        let everything = [
            "channel:__AST_CHANNEL_ALL_TOPIC",
            "bridge:__AST_BRIDGE_ALL_TOPIC",
            "endpoint:__AST_ENDPOINT_ALL_TOPIC",
            "deviceState:__AST_DEVICE_STATE_ALL_TOPIC",
        ];
        assert!(application.channel_ids.contains(&"__AST_CHANNEL_ALL_TOPIC".into()), "{application:?}");
        ari.application(&app).unsubscribe(everything).await.unwrap();
        watch.close().await;
        until_gone(&ari, &app).await;
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_silent_stays() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let pings = ari.events([&app]).ping_interval(Duration::from_millis(100)).ping_timeout(Duration::from_secs(2));
        let mut events = pings.await.unwrap();
        // Asterisk answers the pings, of which there are some in this time.
        assert!(tokio::time::timeout(Duration::from_secs(1), events.next()).await.is_err());
        events.close().await;
    })
    .await;
}

#[tokio::test]
async fn who_cannot_follow_is_told() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let mut events = ari.events([&app]).buffer_limit(2000).await.unwrap();
        // The server forgets the application once the connection is ended.
        while let Ok(()) = ari.event_operations().user_event("noise", &app).await {}
        let mut taken = 0;
        let end = loop {
            match events.next().await.unwrap() {
                Ok(_) => taken += 1,
                Err(end) => break end,
            }
        };
        assert!(taken > 0, "what had come before is still there");
        assert!(matches!(end, Error::Disconnected { reason: DisconnectReason::Overflow { .. }, .. }), "{end:?}");
        assert!(events.next().await.is_none());
        until_gone(&ari, &app).await;
    })
    .await;
}
