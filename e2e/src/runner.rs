use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::{Route, Server};

/// The time limit of a test on one server and route.
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
    let servers = Server::all().into_iter();
    run_all(servers.map(|server| (format!("Asterisk {}", server.release()), test(server)))).await;
}

/// Runs a test on every route to the servers of all releases at the same time.
///
/// # Panics
///
/// If the test fails on one of them, or takes longer than [`LIMIT`].
pub async fn on_each_route<T, Run>(test: T)
where
    T: Fn(Server, Route) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let servers = Server::all().into_iter();
    let routes = servers.flat_map(|server| server.routes().iter().map(move |route| (server.clone(), *route)));
    run_all(routes.map(|(server, route)| (format!("Asterisk {} over {route}", server.release()), test(server, route))))
        .await;
}

async fn run_all<Run>(runs: impl Iterator<Item = (String, Run)>)
where
    Run: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    for (place, run) in runs {
        // A separate task, so that a panic does not end the other runs.
        running.spawn(async move { (place, tokio::spawn(tokio::time::timeout(LIMIT, run)).await) });
    }
    let mut failed = Vec::new();
    for (place, result) in running.join_all().await {
        match result {
            Ok(Ok(())) => {}
            Ok(Err(_)) => failed.push(format!("{place}: takes longer than {LIMIT:?}")),
            Err(error) => failed.push(format!("{place}: {}", message(error.into_panic()))),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The message of a panic.
fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "failed".to_owned(), |text| (*text).to_owned()),
    }
}
