use ari_e2e::fleet::{NatsServer, Stand, account, permissions};
use ari_e2e::{Server, eventually};

use crate::caller::Caller;

/// The URL of a server for a user of the guide, whose name is the password as well.
fn url_of(nats: &NatsServer, user: &str) -> String {
    nats.url().replace("nats://", &format!("nats://{user}:{user}@"))
}

#[tokio::test]
async fn the_permissions_of_the_guide_suffice() {
    let nats = NatsServer::with(&format!("jetstream {{ store_dir: \"STORE\" }}\n{}", permissions())).await;
    let admin = url_of(&nats, "admin");
    // Creates the stream and the buckets.
    ari_fleet::Fleet::connect(&admin).await.unwrap();
    let (mut stand, server) = (Stand::seen_by(&url_of(&nats, "worker"), &admin).await, Server::of("22"));
    stand.app = "reception".to_owned();
    let gateway_url = url_of(&nats, "gateway-pbx1");
    let _gateway = stand.spawn_gateway_at("pbx1", &server, server.url(), &gateway_url);
    stand.until_up("pbx1").await;
    let mut first = stand.worker("a").await;
    let caller = Caller::call(&server, &stand).await;
    stand.until_step_by(&caller.id, "a", 1).await;
    let _second = stand.worker("b").await;
    first.process.kill().await;
    stand.until_step_by(&caller.id, "b", 2).await;
    assert_eq!(account(&stand.entries()).violations, Vec::<String>::new());
    caller.hangs_up(&stand).await;
    assert!(!nats.said().contains("Violation"), "{}", nats.said());
}

#[tokio::test]
async fn a_gateway_cannot_speak_for_another_node() {
    let nats = NatsServer::with(&format!("jetstream {{ store_dir: \"STORE\" }}\n{}", permissions())).await;
    ari_fleet::Fleet::connect(&url_of(&nats, "admin")).await.unwrap();
    let (stand, server) = (Stand::new(&url_of(&nats, "admin")).await, Server::of("22"));
    let gateway = stand.spawn_gateway_at("pbx2", &server, server.url(), &url_of(&nats, "gateway-pbx1"));
    eventually(|| async { gateway.process.said().contains("cannot announce the node") }).await;
    assert!(stand.view.nodes().await.is_empty());
}
