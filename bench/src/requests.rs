//! Requests: one small, one large, alone and many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::ValueEnum;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::child::{self, ServerProcess};
use crate::contenders::{self, CONNECTOR_REFERENCE, CONNECTORS, Target};
use crate::options::Options;
use crate::statistics::{median, number, percentile};
use crate::table::Table;
use crate::{Failure, usage};

/// A client that is ready.
pub(crate) type Connector = fn(Target) -> BoxFuture<'static, Result<Arc<dyn Api>, Failure>>;

/// What a client has to be able to do.
pub(crate) trait Api: Send + Sync {
    /// Sends one request, and decodes its answer into types.
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>>;
}

/// A request.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// `GET /asterisk/ping`
    Ping,
    /// `GET /channels`, of which there are 100
    Channels,
}

impl What {
    /// Below `/ari/`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Ping => "asterisk/ping",
            Self::Channels => "channels",
        }
    }
}

/// One contender sends requests.
#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// Its name
    name: String,
    /// `HOST:PORT` of the server
    address: String,
    /// The request
    what: What,
    /// How many at once
    #[arg(long)]
    at_once: usize,
    /// How many in all
    #[arg(long)]
    count: usize,
}

/// What one turn of a contender came to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Turn {
    per_second: f64,
    p50_microseconds: f64,
    p99_microseconds: f64,
    cpu_microseconds: f64,
}

/// The child's part.
pub(crate) fn child(request: &Request) -> Result<(), Failure> {
    let connector = contenders::find(CONNECTORS, &request.name)?;
    let turn: Turn = child::block_on(async {
        let api = connector(Target::loopback(&request.address)).await?;
        // Connections are made, code and data are warm.
        send(&api, request.what, request.at_once, request.at_once * 20).await?;
        let (started, cpu) = (Instant::now(), usage::own_time());
        let mut times = send(&api, request.what, request.at_once, request.count).await?;
        let (elapsed, cpu) = (started.elapsed(), usage::own_time().saturating_sub(cpu));
        Ok(Turn {
            per_second: number(request.count) / elapsed.as_secs_f64(),
            p50_microseconds: percentile(&mut times, 50),
            p99_microseconds: percentile(&mut times, 99),
            cpu_microseconds: cpu.as_secs_f64() * 1e6 / number(request.count),
        })
    })?;
    child::send(&turn)
}

/// Sends the requests with the given concurrency; returns how many microseconds each took.
async fn send(api: &Arc<dyn Api>, what: What, at_once: usize, count: usize) -> Result<Vec<f64>, Failure> {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (api, sent) = (Arc::clone(api), Arc::clone(&sent));
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(count);
            while sent.fetch_add(1, Ordering::Relaxed) < count {
                let started = Instant::now();
                api.get(what).await?;
                times.push(started.elapsed().as_secs_f64() * 1e6);
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(times) = tasks.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}

/// How fast requests are.
pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let server = ServerProcess::start(0)?;
    let less = if options.quick { 4 } else { 1 };
    // On which threads the parts of a client meet is decided anew in each process, and matters: many short turns.
    let rounds = if options.quick { options.rounds() } else { options.rounds() * 3 };
    let runs = [(What::Ping, 1, 4_000), (What::Ping, 16, 8_000), (What::Channels, 1, 400), (What::Channels, 16, 800)];
    runs.iter().map(|(what, at_once, count)| table(&server, rounds, *what, *at_once, count / less)).collect()
}

fn table(server: &ServerProcess, rounds: usize, what: What, at_once: usize, count: usize) -> Result<Table, Failure> {
    let mut all: Vec<_> = CONNECTORS.iter().map(|(name, _)| (*name, Vec::new())).collect();
    for _ in 0..rounds {
        for (name, turns) in &mut all {
            let turn = turn(server, name, what, at_once, count).map_err(|failure| format!("{name}: {failure}"))?;
            turns.push(turn);
        }
    }
    let title = format!("GET /{}, {at_once} at once, {count} in all", what.path());
    let mut table = Table::new(title, &["", "requests/s", "p50 µs", "p99 µs", "CPU µs/request", "ratio"]);
    table.bars(format!("{}-{at_once}", what.path().replace('/', "-")), "CPU µs/request");
    let of = |turns: &[Turn], value: fn(&Turn) -> f64| median(turns.iter().map(value).collect());
    let cpu = |turns: &[Turn]| of(turns, |turn| turn.cpu_microseconds);
    let reference = all.iter().find(|(name, _)| *name == CONNECTOR_REFERENCE);
    let reference = reference.map_or(f64::NAN, |(_, turns)| cpu(turns));
    for (name, turns) in &all {
        table.row(vec![
            (*name).to_owned(),
            format!("{:.0}", of(turns, |turn| turn.per_second)),
            format!("{:.0}", of(turns, |turn| turn.p50_microseconds)),
            format!("{:.0}", of(turns, |turn| turn.p99_microseconds)),
            format!("{:.1}", cpu(turns)),
            format!("{:.2}", cpu(turns) / reference),
        ]);
    }
    table.note(format!(
        "Ratio of the time on the processor to: {CONNECTOR_REFERENCE}. All decode the answer into types."
    ));
    Ok(table)
}

fn turn(server: &ServerProcess, name: &str, what: What, at_once: usize, count: usize) -> Result<Turn, Failure> {
    let what = what.to_possible_value().ok_or("a request without a name")?.get_name().to_owned();
    let numbers = ["--at-once".into(), at_once.to_string(), "--count".into(), count.to_string()];
    let mut arguments = vec!["request".to_owned(), name.to_owned(), server.address(), what];
    arguments.extend(numbers);
    child::report(&arguments)
}
