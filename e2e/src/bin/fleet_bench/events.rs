//! How many events a gateway can store in a second.

use std::time::Duration;

use ari_e2e::fleet::{NatsCluster, NatsServer, Stand};
use ari_e2e::{Server, unique};
use tokio::time::{Instant, sleep};

/// How many events a call sends.
const EVENTS: u64 = 50_000;

/// How many of them may be under way at once.
const AHEAD: u64 = 5_000;

pub(crate) async fn table() {
    println!("\n| | events/s through one gateway |\n|---|---:|");
    let nats = NatsServer::start().await;
    row("one NATS server", &nats.url(), "1").await;
    let cluster = NatsCluster::start().await;
    row("NATS cluster, 3 replicas", &cluster.url(), "3").await;
}

/// A fake sends as fast as it can, because a real Asterisk is slower than a gateway.
async fn row(name: &str, url: &str, replicas: &str) {
    let stand = Stand::new(url).await;
    let fake = ari_e2e::like_server("22.10.1", 1);
    let port = fake.listen("127.0.0.1:0").await.expect("a free port");
    let address = port.url().trim_start_matches("http://");
    let server = Server::at(&format!("http://asterisk:asterisk@{address}"));
    let _gateway = stand.gateway_with("pbx", &server, &["--replicas", replicas]).await;
    let _worker = stand.worker("a").await;
    let id = unique("call");
    server.client().channels().originate_with_id(&*id, "Local/echo@default").app(&*stand.app).await.expect("a call");
    stand.until_step_by(&id, "a", 0).await;
    let event = format!(
        r#"{{"type":"ChannelVarset","timestamp":"2026-01-01T00:00:00.000+0000","variable":"BENCH","value":"{}","channel":{},"asterisk_id":"00:00:00:00:00:01","application":"{}"}}"#,
        "x".repeat(100),
        channel(&id),
        stand.app
    );
    let (before, began) = (stand.view.events().await, Instant::now());
    for number in 0..EVENTS {
        fake.faults().send(&stand.app, &event);
        // A server disconnects clients that are too far behind.
        while number % 500 == 0 && stand.view.events().await + AHEAD < before + number {
            tokio::task::yield_now().await;
        }
    }
    while stand.view.events().await < before + EVENTS {
        sleep(Duration::from_millis(20)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rounded figure")]
    let rate = EVENTS as f64 / seconds;
    println!("| {name} | {rate:.0} |");
}

fn channel(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","name":"Local/echo@default-00000001;1","state":"Up","protocol_id":"","caller":{{"name":"","number":""}},"connected":{{"name":"","number":""}},"accountcode":"","dialplan":{{"context":"default","exten":"","priority":1,"app_name":"Stasis","app_data":"bench"}},"creationtime":"2026-01-01T00:00:00.000+0000","language":"en"}}"#
    )
}
