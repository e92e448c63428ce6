//! Runs one test at a time and checks that it leaves nothing behind.

use std::future::Future;
use std::time::Duration;

use ari_e2e::{LIMIT, Server, eventually, on_each_server};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

/// Runs a test on every server while no other test runs, and checks that it leaves no task behind.
pub(crate) async fn alone_on_each_server<T, Run>(test: T)
where
    T: Fn(Server) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let _alone = ALONE.lock().await;
    all_up().await;
    let before = tasks();
    on_each_server(test).await;
    // Connections are closed in the background.
    eventually(|| async { tasks() <= before }).await;
}

/// Runs a test on one server after the other, for tests that keep the machine busy.
pub(crate) async fn alone_on_one_server_after_the_other<Run>(test: impl Fn(Server) -> Run)
where
    Run: Future<Output = ()> + Send + 'static,
{
    let _alone = ALONE.lock().await;
    all_up().await;
    let before = tasks();
    for server in Server::all() {
        let release = server.release().to_owned();
        let run = tokio::time::timeout(LIMIT, test(server)).await;
        assert!(run.is_ok(), "Asterisk {release}: takes longer than {LIMIT:?}");
    }
    eventually(|| async { tasks() <= before }).await;
}

/// Starts servers that a failed test has left stopped, so that the next test does not fail as well.
async fn all_up() {
    for mut server in Server::all() {
        if server.client().asterisk().ping().await.is_err() {
            server.start().await;
        }
    }
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// The limit of [`soon`].
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// Waits for `work`, and panics if it takes too long.
pub(crate) async fn soon<T>(what: &str, work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(SOON, work).await.unwrap_or_else(|_| panic!("{what}: not within {SOON:?}"))
}
