//! From an event to the handler, and from a command to its reply.

use std::sync::Arc;
use std::time::Duration;

use ari_app::{App, Call, CallError};
use ari_bindings::Event;
use ari_e2e::fleet::{Journal, NatsCluster, NatsServer, Stand};
use ari_e2e::{Server, unique};
use ari_fleet::Fleet;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::percentiles::{milliseconds, percentile};

/// How often each is measured.
const TIMES: usize = 1000;

/// What a handler has measured.
type Measured = (Vec<Duration>, Vec<Duration>);

pub(crate) async fn table() {
    let server = Server::of("22");
    println!("| | event to handler p50 ms | p99 | command p50 ms | p99 |\n|---|---:|---:|---:|---:|");
    let app = unique("bench");
    let (sender, measured) = mpsc::channel(1);
    let direct = App::new(server.client(), &app).shutdown_on_signal(false);
    let serving = tokio::spawn(direct.serve(handler(sender)));
    // The application exists once its connection does.
    ari_e2e::eventually(|| async { server.client().application(&*app).get().await.is_ok() }).await;
    row("directly", &server, &app, measured).await;
    serving.abort();

    let nats = NatsServer::start().await;
    through("a fleet, one NATS server", &server, &nats.url(), "1").await;
    let cluster = NatsCluster::start().await;
    through("a fleet, NATS cluster with 3 replicas", &server, &cluster.url(), "3").await;
}

async fn through(name: &str, server: &Server, url: &str, replicas: &str) {
    let stand = Stand::new(url).await;
    let _gateway = stand.gateway_with("pbx", server, &["--replicas", replicas]).await;
    let (sender, measured) = mpsc::channel(1);
    let fleet = Fleet::connect(url).await.expect("NATS is there");
    let app = fleet.app(&*stand.app).worker_name("bench").shutdown_on_signal(false);
    let serving = tokio::spawn(app.serve(handler(sender)));
    stand.until_serving("bench").await;
    row(name, server, &stand.app, measured).await;
    serving.abort();
}

/// Sets a variable to the time again and again, and lets the handler measure.
async fn row(name: &str, server: &Server, app: &str, mut measured: mpsc::Receiver<Measured>) {
    let (ari, id) = (server.client(), unique("call"));
    ari.channels().originate_with_id(&*id, "Local/echo@default").app(app).await.expect("a call");
    let setting = async {
        loop {
            let now = Journal::now().to_string();
            // The last one is refused, because the handler has hung up.
            if ari.channel(&*id).set_channel_var("BENCH_TIME").value(now).await.is_err() {
                sleep(Duration::from_secs(1)).await;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (mut events, mut commands) = tokio::select! {
        found = measured.recv() => found.expect("the handler measures"),
        () = setting => unreachable!("it has no end"),
    };
    events.sort_unstable();
    commands.sort_unstable();
    let cells: Vec<String> = [(&events, 0.5), (&events, 0.99), (&commands, 0.5), (&commands, 0.99)]
        .map(|(found, share)| milliseconds(percentile(found, share)))
        .into();
    println!("| {name} | {} |", cells.join(" | "));
}

fn handler(
    sender: mpsc::Sender<Measured>,
) -> impl Fn(Call) -> std::pin::Pin<Box<dyn Future<Output = Result<(), CallError>> + Send>> + Send + Sync + 'static {
    let sender = Arc::new(sender);
    move |call| {
        let sender = Arc::clone(&sender);
        Box::pin(async move {
            let events = events(&call).await;
            let mut commands = Vec::new();
            for _ in 0..TIMES {
                let from = Journal::now();
                call.variable("BENCH_TIME").await?;
                commands.push(Duration::from_micros(Journal::now().saturating_sub(from)));
            }
            let _ = sender.send((events, commands)).await;
            Ok(())
        })
    }
}

/// How old the variables are when they arrive.
async fn events(call: &Call) -> Vec<Duration> {
    let (mut receiver, mut ages) = (call.events(), Vec::new());
    while ages.len() < TIMES {
        match receiver.recv().await {
            Ok(event) => {
                let Event::ChannelVarset(set) = &*event else { continue };
                let Some(then) = set.value.parse::<u64>().ok().filter(|_| set.variable == "BENCH_TIME") else {
                    continue;
                };
                ages.push(Duration::from_micros(Journal::now().saturating_sub(then)));
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => break,
        }
    }
    ages
}
