//! Whole programs, on many seeds.

mod calls;
mod conference;
mod dialling;
mod examples;
mod queue;
mod speed;
mod transfer;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ari_app::{App, Call, CallError, CallSummary, Outgoing, ServeError, Shutdown};
use ari_test::{Fake, FakeBuilder};
use tokio::task::JoinHandle;

const SECOND: Duration = Duration::from_secs(1);

/// Runs a scene on fifty seeds, each of which is another order of replies and events.
async fn on_seeds(scene: impl AsyncFn(Fake)) {
    for seed in 0..50 {
        scene(seeded(seed).start()).await;
    }
}

fn seeded(seed: u64) -> FakeBuilder {
    Fake::builder().seed(seed)
}

/// A program at work.
struct Running {
    fake: Fake,
    outgoing: Outgoing,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), ServeError>>,
    summaries: Arc<Mutex<Vec<CallSummary>>>,
}

impl Running {
    async fn start<Work>(fake: &Fake, name: &str, handler: impl Fn(Call) -> Work + Send + Sync + 'static) -> Self
    where
        Work: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let ari = fake.client();
        let events = ari.events(name).await.unwrap();
        let summaries = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::clone(&summaries);
        let app = App::new(ari, name).shutdown_on_signal(false);
        let app = app.on_summary(move |summary| ended.lock().unwrap().push(summary.clone()));
        let (outgoing, shutdown) = (app.outgoing(), app.shutdown());
        let task = tokio::spawn(app.serve_events(events, handler));
        Self { fake: fake.clone(), outgoing, shutdown, task, summaries }
    }

    /// Ends the program after so many calls, all of which must have gone well and left nothing.
    async fn ended_well(self, calls: usize) {
        self.fake.assert_clean().await;
        self.shutdown.start();
        self.task.await.unwrap().unwrap();
        let summaries = self.summaries.lock().unwrap();
        assert_eq!(summaries.len(), calls);
        for summary in summaries.iter() {
            assert_eq!(summary.failure, None, "{}", summary.id);
        }
    }
}
