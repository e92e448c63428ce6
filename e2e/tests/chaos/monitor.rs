//! The example `monitor`. It is a chaos test because cutting a connection that receives all events during calls can
//! deadlock Asterisk (asterisk#2170).

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../ari-bindings/examples/monitor.rs"]
mod example;

use std::time::Duration;

use ari_bindings::Client;
use ari_bindings::models::Channel;
use ari_e2e::{FaultProxy, Server, unique, until_gone};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::alone::alone_on_each_server;

/// The event source of all device states.
const DEVICE_STATES: &str = "deviceState:__AST_DEVICE_STATE_ALL_TOPIC";

/// A call of this test that is in no application.
async fn call(ari: &Client) -> Channel {
    let originate = ari.channels().originate_with_id(unique("channel"), "Local/wait@default");
    originate.context("default").extension("wait").await.unwrap()
}

/// Waits until the displayed table meets a condition.
async fn until(screen: &mut watch::Receiver<String>, what: &str, is_so: impl Fn(&str) -> bool) {
    let shown = timeout(Duration::from_secs(10), screen.wait_for(|table| is_so(table))).await.is_ok();
    assert!(shown, "not {what}:\n{}", *screen.borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitor_lists_calls_after_a_gap() {
    alone_on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("monitor"));
        let first = call(&ari).await;
        let proxy = FaultProxy::to_url(server.url());
        let through = Client::builder(proxy.url(server.url()));
        let through = through.credentials(server.get("ARI_READER_USER"), server.get("ARI_READER_PASSWORD"));
        let through = through.build().unwrap();
        let events = through.events([&app]).subscribe_all(true).resync(true).await.unwrap();
        let connection = events.connection();
        let (sender, mut screen) = watch::channel(String::new());
        let show = move |table: &example::Table| drop(sender.send_replace(table.to_string()));
        let monitor = tokio::spawn(example::serve(events, show));
        until(&mut screen, "the call from before the connection", |table| table.contains(&first.name)).await;
        let second = call(&ari).await;
        until(&mut screen, "the call made while connected", |table| table.contains(&second.name)).await;

        // Asterisk may hang permanently if the connection is cut while a device state is being sent.
        ari.application(&app).unsubscribe([DEVICE_STATES]).await.unwrap();
        proxy.refuse().await;
        proxy.cut().await;
        until(&mut screen, "a gap", |table| table.starts_with("disconnected") && table.contains("out of date")).await;
        ari.channel(&first).hangup().await.unwrap();
        let third = call(&ari).await;
        proxy.heal().await;
        let is_so = |table: &str| {
            table.starts_with("connected")
                && table.contains("; 1 gaps")
                && !table.contains(&first.name)
                && table.contains(&second.name)
                && table.contains(&third.name)
        };
        until(&mut screen, "the changes during the gap", is_so).await;

        for channel in [&second, &third] {
            ari.channel(channel).hangup().await.unwrap();
        }
        until(&mut screen, "the table without the call", |table| !table.contains(&third.name)).await;
        // Asterisk 16 keeps an application as long as it has subscriptions.
        let all =
            ["channel:__AST_CHANNEL_ALL_TOPIC", "bridge:__AST_BRIDGE_ALL_TOPIC", "endpoint:__AST_ENDPOINT_ALL_TOPIC"];
        ari.application(&app).unsubscribe(all).await.unwrap();
        // It kept the application and, unlike later releases, has not renewed these subscriptions.
        if let Err(error) = ari.application(&app).unsubscribe([DEVICE_STATES]).await {
            assert_eq!((server.major(), error.status()), (16, Some(422)), "{error}");
        }
        connection.close().await;
        monitor.await.unwrap().unwrap();
        until_gone(&ari, &app).await;
    })
    .await;
}
