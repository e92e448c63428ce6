//! The example `outbound`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/outbound.rs"]
mod example;

use ari_bindings::outbound::Listener;
use ari_e2e::{Route, Server, eventually, on_each_server, on_each_that_connects, until_gone};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// Serializes the tests: the dialplan contains the name of the application.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// Places a call, waits for the greeting and expects the program to hang up.
async fn call(server: &Server) {
    let mut caller = Call::to(server, Route::Http, "2012").await;
    caller.watch.until_channel("StasisEnd", &caller.id).await;
    caller.watch.close().await;
}

#[tokio::test]
async fn program_connects_and_serves() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let running = Running::start(&server, "outbound", example::handle).await;
        call(&server).await;
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn asterisk_connects_and_is_served() {
    let _alone = APPLICATION.lock().await;
    on_each_that_connects(|server: Server| async move {
        // The address in the websocket_client.conf of the tests.
        let address = format!("127.0.0.1:{}", server.get("PHONE_PORT"));
        let listener = Listener::builder().credentials("outbound", "outbound").applications(["outbound"]);
        let listening = tokio::spawn(example::listen(listener.bind(address).await.unwrap()));
        let application = "\n[outbound]\ntype = outbound_websocket\nwebsocket_client_id = conformance\n\
                           apps = outbound\nlocal_ari_user = asterisk\n";
        let changed = server.change("ari.conf", "res_ari", |before| format!("{before}{application}"));
        // Asterisk connects shortly after the configuration change.
        let ari = server.client();
        eventually(|| async { ari.application("outbound").get().await.is_ok() }).await;
        call(&server).await;
        changed.restore();
        until_gone(&ari, "outbound").await;
        listening.abort();
    })
    .await;
}
