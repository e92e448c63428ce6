//! One test at a time, and nothing left of it.

use std::future::Future;
use std::time::Duration;

use ari_e2e::{LIMIT, Server, eventually, on_each_server};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

/// Runs a test on every server while no other runs, and checks that no task of it is left.
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

/// The same, on one server after the other: for what keeps a machine busy.
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

/// A test that failed may have left a server dead, which is no reason for the next one to fail.
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

/// How long something may take that happens soon.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// What happens soon.
pub(crate) async fn soon<T>(what: &str, work: impl IntoFuture<Output = T>) -> T {
    tokio::time::timeout(SOON, work).await.unwrap_or_else(|_| panic!("{what}: not within {SOON:?}"))
}
