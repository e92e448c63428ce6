use ari_e2e::fleet::{NatsServer, Stand, What, account};
use ari_e2e::{Server, eventually};

use crate::caller::Caller;

#[tokio::test]
async fn a_worker_that_ends_hands_its_calls_over() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let mut first = stand.spawn_worker("a", &["--hand-over"]);
    stand.until_serving("a").await;
    let caller = Caller::call(&server, &stand).await;
    stand.until_step_by(&caller.id, "a", 2).await;
    let _second = stand.worker("b").await;
    assert!(first.process.terminate().await.success(), "{}", stand.logs());
    stand.until_step_by(&caller.id, "b", 2).await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.resumed, account.violations), (1, 1, vec![]));
    // New calls are the other one's, too.
    let later = Caller::call(&server, &stand).await;
    stand.until_step_by(&later.id, "b", 0).await;
    caller.hangs_up(&stand).await;
    later.hangs_up(&stand).await;
    eventually(|| async { stand.view.lanes_of("a").await.is_empty() }).await;
}

#[tokio::test]
async fn a_worker_that_ends_without_handing_over_finishes_its_calls() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let mut first = stand.spawn_worker("a", &["--steps", "10"]);
    stand.until_serving("a").await;
    let caller = Caller::call(&server, &stand).await;
    stand.until_step_by(&caller.id, "a", 1).await;
    let _second = stand.worker("b").await;
    assert!(first.process.terminate().await.success(), "{}", stand.logs());
    let is_end = |what: &What| *what == What::Ended("done".to_owned());
    stand.until(&caller.id, "the end at a", |entry| entry.worker == "a" && is_end(&entry.what)).await;
    caller.is_gone().await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.resumed, account.violations), (1, 0, vec![]));
}

#[tokio::test]
async fn a_drained_node_leaves_new_calls_to_the_dialplan() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.worker("a").await;
    let before = Caller::call(&server, &stand).await;
    let step = stand.until_step_by(&before.id, "a", 0).await;
    assert!(stand.ari_fleet(&["drain", "pbx"]).await.status.success());
    eventually(|| async { stand.view.nodes().await.iter().any(|node| node.draining) }).await;
    let refused = Caller::from_dialplan(&server, &stand).await;
    // What follows in the dialplan is the end.
    refused.is_gone().await;
    assert!(stand.of_call(&refused.id).is_empty());
    stand.until_step_by(&before.id, "a", step + 2).await;
    before.hangs_up(&stand).await;
    assert!(stand.ari_fleet(&["drain", "pbx", "--off"]).await.status.success());
    let after = Caller::from_dialplan(&server, &stand).await;
    stand.until_step_by(&after.id, "a", 0).await;
    after.hangs_up(&stand).await;
}

#[tokio::test]
async fn status_shows_nodes_and_lanes() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.worker("a").await;
    let caller = Caller::call(&server, &stand).await;
    stand.until_step_by(&caller.id, "a", 0).await;
    let said = String::from_utf8(stand.ari_fleet(&["status"]).await.stdout).unwrap();
    assert!(
        said.contains("pbx") && said.contains(&stand.app) && said.contains(server.get("VERSION").get(..5).unwrap()),
        "{said}"
    );
    let json = stand.ari_fleet(&["status", "--json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["nodes"][0]["node"], "pbx", "{json}");
    caller.hangs_up(&stand).await;
}
