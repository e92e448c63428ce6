//! Whole calls with a real Asterisk: originated into an application, answered, hung up.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::contenders::{self, OPENER_REFERENCE, OPENERS, Target};
use crate::options::Options;
use crate::statistics::{median, number};
use crate::table::Table;
use crate::{Failure, child, usage};

/// The release of Asterisk that is called.
const RELEASE: &str = "22";

/// How long an event may take before the call counts as lost.
const LOST: Duration = Duration::from_secs(10);

/// Connects as an application and passes its events on to the calls.
pub(crate) type Opener = fn(Target, String, Arc<Calls>) -> BoxFuture<'static, Result<Arc<dyn Telephone>, Failure>>;

/// What a client has to be able to do with calls.
pub(crate) trait Telephone: Send + Sync {
    /// Calls the echo, as the channel of this id.
    fn originate(&self, id: String) -> BoxFuture<'_, Result<(), Failure>>;
    /// Answers.
    fn answer(&self, id: String) -> BoxFuture<'_, Result<(), Failure>>;
    /// Hangs up.
    fn hang_up(&self, id: String) -> BoxFuture<'_, Result<(), Failure>>;
}

/// The calls that wait for their events.
#[derive(Default)]
pub(crate) struct Calls {
    waiting: Mutex<Waiting>,
    events_left_out: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    start: HashMap<String, oneshot::Sender<()>>,
    end: HashMap<String, oneshot::Sender<()>>,
}

impl Calls {
    /// A call has come to the application.
    pub(crate) fn started(&self, id: &str) {
        self.wake(|waiting| waiting.start.remove(id));
    }

    /// A call has left it.
    pub(crate) fn ended(&self, id: &str) {
        self.wake(|waiting| waiting.end.remove(id));
    }

    /// Counts events that the client left out and reported.
    #[cfg_attr(not(feature = "peers"), allow(dead_code, reason = "only a peer does so"))]
    pub(crate) fn left_out(&self, events: u64) {
        self.events_left_out.fetch_add(events, Ordering::Relaxed);
    }

    fn wake(&self, take: impl FnOnce(&mut Waiting) -> Option<oneshot::Sender<()>>) {
        let sender = take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        // Who has given up waiting counts as lost.
        let _ = sender.map(|sender| sender.send(()));
    }

    /// The events of a call that is to be made.
    fn expect(&self, id: &str) -> (oneshot::Receiver<()>, oneshot::Receiver<()>) {
        let ((start, started), (end, ended)) = (oneshot::channel(), oneshot::channel());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.start.insert(id.to_owned(), start);
        waiting.end.insert(id.to_owned(), end);
        (started, ended)
    }
}

/// One contender makes calls.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Call {
    /// Its name
    name: String,
    /// `HOST:PORT` of the server
    address: String,
    /// The user of ari.conf
    user: String,
    /// The password of ari.conf
    password: String,
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
    lost: usize,
    events_left_out: u64,
    per_second: f64,
    milliseconds: f64,
    cpu_microseconds: f64,
}

/// The child's part.
pub(crate) fn child(call: &Call) -> Result<(), Failure> {
    let opener = contenders::find(OPENERS, &call.name)?;
    let Call { address, user, password, at_once, count, .. } = call.clone();
    let turn = child::block_on(async move {
        let calls = Arc::new(Calls::default());
        let app = format!("bench-{}", std::process::id());
        let target = Target { address, user, password };
        let telephone = opener(target, app.clone(), Arc::clone(&calls)).await?;
        make(&telephone, &calls, &format!("{app}-warm"), 1, 3).await?;
        let (started, cpu) = (Instant::now(), usage::own_time());
        let times = make(&telephone, &calls, &app, at_once, count).await?;
        let (elapsed, cpu) = (started.elapsed(), usage::own_time().saturating_sub(cpu));
        Ok(Turn {
            lost: count - times.len(),
            events_left_out: calls.events_left_out.load(Ordering::Relaxed),
            per_second: number(times.len()) / elapsed.as_secs_f64(),
            milliseconds: median(times),
            cpu_microseconds: cpu.as_secs_f64() * 1e6 / number(count),
        })
    })?;
    child::send(&turn)
}

/// Makes the calls with the given concurrency; returns how many milliseconds each took that was not lost.
async fn make(
    telephone: &Arc<dyn Telephone>,
    calls: &Arc<Calls>,
    prefix: &str,
    at_once: usize,
    count: usize,
) -> Result<Vec<f64>, Failure> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..at_once {
        let (telephone, calls, next) = (Arc::clone(telephone), Arc::clone(calls), Arc::clone(&next));
        let prefix = prefix.to_owned();
        tasks.spawn(async move {
            let (mut times, mut failure) = (Vec::new(), None);
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return (times, failure);
                }
                // Asterisk refuses an id that another begins with: all are of one length.
                let id = format!("{prefix}.{index:05}");
                let started = Instant::now();
                match one(&*telephone, &calls, id).await {
                    Ok(()) => times.push(started.elapsed().as_secs_f64() * 1e3),
                    Err(error) => failure = Some(error),
                }
            }
        });
    }
    let (mut all, mut last) = (Vec::with_capacity(count), None);
    while let Some(done) = tasks.join_next().await {
        let (times, failure) = done?;
        all.extend(times);
        last = failure.or(last);
    }
    if let Some(failure) = last {
        eprintln!("{} of {count} calls were lost, the last one thus: {failure}", count - all.len());
    }
    Ok(all)
}

async fn one(telephone: &dyn Telephone, calls: &Calls, id: String) -> Result<(), Failure> {
    let (started, ended) = calls.expect(&id);
    telephone.originate(id.clone()).await?;
    tokio::time::timeout(LOST, started).await.map_err(|_| "no StasisStart")??;
    telephone.answer(id.clone()).await?;
    telephone.hang_up(id).await?;
    tokio::time::timeout(LOST, ended).await.map_err(|_| "no StasisEnd")??;
    Ok(())
}

/// How calls go.
pub(crate) fn run(options: &Options) -> Result<Table, Failure> {
    let asterisk = Asterisk::running()?;
    let less = if options.quick { 5 } else { 1 };
    let title = format!("Whole calls with Asterisk {}: originate, answer, hang up", asterisk.version);
    let head = ["", "at once", "calls", "lost", "events left out", "calls/s", "ms/call", "CPU µs/call", "ratio"];
    let mut table = Table::new(title, &head);
    for (at_once, count) in [(1, 100), (10, 300), (50, 500)] {
        let count = (count / less).max(at_once);
        let mut all: Vec<_> = OPENERS.iter().map(|(name, _)| (*name, Vec::new())).collect();
        for _ in 0..options.rounds().min(3) {
            for (name, turns) in &mut all {
                turns.push(asterisk.turn(name, at_once, count)?);
            }
        }
        rows(&mut table, &all, at_once, count);
    }
    table.note(format!(
        "Events left out are those that the client reported; a call is lost when an event of it does not come within \
         {} s, which `calls/s` counts too.",
        LOST.as_secs()
    ));
    table.note(format!("Ratio of the client's time on the processor to: {OPENER_REFERENCE}."));
    Ok(table)
}

fn rows(table: &mut Table, all: &[(&str, Vec<Turn>)], at_once: usize, count: usize) {
    let of = |turns: &[Turn], value: fn(&Turn) -> f64| median(turns.iter().map(value).collect());
    let cpu = |turns: &[Turn]| of(turns, |turn| turn.cpu_microseconds);
    let reference = all.iter().find(|(name, _)| *name == OPENER_REFERENCE);
    let reference = reference.map_or(f64::NAN, |(_, turns)| cpu(turns));
    for (name, turns) in all {
        table.row(vec![
            (*name).to_owned(),
            at_once.to_string(),
            (count * turns.len()).to_string(),
            turns.iter().map(|turn| turn.lost).sum::<usize>().to_string(),
            turns.iter().map(|turn| turn.events_left_out).sum::<u64>().to_string(),
            format!("{:.0}", of(turns, |turn| turn.per_second)),
            format!("{:.1}", of(turns, |turn| turn.milliseconds)),
            format!("{:.0}", cpu(turns)),
            format!("{:.2}", cpu(turns) / reference),
        ]);
    }
}

/// The server of `cargo xtask asterisk up`.
struct Asterisk {
    version: String,
    address: String,
    user: String,
    password: String,
}

impl Asterisk {
    fn running() -> Result<Self, Failure> {
        let states = std::env::var("ARI_TEST_STATES");
        let states = states.unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/asterisk").into());
        let path = Path::new(&states).join(RELEASE).join("state");
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!("no Asterisk ({}: {error}); `cargo xtask asterisk up {RELEASE}` starts it", path.display())
        })?;
        let state: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
        let get = |key: &str| state.get(key).copied().ok_or_else(|| format!("{}: no {key}", path.display()));
        let address = get("ARI_URL")?.trim_start_matches("http://").trim_end_matches("/ari").to_owned();
        let version = get("VERSION")?.split('+').next().unwrap_or_default().to_owned();
        Ok(Self { version, address, user: get("ARI_USER")?.to_owned(), password: get("ARI_PASSWORD")?.to_owned() })
    }

    fn turn(&self, name: &str, at_once: usize, count: usize) -> Result<Turn, Failure> {
        let (at_once, count) = (at_once.to_string(), count.to_string());
        let arguments =
            ["call", name, &self.address, &self.user, &self.password, "--at-once", &at_once, "--count", &count];
        child::report(&arguments.map(str::to_owned)).map_err(|failure| format!("{name}: {failure}").into())
    }
}
