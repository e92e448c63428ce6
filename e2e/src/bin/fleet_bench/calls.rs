//! How many calls a second one, two and four workers serve.

use std::time::Duration;

use ari_bindings::{Client, Event};
use ari_e2e::fleet::{NatsServer, Stand};
use ari_e2e::{Recorder, Server, unique};
use tokio::time::{Instant, timeout};

/// How many callers there are at once.
const CALLERS: usize = 40;

/// How long it is measured.
const DURATION: Duration = Duration::from_secs(20);

pub(crate) async fn table() {
    println!("\n| workers | calls/s (answer, 3 checkpoints, hang up), {CALLERS} at once |\n|---:|---:|");
    let server = Server::of("22");
    for count in [1, 2, 4] {
        let nats = NatsServer::start().await;
        let stand = Stand::new(&nats.url()).await;
        let _gateway = stand.gateway("pbx", &server).await;
        let mut workers = Vec::new();
        for index in 0..count {
            let name = format!("w{index}");
            workers.push(stand.spawn_worker(&name, &["--every", "0", "--steps", "3"]));
            stand.until_serving(&name).await;
        }
        println!("| {count} | {:.1} |", rate(&server, &stand.app).await);
    }
}

/// Callers call again as soon as they have been hung up.
async fn rate(server: &Server, app: &str) -> f64 {
    let (ari, own) = (server.client(), unique("callers"));
    let mut watch = Recorder::open(&ari, &own).await;
    let began = Instant::now();
    let mut done = 0_u32;
    for _ in 0..CALLERS {
        call(&ari, app, &own).await;
    }
    while began.elapsed() < DURATION {
        let is_over = |event: &Event| matches!(event, Event::ChannelDestroyed(_)).then_some(());
        if timeout(Duration::from_secs(10), watch.until("the end of a call", is_over)).await.is_err() {
            break;
        }
        done += 1;
        call(&ari, app, &own).await;
    }
    let rate = f64::from(done) / began.elapsed().as_secs_f64();
    watch.close().await;
    rate
}

async fn call(ari: &Client, app: &str, own: &str) {
    let id = unique("caller");
    let endpoint = format!("Local/stasis-{app}@default");
    let _ = ari.channels().originate_with_id(&*id, endpoint).app(own).await;
}
