//! The example `outbound`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "it is a program of its own")]
#[path = "../../../../ari-bindings/examples/outbound.rs"]
mod example;

use ari_bindings::outbound::Listener;
use ari_e2e::{Route, Server, eventually, on_each_server, until_gone};
use tokio::sync::Mutex;

use super::Running;
use crate::call::Call;

/// The name of the application is in the dialplan: it can be used by one test at a time.
static APPLICATION: Mutex<()> = Mutex::const_new(());

/// Somebody calls, is greeted, and the program hangs up.
async fn call(server: &Server) {
    let mut caller = Call::to(server, Route::Http, "2012").await;
    caller.watch.until_channel("StasisEnd", &caller.id).await;
    caller.watch.close().await;
}

#[tokio::test]
async fn the_program_connects() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        let running = Running::start(&server, "outbound", example::handle).await;
        call(&server).await;
        running.end().await;
    })
    .await;
}

#[tokio::test]
async fn asterisk_connects() {
    let _alone = APPLICATION.lock().await;
    on_each_server(|server: Server| async move {
        if server.major() < 20 {
            return;
        }
        // Where websocket_client.conf of the tests has Asterisk connect to.
        let address = format!("127.0.0.1:{}", server.get("PHONE_PORT"));
        let listener = Listener::builder().credentials("outbound", "outbound").applications(["outbound"]);
        let listening = tokio::spawn(example::listen(listener.bind(address).await.unwrap()));
        let application = "\n[outbound]\ntype = outbound_websocket\nwebsocket_client_id = conformance\n\
                           apps = outbound\nlocal_ari_user = asterisk\n";
        let changed = server.change("ari.conf", "res_ari", |before| format!("{before}{application}"));
        // It does so a moment after it was told to.
        let ari = server.client();
        eventually(|| async { ari.application("outbound").get().await.is_ok() }).await;
        call(&server).await;
        changed.restore();
        until_gone(&ari, "outbound").await;
        listening.abort();
    })
    .await;
}
