//! The event connection.

use std::time::{Duration, Instant};

use ari_bindings::{DisconnectReason, Error, Event};
use ari_e2e::{Outbound, Recorder, Route, Server, on_each_route, unique, until_gone};

use crate::call::Call;

#[tokio::test]
async fn close_ends_cleanly_and_removes_the_application() {
    on_each_route(|server: Server, route: Route| async move {
        if !route.is_inbound() {
            // The server would reconnect.
            return;
        }
        let (ari, app) = (server.client_on(route), unique("app"));
        let mut events = ari.events([&app]).await.unwrap();
        assert!(ari.applications().list().await.unwrap().iter().any(|it| it.name == app));
        ari.event_operations().user_event("last", &app).await.unwrap();
        let last = events.next().await.unwrap().unwrap();
        assert_eq!(last.kind(), "ChannelUserevent");
        assert!(events.raw().unwrap().contains("\"last\""));
        let started = Instant::now();
        events.close().await;
        assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        // The stream ends without an error.
        assert!(events.next().await.is_none());
        assert!(events.next().await.is_none());
        until_gone(&ari, &app).await;
        assert!(!ari.applications().list().await.unwrap().iter().any(|it| it.name == app));
    })
    .await;
}

#[tokio::test]
async fn drop_closes_the_connection() {
    on_each_route(|server: Server, route: Route| async move {
        if !route.is_inbound() {
            // The server would reconnect.
            return;
        }
        let (ari, app) = (server.client_on(route), unique("app"));
        drop(ari.events([&app]).await.unwrap());
        until_gone(&ari, &app).await;
    })
    .await;
}

#[tokio::test]
async fn application_keeps_its_channel_between_connections() {
    on_each_route(|server: Server, route: Route| async move {
        let mut call = Call::open(&server, route).await;
        // Closed, not dropped: if the connection is closed in the background, Asterisk may attribute its end to the
        // next connection, which then receives no events.
        call.watch.close().await;
        let application = server.client().application(&call.app).get().await.unwrap();
        assert_eq!(application.channel_ids[0], call.id);
        (call.ari, call.watch) = server.open(route, [&call.app]).await;
        call.end().await;
    })
    .await;
}

#[tokio::test]
async fn new_connection_takes_the_application_over() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, kept) = (unique("app"), unique("kept"));
        let (ari, mut first) = server.open(route, [&app, &kept]).await;
        let mut second = Recorder::open(&server.client(), &app).await;
        let Event::ApplicationReplaced(replaced) = first.next().await else { panic!("{:?}", first.kinds()) };
        assert_eq!(replaced.application, app);
        ari.event_operations().user_event("e", &app).await.unwrap();
        second.until_kind("ChannelUserevent").await;
        // The first connection continues with its other application.
        ari.event_operations().user_event("e", &kept).await.unwrap();
        assert_eq!(first.next().await.application(), Some(kept.as_str()));
        first.close().await;
        let left = server.client().application(&app).get().await;
        match route {
            Route::Http | Route::WebSocket => assert_eq!(left.unwrap().name, app),
            // Removing the connection's settings removes the application, even from the connection that took it over.
            Route::Outbound => assert!(left.unwrap_err().is_not_found()),
        }
        second.close().await;
        until_gone(&server.client(), &app).await;
    })
    .await;
}

#[tokio::test]
async fn subscribe_all_receives_everything() {
    on_each_route(|server: Server, route: Route| async move {
        let app = unique("app");
        let (ari, mut watch) = match route {
            Route::Outbound => {
                Outbound::default().ari("subscribe_all", "yes").open(&server, Outbound::listener(), &[&app]).await
            }
            inbound => {
                let ari = server.client_on(inbound);
                (ari.clone(), Recorder::of(ari.events([&app]).subscribe_all(true).await.unwrap()))
            }
        };
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

        // Asterisk 16 keeps an application as long as it has subscriptions.
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
        until_gone(&server.client(), &app).await;
    })
    .await;
}

#[tokio::test]
async fn idle_connection_stays_open() {
    on_each_route(|server: Server, route: Route| async move {
        let (app, interval, timeout) = (unique("app"), Duration::from_millis(100), Duration::from_secs(2));
        let mut watch = match route {
            Route::Outbound => {
                let listener = Outbound::listener().ping_interval(interval).ping_timeout(timeout);
                Outbound::default().open(&server, listener, &[&app]).await.1
            }
            inbound => {
                let ari = server.client_on(inbound);
                Recorder::of(ari.events([&app]).ping_interval(interval).ping_timeout(timeout).await.unwrap())
            }
        };
        // Asterisk answers the pings sent during this time.
        assert!(tokio::time::timeout(Duration::from_secs(1), watch.events().next()).await.is_err());
        watch.close().await;
    })
    .await;
}

#[tokio::test]
async fn slow_program_gets_overflow() {
    on_each_route(|server: Server, route: Route| async move {
        if !route.is_inbound() {
            // The server would reconnect.
            return;
        }
        let (ari, app) = (server.client_on(route), unique("app"));
        let mut events = ari.events([&app]).buffer_limit(2000).await.unwrap();
        // The server drops the application when the connection ends.
        while let Ok(()) = ari.event_operations().user_event("noise", &app).await {}
        let mut taken = 0;
        let end = loop {
            match events.next().await.unwrap() {
                Ok(_) => taken += 1,
                Err(end) => break end,
            }
        };
        assert!(taken > 0, "events received before the overflow are delivered");
        assert!(matches!(end, Error::Disconnected { reason: DisconnectReason::Overflow { .. }, .. }), "{end:?}");
        assert!(events.next().await.is_none());
        until_gone(&ari, &app).await;
    })
    .await;
}
