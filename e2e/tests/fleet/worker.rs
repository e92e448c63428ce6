use ari_e2e::fleet::{NatsServer, Stand, What, account};
use ari_e2e::{Server, eventually};
use async_nats::HeaderMap;

use crate::caller::Caller;

/// What a worker sends to a gateway, with this token.
async fn command(nats: &NatsServer, node: &str, lane: &str, token: &str) -> u16 {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in [("Ari-Method", "GET"), ("Ari-Target", "/channels"), ("Ari-Lane", lane), ("Ari-Token", token)]
    {
        headers.insert(name, value);
    }
    let reply = client.request_with_headers(format!("ari.cmd.{node}"), headers, "".into()).await.unwrap();
    reply.headers.unwrap().get("Ari-Status").unwrap().as_str().parse().unwrap()
}

#[tokio::test]
async fn calls_of_a_killed_worker_go_on_at_another_one() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let mut first = stand.worker("a").await;
    let callers = [Caller::call(&server, &stand).await, Caller::call(&server, &stand).await];
    let _second = stand.worker("b").await;
    for caller in &callers {
        stand.until_step_by(&caller.id, "a", 2).await;
    }
    let lane = stand.view.lanes_of("a").await.remove(0);
    first.process.kill().await;
    for caller in &callers {
        stand.until(&caller.id, "the takeover", |entry| entry.worker == "b" && entry.what == resumed(entry)).await;
        stand.until_step_by(&caller.id, "b", 3).await;
    }
    let token = format!("{}-{}", lane.app, lane.lane);
    assert_eq!(command(&nats, "pbx", &token, &lane.token).await, 421, "the token of a dead worker");
    for caller in callers {
        caller.hangs_up(&stand).await;
    }
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.resumed, &account.violations), (2, 2, &vec![]));
}

/// What an entry says, if it says that a call with a checkpoint is continued.
fn resumed(entry: &ari_e2e::fleet::Entry) -> What {
    match &entry.what {
        What::Began { resumed: true, step: Some(step) } => What::Began { resumed: true, step: Some(*step) },
        _ => What::Failed("no call is continued".to_owned()),
    }
}

#[tokio::test]
async fn a_stalled_worker_is_fenced() {
    let nats = NatsServer::start().await;
    let (stand, server) = (Stand::new(&nats.url()).await, Server::of("22"));
    let _gateway = stand.gateway("pbx", &server).await;
    let first = stand.worker("a").await;
    let caller = Caller::call(&server, &stand).await;
    let _second = stand.worker("b").await;
    stand.until_step_by(&caller.id, "a", 2).await;
    first.process.freeze().await;
    let step = stand.until_step_by(&caller.id, "b", 0).await;
    first.process.go_on().await;
    let is_end = |entry: &ari_e2e::fleet::Entry| entry.worker == "a" && matches!(entry.what, What::Ended(_));
    stand.until(&caller.id, "the end at the stalled worker", is_end).await;
    stand.until_step_by(&caller.id, "b", step + 3).await;
    let account = account(&stand.entries());
    assert_eq!((account.handled, account.resumed, account.violations), (1, 1, vec![]));
    caller.hangs_up(&stand).await;
    // It serves other calls again.
    eventually(|| async { stand.view.lanes_of("a").await.iter().any(|lane| lane.accepting) }).await;
}
