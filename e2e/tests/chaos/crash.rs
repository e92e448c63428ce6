//! Asterisk crashes or restarts while calls go on.

use std::time::Duration;

use ari_bindings::{Client, Transport};
use ari_e2e::{Ledger, Load, Server, unique};
use tokio::time::Instant;

use crate::alone::alone_on_each_server;
use crate::observer::{Observed, Observer};

async fn observer(ari: &Client, app: &str) -> Observer {
    Observer::of(ari.events([app]).resync(true).await.unwrap())
}

/// Makes calls before, during and after an incident on the server.
async fn under_load(
    server: Server,
    transport: Transport,
    happens: impl AsyncFnOnce(&mut Server),
) -> (Observed, Ledger) {
    let mut server = server;
    let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    let ari = server.builder().credentials(user.0, user.1).transport(transport).build().unwrap();
    let app = unique("app");
    let observer = observer(&ari, &app).await;
    let load = Load::start(&ari, &app, 20, Duration::from_millis(300));
    observer.until("calls", |seen| seen.ended.len() >= 10).await;
    happens(&mut server).await;
    let returned = Instant::now();
    let seen = observer.until_resynced(1).await;
    let back = seen.gaps[0].1.expect("the gap is closed");
    let calls = seen.started.len();
    let seen = observer.until("calls again", |seen| seen.started.len() >= calls + 10).await;
    assert!(observer.connection().state().is_connected());
    println!(
        "Asterisk {} over {transport:?}: seen again {:?} after its return; the gap lasted {:?}",
        server.release(),
        back.saturating_duration_since(returned),
        back - seen.gaps[0].0,
    );
    let ledger = load.stop().await;
    observer.until_complete(&ledger).await;
    (observer.close().await, ledger)
}

fn transports(server: &Server) -> Vec<Transport> {
    if server.major() >= 22 { vec![Transport::Http, Transport::WebSocket] } else { vec![Transport::Http] }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_under_load_loses_no_call_unreported() {
    alone_on_each_server(|server: Server| async move {
        for transport in transports(&server) {
            let crash = async |server: &mut Server| {
                server.kill().await;
                server.start().await;
            };
            let (seen, ledger) = under_load(server.clone(), transport, crash).await;
            assert_eq!((seen.error.as_ref(), &seen.restarts[..]), (None, &[Some(true)][..]), "{seen:#?}");
            assert!(ledger.made().count() >= 20, "{}", ledger.made().count());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restart_under_load_loses_no_call_unreported() {
    alone_on_each_server(|server: Server| async move {
        let restart = async |server: &mut Server| {
            // The server replies before it restarts.
            server.console("core restart now").await;
        };
        let (seen, ledger) = under_load(server, Transport::Http, restart).await;
        assert_eq!((seen.error.as_ref(), &seen.restarts[..]), (None, &[Some(true)][..]), "{seen:#?}");
        assert!(ledger.made().count() >= 20, "{}", ledger.made().count());
    })
    .await;
}
