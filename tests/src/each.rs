use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::Server;

/// No test takes longer than this on one server.
pub const LIMIT: Duration = Duration::from_secs(40);

/// Runs a test on the servers of all releases at the same time.
///
/// # Panics
///
/// If the test fails on one of them, or takes longer than [`LIMIT`].
pub async fn on_each_server<T, Run>(test: T)
where
    T: Fn(Server) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let mut runs = JoinSet::new();
    for server in Server::all() {
        let release = server.release().to_owned();
        let run = test(server);
        // A task of its own: the panic on one server does not end the run on the other.
        runs.spawn(async move { (release, tokio::spawn(tokio::time::timeout(LIMIT, run)).await) });
    }
    let mut failed = Vec::new();
    for (release, result) in runs.join_all().await {
        match result {
            Ok(Ok(())) => {}
            Ok(Err(_)) => failed.push(format!("Asterisk {release}: takes longer than {LIMIT:?}")),
            Err(error) => failed.push(format!("Asterisk {release}: {}", said(error.into_panic()))),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The words of a panic.
fn said(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "failed".to_owned(), |text| (*text).to_owned()),
    }
}
