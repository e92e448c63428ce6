//! The example `queue` across a restart of Asterisk.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../ari-bindings/examples/queue.rs"]
mod example;

use std::time::Duration;

use ari_bindings::values::BridgeType;
use ari_bindings::{Client, Event};
use ari_e2e::{Recorder, Server, unique};

use self::example::Settings;
use crate::alone::alone_on_each_server;

/// Calls the queue and waits until the music plays. Returns the caller's end of the call.
async fn waits(ari: &Client, queue: &mut Recorder) -> String {
    let id = unique("caller");
    let call = ari.channels().originate_with_id(&id, "Local/2005@default");
    call.context("default").extension("wait").await.unwrap();
    let entered = |event: &Event| match event {
        Event::ChannelEnteredBridge(entered) => (entered.bridge.bridge_type == BridgeType::Holding).then_some(()),
        _ => None,
    };
    queue.until("the caller in the line", entered).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_keeps_callers_after_a_restart() {
    alone_on_each_server(|mut server: Server| async move {
        let ari = server.client();
        let events = ari.events(["queue"]).resync(true).await.unwrap();
        let connection = events.connection();
        let mut watch = Recorder::of(connection.subscribe());
        let settings = Settings { agents: Vec::new(), ring_seconds: 10, rest: Duration::from_millis(100) };
        let queue = tokio::spawn(example::serve(ari.clone(), events, settings));
        waits(&ari, &mut watch).await;
        server.kill().await;
        server.start().await;
        watch.until_kind("Reconnected").await;
        let caller = waits(&ari, &mut watch).await;
        ari.channel(&caller).hangup().await.unwrap();
        watch.until_kind("StasisEnd").await;
        connection.close().await;
        queue.await.unwrap().unwrap();
        watch.close().await;
    })
    .await;
}
