use std::future::Future;
use std::time::Duration;

use tokio::sync::Mutex;
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
    run_all(servers.map(|server| (format!("Asterisk {}", server.release()), false, test(server)))).await;
}

/// Runs a test on the servers that support outbound connections, while no other such test runs.
///
/// # Panics
///
/// If the test fails on one of them, or takes longer than [`LIMIT`].
pub async fn on_each_that_connects<T, Run>(test: T)
where
    T: Fn(Server) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let servers = Server::all().into_iter().filter(|server| server.routes().contains(&Route::Outbound));
    run_all(servers.map(|server| (format!("Asterisk {}", server.release()), true, test(server)))).await;
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
    on_routes(|_| true, test).await;
}

/// As [`on_each_route`], over HTTP and one of the two other routes, which depends on the name of the test: for what does not
/// know the transport. All tests over a route to which Asterisk connects wait for each other.
///
/// # Panics
///
/// If the test fails on one of them, or takes longer than [`LIMIT`].
pub async fn on_two_routes<T, Run>(test: T)
where
    T: Fn(Server, Route) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let thread = std::thread::current();
    let sum: u32 = thread.name().unwrap_or_default().bytes().map(u32::from).sum();
    let other = if sum % 2 == 0 { Route::WebSocket } else { Route::Outbound };
    on_routes(|route| route == Route::Http || route == other, test).await;
}

async fn on_routes<T, Run>(is_chosen: impl Fn(Route) -> bool, test: T)
where
    T: Fn(Server, Route) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    let servers = Server::all().into_iter();
    let routes = servers.flat_map(|server| server.routes().iter().map(move |route| (server.clone(), *route)));
    let routes = routes.filter(|(_, route)| is_chosen(*route));
    run_all(routes.map(|(server, route)| {
        (format!("Asterisk {} over {route}", server.release()), route == Route::Outbound, test(server, route))
    }))
    .await;
}

/// Held by the run whose connections Asterisk opens. Their settings are in files that `res_ari` reads when it is reloaded,
/// and 22.10.1 may close the connections of others then.
static TURN: Mutex<()> = Mutex::const_new(());

/// Runs at the same time, those with a `true` one after the other.
async fn run_all<Run>(runs: impl Iterator<Item = (String, bool, Run)>)
where
    Run: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    for (place, takes_turns, run) in runs {
        running.spawn(async move {
            let _turn = if takes_turns { Some(TURN.lock().await) } else { None };
            // A separate task, so that a panic does not end the other runs.
            (place, tokio::spawn(tokio::time::timeout(LIMIT, run)).await)
        });
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
