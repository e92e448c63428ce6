//! One program connected to all servers at the same time.

use ari_bindings::{Event, Events};
use ari_e2e::{LIMIT, Server, unique};
use tokio::task::JoinSet;

#[tokio::test]
async fn one_program_serves_all_servers_at_once() {
    let app = unique("app");
    let mut connections = Vec::new();
    for server in Server::all() {
        let ari = server.client();
        connections.push((server, ari.clone(), ari.events([&app]).await.unwrap()));
    }
    assert!(connections.len() > 1, "the test needs more than one server");

    // All servers use the same names, and all calls run at once.
    let mut calls = JoinSet::new();
    for (server, ari, mut events) in connections {
        let app = app.clone();
        calls.spawn(async move {
            ari.channels().originate_with_id(&app, "Local/echo@default").app(&app).await.unwrap();
            until(&mut events, "StasisStart").await;
            let version = ari.asterisk().get_info().await.unwrap().system.unwrap().version;
            assert_eq!(version, server.get("VERSION"));
            ari.channel(&app).hangup().await.unwrap();
            until(&mut events, "StasisEnd").await;
            events.close().await;
            version
        });
    }
    let mut versions = tokio::time::timeout(LIMIT, calls.join_all()).await.expect("in time");
    versions.sort();
    versions.dedup();
    assert!(versions.len() > 1, "{versions:?}");
}

async fn until(events: &mut Events, kind: &str) -> Event {
    loop {
        let event = events.next().await.expect("an event").expect("a connection");
        if event.kind() == kind {
            return event;
        }
    }
}
