use std::collections::BTreeMap;

use ari_e2e::Server;
use ari_e2e::fleet::{NatsServer, Stand, What};

use crate::caller::Caller;

#[tokio::test]
async fn one_worker_serves_calls_of_two_servers() {
    let nats = NatsServer::start().await;
    let stand = Stand::new(&nats.url()).await;
    let servers = [("pbx22", Server::of("22")), ("pbx16", Server::of("16"))];
    let mut gateways = Vec::new();
    for (node, server) in &servers {
        gateways.push(stand.gateway(node, server).await);
    }
    let _worker = stand.worker("a").await;
    for (_, server) in &servers {
        let caller = Caller::call(server, &stand).await;
        stand.until_step_by(&caller.id, "a", 2).await;
        caller.hangs_up(&stand).await;
    }
}

#[tokio::test]
async fn a_call_hears_a_sound_and_is_hung_up_by_the_handler() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let _worker = stand.spawn_worker("a", &["--play", "--steps", "2"]);
    stand.until_serving("a").await;
    let caller = Caller::call(&server, &stand).await;
    stand.until(&caller.id, "the end", |entry| entry.what == What::Ended("done".to_owned())).await;
    caller.is_gone().await;
}

#[tokio::test]
async fn two_workers_share_new_calls() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let _workers = [stand.worker("a").await, stand.worker("b").await];
    let mut callers = Vec::new();
    for _ in 0..6 {
        callers.push(Caller::call(&server, &stand).await);
    }
    let mut shares: BTreeMap<String, u32> = BTreeMap::new();
    for caller in &callers {
        let began = stand.until(&caller.id, "a step", |entry| matches!(entry.what, What::Step(_))).await;
        *shares.entry(began.worker).or_default() += 1;
    }
    assert_eq!(shares, BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 3)]));
    for caller in callers {
        caller.hangs_up(&stand).await;
    }
}
