use ari_e2e::Server;
use ari_e2e::fleet::{NatsCluster, NatsServer, Stand, What, account};

use crate::caller::Caller;

#[tokio::test]
async fn calls_survive_a_restart_of_nats() {
    let mut nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.worker("a").await;
    let (caller, other) = (Caller::call(&server, &stand).await, Caller::call(&server, &stand).await);
    let step = stand.until_step_by(&caller.id, "a", 1).await;
    stand.until_step_by(&other.id, "a", 0).await;
    nats.kill().await;
    // The gateway keeps this end until somebody can be told.
    other.ari.channel(&*other.id).hangup().await.unwrap();
    nats.restart().await;
    stand.until(&other.id, "the end", |entry| matches!(entry.what, What::Ended(_))).await;
    stand.until_step_by(&caller.id, "a", step + 3).await;
    let later = Caller::call(&server, &stand).await;
    stand.until_step_by(&later.id, "a", 1).await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.violations), (3, vec![]));
    caller.hangs_up(&stand).await;
    later.hangs_up(&stand).await;
}

#[tokio::test]
async fn calls_survive_the_death_of_a_leader() {
    let mut nats = NatsCluster::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway_with("pbx", &server, &["--replicas", "3"]).await;
    let _worker = stand.worker("a").await;
    let caller = Caller::call(&server, &stand).await;
    let step = stand.until_step_by(&caller.id, "a", 1).await;
    nats.leader_of("ari_events").await.kill().await;
    stand.until_step_by(&caller.id, "a", step + 3).await;
    let later = Caller::call(&server, &stand).await;
    stand.until_step_by(&later.id, "a", 1).await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.violations), (2, vec![]));
    caller.hangs_up(&stand).await;
    later.hangs_up(&stand).await;
}
