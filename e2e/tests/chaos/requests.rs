//! Requests in flight when the server stops.

use std::sync::Arc;
use std::time::Duration;

use ari_bindings::{Client, Error, Transport};
use ari_e2e::{Server, unique};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::alone::{alone_on_each_server, soon};

/// The outcomes of requests, and the duration of the slowest.
#[derive(Debug, Default)]
struct Outcome {
    done: usize,
    refused: usize,
    not_sent: usize,
    unknown: usize,
    slowest: Duration,
}

impl Outcome {
    fn note<T>(&mut self, result: Result<T, Error>, took: Duration) {
        self.slowest = self.slowest.max(took);
        match result {
            Ok(_) => self.done += 1,
            Err(Error::Refused { .. } | Error::NotAri { .. }) => self.refused += 1,
            Err(Error::Connect { .. }) => self.not_sent += 1,
            Err(error) if error.maybe_executed() => self.unknown += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Sends requests without a pause until the server is unreachable.
async fn ask(ari: Client, all_ask: Arc<Barrier>) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.note(ari.channels().list().await, Duration::ZERO);
    all_ask.wait().await;
    let mut failed_in_a_row = 0;
    while failed_in_a_row < 20 {
        let asked = Instant::now();
        let result = ari.channels().list().await;
        failed_in_a_row = if result.is_ok() { 0 } else { failed_in_a_row + 1 };
        outcome.note(result, asked.elapsed());
        if failed_in_a_row > 0 {
            tokio::task::yield_now().await;
        }
    }
    outcome
}

async fn when_the_server_goes(server: &mut Server, transport: Transport, go: impl AsyncFnOnce(&Server)) {
    let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    let ari = server.builder().credentials(user.0, user.1).transport(transport).build().unwrap();
    let mut events = ari.events([unique("app")]).await.unwrap();
    let mut asking = JoinSet::new();
    let all_ask = Arc::new(Barrier::new(17));
    for _ in 0..16 {
        asking.spawn(ask(ari.clone(), Arc::clone(&all_ask)));
    }
    all_ask.wait().await;
    go(server).await;
    let outcomes = soon("the end of every request", asking.join_all()).await;
    for outcome in outcomes {
        assert!(outcome.done > 0 && outcome.slowest < Duration::from_secs(10), "{transport:?} {outcome:?}");
    }
    server.start().await;
    let again = async { while !events.next().await.unwrap().unwrap().kind().eq("Reconnected") {} };
    soon("a connection", again).await;
    soon("an answer", ari.asterisk().ping()).await.unwrap();
    soon("a closed connection", events.close()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pending_requests_end_with_the_actual_outcome() {
    alone_on_each_server(|mut server: Server| async move {
        let transports: &[_] =
            if server.major() >= 22 { &[Transport::Http, Transport::WebSocket] } else { &[Transport::Http] };
        for transport in transports {
            when_the_server_goes(&mut server, *transport, async |server| server.kill().await).await;
            when_the_server_goes(&mut server, *transport, async |server| {
                server.console("core stop now").await;
            })
            .await;
        }
    })
    .await;
}
