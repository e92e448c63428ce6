use std::time::{Duration, Instant};

use ari_e2e::fleet::{NatsServer, Stand, What, account};
use ari_e2e::{Server, eventually};

use crate::caller::Caller;

#[tokio::test]
async fn a_call_goes_on_after_its_gateway_was_killed() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let mut gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.worker("a").await;
    let (caller, other) = (Caller::call(&server, &stand).await, Caller::call(&server, &stand).await);
    let step = stand.until_step_by(&caller.id, "a", 1).await;
    stand.until_step_by(&other.id, "a", 0).await;
    gateway.process.kill().await;
    // Nobody reports this end.
    other.ari.channel(&*other.id).hangup().await.unwrap();
    let _gateway = stand.gateway("pbx", &server).await;
    stand.until_step_by(&caller.id, "a", step + 3).await;
    stand.until(&other.id, "the end", |entry| matches!(entry.what, What::Ended(_))).await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.resumed, account.violations), (2, 0, vec![]));
    caller.hangs_up(&stand).await;
}

#[tokio::test]
async fn a_second_gateway_of_a_node_takes_over_when_the_first_is_killed() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let mut first = stand.gateway("pbx", &server).await;
    let boot = stand.view.nodes().await.remove(0).boot;
    let _second = stand.spawn_gateway("pbx", &server);
    let _worker = stand.worker("a").await;
    let caller = Caller::call(&server, &stand).await;
    let step = stand.until_step_by(&caller.id, "a", 3).await;
    assert_eq!(stand.view.nodes().await.remove(0).boot, boot, "the second one waits");
    first.process.kill().await;
    let killed = Instant::now();
    eventually(|| async { stand.view.nodes().await.first().is_some_and(|node| node.boot != boot) }).await;
    assert!(
        killed.elapsed() < Duration::from_secs(5),
        "{:?}: it has waited for the announcement to expire",
        killed.elapsed()
    );
    stand.until_step_by(&caller.id, "a", step + 3).await;
    caller.hangs_up(&stand).await;
}
